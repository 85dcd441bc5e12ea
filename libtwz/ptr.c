/* SPDX-License-Identifier: BSD-2-Clause */
/* Invariant pointers: what the inline part in <twz/ptr.h> does not find in the cache. */
#include "internal.h"
#include <twz/fot.h>
#include <twz/ptr.h>

#define PART	   512 /* entries: of a page */
#define PARTS	   ((TWZ_RESOLVED_SIZE + PART - 1) / PART)
#define WHOSE_BITS 18 /* of what is taken from a target: the slot's number and one */
#define LOW_BITS   16 /* of an index: what an entry's place says */

uint64_t twz_resolved[TWZ_RESOLVED_SIZE];
/*
 * So that an object's close reads few entries, most often none: of each part, by their lower six
 * bits, the slots that what was ever put there is of or leads to; and the parts where that is any.
 */
static uint64_t marks[PARTS], marked[(PARTS + 63) / 64];

/* What an entry of an index of the object in this slot has less than its target. */
static uint64_t whose(uint64_t slot, uint64_t index)
{
	return slot + 1 + (index >> LOW_BITS << WHOSE_BITS);
}

static uint64_t mark_of(uint64_t slot)
{
	return 1ull << (slot % 64);
}

static void mark(uint64_t part, uint64_t slots)
{
	__atomic_or_fetch(&marks[part], slots, __ATOMIC_SEQ_CST);
	__atomic_or_fetch(&marked[part / 64], 1ull << (part % 64), __ATOMIC_SEQ_CST);
}

static void forget_part(uint64_t part, uint64_t slot)
{
	uint64_t end =
		(part + 1) * PART < TWZ_RESOLVED_SIZE ? (part + 1) * PART : TWZ_RESOLVED_SIZE;

	for (uint64_t i = part * PART; i < end; i++) {
		uint64_t known = __atomic_load_n(&twz_resolved[i], __ATOMIC_RELAXED);
		if (known == 0)
			continue;
		uint64_t less = -known & (TWZ_SLOT_SIZE - 1);
		if (slot == 0 || (less & ((1u << WHOSE_BITS) - 1)) == slot + 1 ||
		    (known + less) >> TWZ_SLOT_SHIFT == slot)
			__atomic_store_n(&twz_resolved[i], 0, __ATOMIC_RELAXED);
	}
}

/* Empties entries: those of, or that lead to, a slot; 0: all. */
static void forget(uint64_t slot)
{
	uint64_t wanted = slot != 0 ? mark_of(slot) : UINT64_MAX;

	for (uint64_t i = 0; i < sizeof(marked) / sizeof(marked[0]); i++)
		for (uint64_t left = __atomic_load_n(&marked[i], __ATOMIC_SEQ_CST); left != 0;
		     left &= left - 1) {
			uint64_t part = i * 64 + (uint64_t)__builtin_ctzll(left);
			if (__atomic_load_n(&marks[part], __ATOMIC_SEQ_CST) & wanted)
				forget_part(part, slot);
		}
}

void twz_object_forget(const void *start)
{
	forget((uint64_t)(uintptr_t)start >> TWZ_SLOT_SHIFT);
}

/* What is kept of a name, or of an entry, must not outlive its change: who resolves looks at the
 * generation before and behind. */
static uint32_t generation, names_kept;

void twz_names_refresh(void)
{
	__atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
	if (__atomic_exchange_n(&names_kept, 0, __ATOMIC_SEQ_CST) != 0)
		forget(0);
}

/* As with names: who resolved what it meant before, and is about to keep that, drops it. */
void twz_internal_entry_changes(const void *start, uint64_t index)
{
	__atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(twz_resolved_place(start, (uint16_t)index), 0, __ATOMIC_SEQ_CST);
}

static void keep(const uint8_t *start, uint64_t index, const uint8_t *target, uint32_t before)
{
	uint64_t slot = (uint64_t)(uintptr_t)start >> TWZ_SLOT_SHIFT;
	uint64_t known = (uint64_t)(uintptr_t)target - whose(slot, index);
	uint64_t *place = twz_resolved_place(start, (uint16_t)index);

	if (__atomic_load_n(&twz_fot_entry(start, index)->flags, __ATOMIC_RELAXED) & TWZ_FOT_NAME)
		__atomic_store_n(&names_kept, 1, __ATOMIC_SEQ_CST);
	mark((uint64_t)(place - twz_resolved) / PART,
	     mark_of(slot) | mark_of((uint64_t)(uintptr_t)target >> TWZ_SLOT_SHIFT));
	__atomic_store_n(place, known, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&generation, __ATOMIC_SEQ_CST) != before)
		__atomic_store_n(place, 0, __ATOMIC_RELAXED);
}

twz_result twz_resolve(const twz_iptr *pointer, void **out)
{
	twz_iptr word = __atomic_load_n(pointer, __ATOMIC_ACQUIRE);
	uint8_t *start = twz_object_start(pointer), *target = start;
	uint64_t index = twz_iptr_index(word), offset = twz_iptr_offset(word);

	*out = NULL;
	if (word == 0)
		return TWZ_OK;
	if (offset >= TWZ_SLOT_SIZE)
		return -TWZ_ERR_CORRUPT;
	if (index != 0) {
		uint32_t before = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);
		twz_result result = twz_fot_resolve(start, index, &target);
		if (result < 0)
			return result;
		keep(start, index, target, before);
	}
	*out = target + offset;
	return TWZ_OK;
}

void *twz_deref_slow(const twz_iptr *pointer)
{
	twz_iptr word = __atomic_load_n(pointer, __ATOMIC_ACQUIRE);
	uint64_t index = twz_iptr_index(word), offset = twz_iptr_offset(word);
	void *target;

	/* what the inline part does not look for */
	if (index >> LOW_BITS != 0 && offset < TWZ_SLOT_SIZE) {
		uint64_t known = __atomic_load_n(twz_resolved_place(pointer, (uint16_t)index),
						 __ATOMIC_RELAXED);
		known += whose((uint64_t)(uintptr_t)pointer >> TWZ_SLOT_SHIFT, index);
		if ((known & (TWZ_SLOT_SIZE - 1)) == 0)
			return (void *)(uintptr_t)(known + offset);
	}
	twz_resolve(pointer, &target);
	return target;
}

twz_result twz_store_word(twz_iptr *pointer, const void *target)
{
	uint8_t *start = twz_object_start(pointer), *other = twz_object_start(target);
	uint64_t offset = (uint64_t)((const uint8_t *)target - other);
	twz_result index = 0;
	struct twz_id id;

	if (target == NULL) {
		__atomic_store_n(pointer, 0, __ATOMIC_RELEASE);
		return TWZ_OK;
	}
	if (offset == 0)
		return -TWZ_ERR_INVALID_ARGUMENT; /* the null page is nobody's */
	if (other != start) {
		index = twz_object_at(target, &id);
		if (index >= 0)
			index = twz_fot_insert(start, id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE);
		if (index < 0)
			return index;
	}
	__atomic_store_n(pointer, (uint64_t)index << TWZ_IPTR_OFFSET_BITS | offset,
			 __ATOMIC_RELEASE);
	return TWZ_OK;
}
