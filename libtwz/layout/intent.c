/* SPDX-License-Identifier: BSD-2-Clause */
/* Several 8-byte stores of one object as one atomic step; see <twz/intent.h>. */
#include <stdbool.h>
#include <twz/intent.h>
#include <twz/persist.h>

void twz_change_add(struct twz_change *change, uint64_t offset, uint64_t value)
{
	for (uint64_t i = 0; i < change->count; i++) {
		if (change->words[i].offset == offset) {
			change->words[i].value = value;
			return;
		}
	}
	change->words[change->count].offset = offset;
	change->words[change->count].value = value;
	change->count++;
}

uint64_t twz_change_load(const struct twz_change *change, const void *start, uint64_t offset)
{
	for (uint64_t i = 0; i < change->count; i++)
		if (change->words[i].offset == offset)
			return change->words[i].value;
	return __atomic_load_n((const uint64_t *)((const uint8_t *)start + offset),
			       __ATOMIC_ACQUIRE);
}

static void store_words(struct twz_change *change, void *start)
{
	for (uint64_t i = 0; i < change->count; i++) {
		uint64_t *word = (uint64_t *)((uint8_t *)start + change->words[i].offset);
		__atomic_store_n(word, change->words[i].value, __ATOMIC_RELEASE);
		twz_flush(word, sizeof(*word));
	}
	twz_fence();
	change->count = 0;
}

void twz_change_commit(struct twz_change *change, void *start, struct twz_intent *intent)
{
	bool several = change->count > 1;

	if (change->count == 0)
		return;
	if (several) {
		for (uint64_t i = 0; i < change->count; i++)
			intent->words[i] = change->words[i];
		twz_persist(intent->words, change->count * sizeof(intent->words[0]));
		twz_commit_word(&intent->count, change->count);
	}
	store_words(change, start);
	if (several)
		twz_commit_word(&intent->count, 0);
}

void twz_change_finish(struct twz_change *change, void *start, struct twz_intent *intent)
{
	store_words(change, start);
	twz_commit_word(&intent->count, 0);
}

twz_result twz_intent_read(const struct twz_intent *intent, uint64_t limit,
			   struct twz_change *change)
{
	uint64_t count = __atomic_load_n(&intent->count, __ATOMIC_ACQUIRE);

	change->count = 0;
	if (count > TWZ_INTENT_WORDS)
		return -TWZ_ERR_CORRUPT;
	for (uint64_t i = 0; i < count; i++) {
		change->words[i].offset =
			__atomic_load_n(&intent->words[i].offset, __ATOMIC_RELAXED);
		change->words[i].value = __atomic_load_n(&intent->words[i].value, __ATOMIC_RELAXED);
		if (change->words[i].offset % 8 != 0 || change->words[i].offset < TWZ_BASE_OFFSET ||
		    change->words[i].offset > limit - 8)
			return -TWZ_ERR_CORRUPT;
	}
	if (__atomic_load_n(&intent->count, __ATOMIC_ACQUIRE) == count)
		change->count = count;
	return TWZ_OK;
}
