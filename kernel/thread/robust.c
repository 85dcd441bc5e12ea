/* SPDX-License-Identifier: BSD-2-Clause */
/* Robust mutexes of a dying thread: the list that Linux's set_robust_list defines. */
#include <sync.h>
#include <thread.h>
#include <user.h>
#include "internal.h"

#define OWNER	    0x3fffffffu
#define OWNER_DIED  0x40000000u
#define WAITERS	    0x80000000u
#define ENTRIES_MAX 2048 /* a hostile list may be a ring */

struct robust_head {
	uint64_t first;
	int64_t word_offset;
	uint64_t pending;
};

static void release_one(const struct thread *thread, uint64_t entry, int64_t word_offset)
{
	uint32_t *word = (uint32_t *)(entry + (uint64_t)word_offset);
	uint32_t value, old;

	if ((uint64_t)word % 4 || copy_from_user(&value, word, sizeof(value)) < 0)
		return;
	while ((value & OWNER) == thread->number) {
		if (user_exchange32(word, value, (value & WAITERS) | OWNER_DIED, &old) < 0)
			return;
		if (old == value) {
			if (value & WAITERS)
				sync_wake_address((uint64_t)word, 1);
			return;
		}
		value = old;
	}
}

void robust_list_walk(struct thread *thread)
{
	struct robust_head head;
	uint64_t entry, next;

	if (!thread->robust_list ||
	    copy_from_user(&head, (void *)thread->robust_list, sizeof(head)) < 0)
		return;
	entry = head.first;
	for (unsigned i = 0; i < ENTRIES_MAX && entry != thread->robust_list; i++) {
		/* the lowest bit marks priority inheritance; the entry may be gone once released */
		bool more = copy_from_user(&next, (void *)(entry & ~1ull), sizeof(next)) >= 0;

		if (entry != head.pending)
			release_one(thread, entry & ~1ull, head.word_offset);
		if (!more)
			break;
		entry = next;
	}
	if (head.pending)
		release_one(thread, head.pending & ~1ull, head.word_offset);
}
