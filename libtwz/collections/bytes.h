/* SPDX-License-Identifier: BSD-2-Clause */
/* What the collections share: byte strings, and words of an object that are checked before use. */
#ifndef LIBTWZ_BYTES_H
#define LIBTWZ_BYTES_H

#include "../internal.h"

struct bytes {
	const uint8_t *data;
	uint64_t length;
};

/* A part of the object at a word's offset, 8-byte aligned, inside the heap's space; NULL otherwise.
 */
static inline void *part_of(const uint8_t *start, twz_iptr word, uint64_t size)
{
	if (word < TWZ_BASE_OFFSET || word % 8 != 0 || size > HEAP_LIMIT ||
	    word > HEAP_LIMIT - size)
		return NULL;
	return (void *)(uintptr_t)(start + word);
}

/* Read once: another program may change it meanwhile. */
static inline uint32_t load32(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint64_t load64(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* As memcmp, a shorter one first. */
static inline int compare_bytes(struct bytes a, struct bytes b)
{
	int order = __builtin_memcmp(a.data, b.data, a.length < b.length ? a.length : b.length);

	return order ? order : (a.length > b.length) - (a.length < b.length);
}

/* Copies what fits; returns the whole length. */
static inline uint64_t copy_bytes(void *to, size_t size, struct bytes from)
{
	if (size != 0 && from.length != 0)
		__builtin_memcpy(to, from.data, from.length < size ? from.length : size);
	return from.length;
}

static inline uint64_t load_bytes(const uint8_t *bytes)
{
	uint64_t word;

	__builtin_memcpy(&word, bytes, sizeof(word));
	return word;
}

/* The same for a look-up: what fits into two words costs no call. */
static inline uint64_t copy_out(void *to, size_t size, struct bytes from)
{
	uint8_t *bytes = to;

	if (from.length - 8 > 8 || from.length > size)
		return copy_bytes(to, size, from);
	uint64_t first = load_bytes(from.data), last = load_bytes(from.data + from.length - 8);
	__builtin_memcpy(bytes, &first, sizeof(first));
	__builtin_memcpy(bytes + from.length - 8, &last, sizeof(last));
	return from.length;
}

/* A change's end: its error is the transaction's. */
static inline void end_change(struct twz_tx *tx, twz_result result)
{
	if (result < 0 && tx->result >= 0)
		tx->result = result;
}

#endif
