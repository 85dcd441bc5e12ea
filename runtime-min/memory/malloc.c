/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime's own allocator: size classes of powers of two and their halves, each with a list of
 * free pieces; above 32 KiB whole page ranges. The caller tells the size when it frees.
 */
#include "internal.h"

#define SMALLEST 32u
#define LARGEST	 32768u
#define CLASSES	 21 /* 32, 48, 64, 96, ... 32768 */
#define CHUNK	 65536u

struct piece {
	struct piece *next;
};

static struct rt_lock lock;
static struct piece *pieces[CLASSES];
static uint8_t *chunk, *chunk_end;

void rt_malloc_before_fork(void)
{
	rt_lock(&lock);
}

void rt_malloc_after_fork(void)
{
	rt_unlock(&lock);
}

/* The class of a size and, in *bytes, how many it holds. Pieces of a class are aligned to 16. */
static unsigned class_of(size_t size, size_t *bytes)
{
	unsigned class = 0;
	size_t room = SMALLEST;
	while (room < size) {
		class ++;
		room = (class & 1) ? room + room / 2 : room / 3 * 4;
	}
	*bytes = room;
	return class;
}

/* More than 16 is got by asking for a power of two: a chunk of those is aligned to its size. */
static size_t needed(size_t size, size_t align)
{
	if (align <= 16)
		return size;
	size_t power = align > SMALLEST ? align : SMALLEST;
	while (power < size)
		power *= 2;
	return power;
}

static void *take_chunk(unsigned class, size_t bytes)
{
	/* An odd class, 3 * 2^n bytes, needs 16; a power of two stands at its multiple. */
	uint64_t align = (class & 1) ? 16 : bytes;
	uint64_t at = rt_round_up((uint64_t)chunk, align);
	if (chunk == NULL || at + bytes > (uint64_t)chunk_end) {
		void *memory;
		if (twz_rt_range_map(NULL, CHUNK, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, 0, -1, 0,
				     &memory) < 0)
			return NULL;
		/* What is left of the old chunk is lost to larger pieces, not to smaller ones. */
		for (uint64_t rest = rt_round_up((uint64_t)chunk, SMALLEST);
		     rest + SMALLEST <= (uint64_t)chunk_end; rest += SMALLEST) {
			struct piece *piece = (struct piece *)rest;
			piece->next = pieces[0];
			pieces[0] = piece;
		}
		chunk = memory;
		chunk_end = chunk + CHUNK;
		at = rt_round_up((uint64_t)chunk, align);
	}
	/* Gaps before an aligned piece become the smallest pieces. */
	for (uint64_t gap = rt_round_up((uint64_t)chunk, SMALLEST); gap + SMALLEST <= at;
	     gap += SMALLEST) {
		struct piece *piece = (struct piece *)gap;
		piece->next = pieces[0];
		pieces[0] = piece;
	}
	chunk = (uint8_t *)(at + bytes);
	return (void *)at;
}

void *twz_rt_malloc(size_t size, size_t align, uint32_t flags)
{
	void *memory = NULL;
	size_t bytes;
	if (size == 0)
		size = 1;
	if ((align & (align - 1)) != 0 || align > TWZ_PAGE_SIZE || size > RT_USER_TOP ||
	    (flags & ~TWZ_MALLOC_ZERO))
		return NULL;
	size_t want = needed(size, align);
	if (want > LARGEST) {
		if (twz_rt_range_map(NULL, want, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, 0, -1, 0,
				     &memory) < 0)
			return NULL;
		return memory;
	}
	unsigned class = class_of(want, &bytes);
	rt_lock(&lock);
	if (pieces[class] != NULL) {
		memory = pieces[class];
		pieces[class] = pieces[class]->next;
	} else {
		memory = take_chunk(class, bytes);
	}
	rt_unlock(&lock);
	if (memory != NULL && (flags & TWZ_MALLOC_ZERO))
		memset(memory, 0, size);
	return memory;
}

void twz_rt_free(void *pointer, size_t size, size_t align)
{
	size_t bytes;
	if (pointer == NULL)
		return;
	size_t want = needed(size != 0 ? size : 1, align);
	if (want > LARGEST) {
		twz_rt_range_unmap(pointer, want);
		return;
	}
	unsigned class = class_of(want, &bytes);
	struct piece *piece = pointer;
	rt_lock(&lock);
	piece->next = pieces[class];
	pieces[class] = piece;
	rt_unlock(&lock);
}

void *twz_rt_realloc(void *pointer, size_t old_size, size_t align, size_t new_size, uint32_t flags)
{
	size_t old_bytes, new_bytes;
	if (pointer == NULL)
		return twz_rt_malloc(new_size, align, flags);
	if (new_size > RT_USER_TOP || (flags & ~TWZ_MALLOC_ZERO))
		return NULL;
	size_t old_want = needed(old_size != 0 ? old_size : 1, align);
	size_t new_want = needed(new_size != 0 ? new_size : 1, align);
	if (old_want <= LARGEST && new_want <= LARGEST &&
	    class_of(old_want, &old_bytes) == class_of(new_want, &new_bytes)) {
		if ((flags & TWZ_MALLOC_ZERO) && new_size > old_size)
			memset((uint8_t *)pointer + old_size, 0, new_size - old_size);
		return pointer;
	}
	if (old_want > LARGEST && new_want > LARGEST) {
		void *moved;
		if (twz_rt_range_remap(pointer, old_want, new_want, TWZ_REMAP_MAY_MOVE, &moved) < 0)
			return NULL;
		if ((flags & TWZ_MALLOC_ZERO) && new_size > old_size)
			memset((uint8_t *)moved + old_size, 0, new_size - old_size);
		return moved;
	}
	void *fresh = twz_rt_malloc(new_size, align, flags);
	if (fresh == NULL)
		return NULL;
	memcpy(fresh, pointer, old_size < new_size ? old_size : new_size);
	twz_rt_free(pointer, old_size, align);
	return fresh;
}
