/* SPDX-License-Identifier: BSD-2-Clause */
/* The list; see <twz/list.h>. */
#include "bytes.h"
#include <twz/list.h>

/* An item, its fields read once and checked. */
struct seen {
	struct twz_list_item *at;
	twz_iptr word;
	int64_t number;
	struct bytes bytes;
	twz_iptr *ways;
	unsigned height;
};

static uint64_t padded(uint64_t length)
{
	return (length + 7) & ~7ull;
}

/* CORRUPT: the word leads to no whole item. */
static twz_result look(const uint8_t *start, twz_iptr word, struct seen *seen)
{
	seen->at = part_of(start, word, sizeof(*seen->at));
	if (!seen->at)
		return -TWZ_ERR_CORRUPT;
	uint64_t left = HEAP_LIMIT - word - sizeof(*seen->at);
	seen->word = word;
	seen->number = (int64_t)load64((const uint64_t *)&seen->at->number);
	seen->height = twz_list_height(seen->number);
	seen->bytes.data = seen->at->bytes;
	seen->bytes.length = load64(&seen->at->length);
	if (seen->bytes.length > left ||
	    padded(seen->bytes.length) + seen->height * sizeof(twz_iptr) > left)
		return -TWZ_ERR_CORRUPT;
	seen->ways = (twz_iptr *)(seen->at->bytes + padded(seen->bytes.length));
	return TWZ_OK;
}

/* The way of a level from an item, or from the front of the list. */
static twz_iptr *way_from(struct twz_list *list, const struct seen *item, unsigned level)
{
	return item->at ? &item->ways[level] : &list->ways[level].word;
}

/* *before: on each level the last item with a lower number, `at` NULL for the front of the list. */
static twz_result find_ways(const uint8_t *start, const struct twz_list *list, int64_t number,
			    struct seen before[TWZ_LIST_LEVELS])
{
	struct seen at = {0}, next;

	for (unsigned level = TWZ_LIST_LEVELS; level-- > 0; before[level] = at) {
		twz_iptr word;
		while ((word = load64(way_from((struct twz_list *)(uintptr_t)list, &at, level)))) {
			twz_result result = look(start, word, &next);
			if (result < 0 || next.height <= level ||
			    (at.at && next.number <= at.number))
				return -TWZ_ERR_CORRUPT;
			if (next.number >= number)
				break;
			at = next;
		}
	}
	return TWZ_OK;
}

/* The words of ways that an item's coming or going changes are named; `at` as in find_ways. */
static twz_result name_ways(struct twz_tx *tx, struct twz_list *list, const struct seen *before,
			    unsigned height)
{
	twz_result result = TWZ_OK;

	for (unsigned level = 0; level < height && result >= 0; level++) {
		result = twz_internal_name(tx, way_from(list, &before[level], level),
					   sizeof(twz_iptr));
		if (result >= 0)
			result = twz_internal_name(tx, &list->last_ways[level], sizeof(twz_iptr));
	}
	return result;
}

/* The items that an item at an end is linked to: its neighbour, and on each level the last one; for
 * one in front these are none. */
static twz_result find_end(const uint8_t *start, const struct twz_list *list, bool at_end,
			   unsigned height, struct seen *neighbour,
			   struct seen before[TWZ_LIST_LEVELS])
{
	twz_iptr old = load64(at_end ? &list->last.word : &list->first.word);

	*neighbour = (struct seen){0};
	if (old != 0 && look(start, old, neighbour) < 0)
		return -TWZ_ERR_CORRUPT;
	for (unsigned level = 0; level < height; level++) {
		twz_iptr last = at_end ? load64(&list->last_ways[level].word) : 0;
		before[level] = (struct seen){0};
		if (last != 0 &&
		    (look(start, last, &before[level]) < 0 || before[level].height <= level))
			return -TWZ_ERR_CORRUPT;
	}
	return TWZ_OK;
}

/* One wait: the item is fresh, the words that lead to it are named. */
static twz_result add(struct twz_tx *tx, const uint8_t *start, struct twz_list *list,
		      struct bytes bytes, bool at_end)
{
	struct seen neighbour, before[TWZ_LIST_LEVELS];
	int64_t number = at_end ? list->end : (int64_t)((uint64_t)list->begin - 1);
	unsigned height = twz_list_height(number);
	twz_result result = find_end(start, list, at_end, height, &neighbour, before);
	uint64_t whole =
		sizeof(struct twz_list_item) + padded(bytes.length) + height * sizeof(twz_iptr);
	twz_iptr *outer = at_end ? &list->last.word : &list->first.word, *inner;
	struct twz_heap_plan plan;

