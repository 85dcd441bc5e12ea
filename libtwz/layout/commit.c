/* SPDX-License-Identifier: BSD-2-Clause */
/* The 8-byte store by which a change on persistent memory becomes true. */
#include <twz/persist.h>

void twz_commit_word(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
	twz_persist(word, sizeof(*word));
}
