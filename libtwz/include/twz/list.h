/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list of byte strings in an object, doubly linked by invariant pointers. Items are numbered,
 * those further on higher, so that going through the list is safe whatever changes meanwhile: a
 * number is found in O(log n) steps, because a quarter of the items also have a way to the next
 * such item, a quarter of these one more, and so on (a skip list: Pugh, CACM 1990). How many ways
 * an item has follows from its number; they lie behind its bytes.
 *
 * A list is the struct below anywhere in an object with a heap (alloc.h) that has been opened by
 * twz_tx_open; all zero is an empty list. Each call is a transaction and joins the caller's on the
 * same object. Every field is hostile until checked: CORRUPT.
 */
#ifndef TWZ_LIST_H
#define TWZ_LIST_H

#include <twz/ptr.h>
#include <twz/tx.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_LIST_LEVELS 10 /* of ways */

struct twz_list_item {
	twz_ptr(struct twz_list_item) next;
	twz_ptr(struct twz_list_item) previous;
	int64_t number;
	uint64_t length;
	uint8_t bytes[];
};

struct twz_list {
	twz_ptr(struct twz_list_item) first;
	twz_ptr(struct twz_list_item) last;
	uint64_t count;
	uint64_t removals; /* ever: a cursor sees by it whether its item is still there */
	int64_t end;	   /* number of the next item at the end */
	int64_t begin;	   /* below which the next one in front is numbered */
	twz_ptr(struct twz_list_item) ways[TWZ_LIST_LEVELS];	  /* to the first with so many */
	twz_ptr(struct twz_list_item) last_ways[TWZ_LIST_LEVELS]; /* and the last */
};

/* How many ways the item of a number has. */
static inline unsigned twz_list_height(int64_t number)
{
	uint64_t mixed = (uint64_t)number * 0x9e3779b97f4a7c15ull;

	mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ull;
	return (unsigned)__builtin_ctzll(mixed >> 32 | 1ull << 2 * TWZ_LIST_LEVELS) / 2;
}

/* At the end, or in front of the first. TOO_MANY: does not fit into a block; NO_SPACE. */
twz_result twz_list_append(const struct twz_object *object, struct twz_list *list,
			   const void *bytes, size_t length);
twz_result twz_list_prepend(const struct twz_object *object, struct twz_list *list,
			    const void *bytes, size_t length);

/* Takes the first item out: copies up to `size` bytes of it, returns its whole length. NOT_FOUND.
 */
twz_result twz_list_take(const struct twz_object *object, struct twz_list *list, void *bytes,
			 size_t size);

/* The items in order; a zeroed cursor begins. An item that is there all the time comes once. */
struct twz_list_cursor {
	uint64_t item; /* offset of the last one, while `removals` holds */
	uint64_t removals;
	int64_t number; /* of the last one */
	uint64_t length;
	uint32_t begun;
};

/* 1: up to `size` bytes of the next item are copied, whose length is cursor->length. 0: no more. */
twz_result twz_list_next(const struct twz_object *object, const struct twz_list *list,
			 struct twz_list_cursor *cursor, void *bytes, size_t size);

/* Takes out the item that the cursor came to last. NOT_FOUND: it has gone. */
twz_result twz_list_remove(const struct twz_object *object, struct twz_list *list,
			   const struct twz_list_cursor *cursor);

#ifdef __cplusplus
}
#endif
#endif