	if (result < 0)
		return result;
	inner = !neighbour.at ? (at_end ? &list->first.word : &list->last.word)
		: at_end      ? &neighbour.at->next.word
			      : &neighbour.at->previous.word;
	result = twz_internal_plan_alloc(tx, whole, outer, false, &plan);
	if (result >= 0)
		result = twz_internal_name(tx, inner, sizeof(*inner));
	if (result >= 0)
		result = twz_internal_name(tx, &list->count, 4 * sizeof(uint64_t));
	if (result >= 0)
		result = name_ways(tx, list, before, height);
	if (result < 0)
		return result;
	twz_iptr word = plan.fresh + sizeof(struct twz_block);
	struct twz_list_item *item = (struct twz_list_item *)(start + word);
	twz_iptr *ways = (twz_iptr *)(item->bytes + padded(bytes.length));
	item->next.word = at_end ? 0 : neighbour.word;
	item->previous.word = at_end ? neighbour.word : 0;
	item->number = number;
	item->length = bytes.length;
	if (bytes.length % 8 != 0)
		ways[-1] = 0; /* the padding */
	copy_bytes(item->bytes, bytes.length, bytes);
	for (unsigned level = 0; level < height; level++)
		ways[level] = at_end ? 0 : load64(&list->ways[level].word);
	twz_internal_settle(tx);
	twz_internal_carry_out(tx, &plan);
	*inner = word;
	for (unsigned level = 0; level < height; level++) {
		*way_from(list, &before[level], level) = word;
		if (ways[level] == 0)
			list->last_ways[level].word = word;
	}
	list->count++;
	*(at_end ? &list->end : &list->begin) = at_end ? (int64_t)((uint64_t)number + 1) : number;
	return TWZ_OK;
}

static twz_result change(const struct twz_object *object, struct twz_list *list, const void *bytes,
			 size_t length, bool at_end)
{
	struct twz_tx tx;

	if (length > TWZ_HEAP_LARGEST - sizeof(struct twz_list_item) -
			     (TWZ_LIST_LEVELS + 1) * sizeof(twz_iptr))
		return -TWZ_ERR_TOO_MANY;
	TWZ_TX(&tx, object)
	end_change(&tx, add(&tx, object->start, list, (struct bytes){bytes, length}, at_end));
	return tx.result;
}

twz_result twz_list_append(const struct twz_object *object, struct twz_list *list,
			   const void *bytes, size_t length)
{
	return change(object, list, bytes, length, true);
}

twz_result twz_list_prepend(const struct twz_object *object, struct twz_list *list,
			    const void *bytes, size_t length)
{
	return change(object, list, bytes, length, false);
}

/* The ways to an item lead to where its own lead. */
static void close_ways(struct twz_list *list, const struct seen *item,
		       const struct seen before[TWZ_LIST_LEVELS])
{
	for (unsigned level = 0; level < item->height; level++) {
		twz_iptr after = load64(&item->ways[level]);
		*way_from(list, &before[level], level) = after;
		if (after == 0)
			list->last_ways[level].word = before[level].word;
	}
}

/* The items beside it become neighbours. */
static twz_result drop(struct twz_tx *tx, const uint8_t *start, struct twz_list *list,
		       const struct seen *item)
{
	struct seen next = {0}, previous = {0}, before[TWZ_LIST_LEVELS];
	twz_iptr after = load64(&item->at->next.word), ahead = load64(&item->at->previous.word);
	twz_result result = TWZ_OK;

	if ((after != 0 && look(start, after, &next) < 0) ||
	    (ahead != 0 && look(start, ahead, &previous) < 0))
		return -TWZ_ERR_CORRUPT;
	if (item->height != 0)
		result = find_ways(start, list, item->number, before);
	for (unsigned level = 0; level < item->height && result >= 0; level++)
		if (load64(way_from(list, &before[level], level)) != item->word)
			return -TWZ_ERR_CORRUPT;
	twz_iptr *from = previous.at ? &previous.at->next.word : &list->first.word;
	twz_iptr *back = next.at ? &next.at->previous.word : &list->last.word;
	if (result >= 0)
		result = twz_internal_name(tx, &list->count, 2 * sizeof(uint64_t));
	if (result >= 0)
		result = twz_internal_name(tx, from, sizeof(*from));
	if (result >= 0)
		result = twz_internal_name(tx, back, sizeof(*back));
	if (result >= 0)
		result = name_ways(tx, list, before, item->height);
	if (result >= 0)
		result = twz_internal_name_free(tx, item->word, NULL);
	if (result < 0)
		return result;
	twz_internal_settle(tx);
	*from = after;
	*back = ahead;
	close_ways(list, item, before);
	list->count--;
	list->removals++;
	return TWZ_OK;
}

static twz_result take(struct twz_tx *tx, const uint8_t *start, struct twz_list *list, void *bytes,
		       size_t size)
{
	twz_iptr word = load64(&list->first.word);
	struct seen item;

	if (word == 0)
		return -TWZ_ERR_NOT_FOUND;
	if (look(start, word, &item) < 0)
		return -TWZ_ERR_CORRUPT;
	twz_result result = drop(tx, start, list, &item);
	return result < 0 ? result : (twz_result)copy_bytes(bytes, size, item.bytes);
}

twz_result twz_list_take(const struct twz_object *object, struct twz_list *list, void *bytes,
			 size_t size)
{
	twz_result result = TWZ_OK;
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	{
		result = take(&tx, object->start, list, bytes, size);
		end_change(&tx, result);
	}
	return tx.result < 0 ? tx.result : result;
}

/* The item of the cursor's number, or the first behind it; `item->at` NULL: none. */
static twz_result find(const uint8_t *start, const struct twz_list *list,
		       const struct twz_list_cursor *cursor, struct seen *item)
{
	struct seen before[TWZ_LIST_LEVELS];
	twz_iptr word = load64(&list->first.word);

	*item = (struct seen){0};
	if (cursor->begun) {
		if (cursor->item != 0 && cursor->removals == load64(&list->removals))
			return look(start, cursor->item, item);
		twz_result result = find_ways(start, list, cursor->number, before);
		if (result < 0)
			return result;
		*item = before[0];
		if (item->at)
			word = load64(&item->at->next.word);
	}
	while (word != 0) {
		bool is_first = !item->at;
		int64_t last = item->number;
		if (look(start, word, item) < 0 || (!is_first && item->number <= last))
			return -TWZ_ERR_CORRUPT;
		if (!cursor->begun || item->number >= cursor->number)
			return TWZ_OK;
		word = load64(&item->at->next.word);
	}
	item->at = NULL;
	return TWZ_OK;
}

static twz_result next(const uint8_t *start, const struct twz_list *list,
		       struct twz_list_cursor *cursor, void *bytes, size_t size)
{
	struct seen item;
	twz_result result = find(start, list, cursor, &item);

	if (result < 0)
		return result;
	if (item.at && cursor->begun && item.number == cursor->number) {
		twz_iptr word = load64(&item.at->next.word); /* what came last itself */
		if (word == 0)
			return 0;
		if (look(start, word, &item) < 0)
			return -TWZ_ERR_CORRUPT;
	}
	if (!item.at)
		return 0;
	*cursor = (struct twz_list_cursor){item.word, list->removals, item.number,
					   copy_bytes(bytes, size, item.bytes), true};
	return 1;
}

twz_result twz_list_next(const struct twz_object *object, const struct twz_list *list,
			 struct twz_list_cursor *cursor, void *bytes, size_t size)
{
	twz_result result = 0;
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	{
		result = next(object->start, list, cursor, bytes, size);
		/* within a transaction `removals` may go back, and come to a value once more */
		if (!tx.outermost)
			cursor->item = 0;
	}
	return tx.result < 0 ? tx.result : result;
}

static twz_result remove_item(struct twz_tx *tx, const uint8_t *start, struct twz_list *list,
			      const struct twz_list_cursor *cursor)
{
	struct seen item = {0};
	twz_result result = cursor->begun ? find(start, list, cursor, &item) : -TWZ_ERR_NOT_FOUND;

	if (result < 0)
		return result;
	if (!item.at || item.number != cursor->number)
		return -TWZ_ERR_NOT_FOUND;
	return drop(tx, start, list, &item);
}

twz_result twz_list_remove(const struct twz_object *object, struct twz_list *list,
			   const struct twz_list_cursor *cursor)
{
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	end_change(&tx, remove_item(&tx, object->start, list, cursor));
	return tx.result;
}
