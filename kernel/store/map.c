/* SPDX-License-Identifier: BSD-2-Clause */
/* Page maps: the entries of an object's first and last pages in its record, the others in maps. */
#include "internal.h"

/* Where a page's entry is: in the record (word), or in page map n (word). */
struct place {
	bool in_record;
	unsigned n, word;
};

static struct place place_of(uint64_t page)
{
	if (page < STORE_LOW)
		return (struct place){true, 0, (unsigned)(RECORD_WORD(low) + page)};
	if (page >= STORE_PAGES - STORE_HIGH)
		return (struct place){
			true, 0, (unsigned)(RECORD_WORD(high) + page - (STORE_PAGES - STORE_HIGH))};
	page -= STORE_LOW;
	return (struct place){false, (unsigned)(page / STORE_MAP),
			      (unsigned)(page % STORE_MAP + 2)};
}

/* Two block numbers lie in a word. */
uint64_t map_block(struct store *store, const struct node *record, unsigned n)
{
	uint64_t pair = node_get(store, record, (unsigned)RECORD_WORD(maps) + n / 2);

	return n % 2 ? pair >> 32 : pair & 0xffffffffull;
}

void map_set_block(struct store *store, const struct node *record, unsigned n, uint64_t block)
{
	unsigned word = (unsigned)RECORD_WORD(maps) + n / 2, shift = n % 2 * 32;
	uint64_t pair = node_get(store, record, word);

	node_set(store, record, word, (pair & ~(0xffffffffull << shift)) | block << shift);
}

static bool entry_is_valid(const struct store *store, uint64_t entry)
{
	return entry == 0 || block_is_data(store, STORE_ENTRY_BLOCK(entry));
}

/* The page map n of a record; 0 in node->block when there is none. */
static twz_result map_read(struct store *store, const struct node *record, unsigned n,
			   struct node *node)
{
	twz_result result = TWZ_OK;

	node->block = map_block(store, record, n);
	if (node->block == 0)
		return TWZ_OK;
	if (!block_is_data(store, node->block))
		return -TWZ_ERR_CORRUPT;
	node_read(store, node->block, STORE_KIND_MAP, node, &result);
	return result;
}

twz_result map_get(struct store *store, const struct node *record, uint64_t page, uint64_t *entry)
{
	struct place place = place_of(page);
	struct node node = *record;
	twz_result result = TWZ_OK;

	*entry = 0;
	if (!place.in_record)
		result = map_read(store, record, place.n, &node);
	if (result != TWZ_OK || node.block == 0)
		return result;
	*entry = node_get(store, &node, place.word);
	return entry_is_valid(store, *entry) ? TWZ_OK : -TWZ_ERR_CORRUPT;
}

void map_set(struct store *store, const struct node *record, uint64_t page, uint64_t entry)
{
	struct place place = place_of(page);
	struct node node = *record;

	if (store->error != TWZ_OK)
		return;
	if (!place.in_record) {
		twz_result result = map_read(store, record, place.n, &node);
		if (result != TWZ_OK) {
			transaction_fail(store, result);
			return;
		}
		if (node.block == 0) {
			if (entry == 0 ||
			    !node_make(store, block_allocate(store), STORE_KIND_MAP, &node))
				return;
			map_set_block(store, record, place.n, node.block);
		}
	}
	node_set(store, &node, place.word, entry);
}

static twz_result visit_words(struct store *store, const struct node *node, unsigned from,
			      unsigned count, uint64_t page, map_visitor visit, void *context)
{
	twz_result result = TWZ_OK;

	for (unsigned i = 0; i < count && result == TWZ_OK && page + i < STORE_PAGES; i++) {
		uint64_t entry = node_get(store, node, from + i);
		if (entry != 0)
			result = visit(context, entry, page + i,
				       entry_is_valid(store, entry) ? TWZ_OK : -TWZ_ERR_CORRUPT);
	}
	return result;
}

twz_result map_visit(struct store *store, const struct node *record, map_visitor visit,
		     void *context)
{
	twz_result result =
		visit_words(store, record, RECORD_WORD(low), STORE_LOW, 0, visit, context);

	for (unsigned n = 0; n < STORE_MAPS && result == TWZ_OK; n++) {
		struct node map;
		if (map_block(store, record, n) == 0)
			continue;
		twz_result problem = map_read(store, record, n, &map);
		result = visit(context, map.block, ~0ull, problem);
		if (problem == TWZ_OK && result == TWZ_OK)
			result = visit_words(store, &map, 2, STORE_MAP,
					     STORE_LOW + (uint64_t)n * STORE_MAP, visit, context);
	}
	if (result == TWZ_OK)
		result = visit_words(store, record, RECORD_WORD(high), STORE_HIGH,
				     STORE_PAGES - STORE_HIGH, visit, context);
	return result;
}

/* The entry of an object's page, 0 for a hole, and its record. */
static twz_result entry_of(struct store *store, const struct store_object *object, uint64_t page,
			   struct node *record, uint64_t *entry)
{
	twz_result result;

	*entry = 0;
	if (page >= STORE_PAGES)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!record_read(store, object->record, record, &result))
		return result;
	return map_get(store, record, page, entry);
}

/* Whether the page of an entry with a checksum is as it says. In memory. */
static bool page_is_right(const struct store *store, uint64_t entry)
{
	return STORE_ENTRY_CHECKSUM(entry) == 0 ||
	       page_checksum(store_block(store, STORE_ENTRY_BLOCK(entry))) ==
		       STORE_ENTRY_CHECKSUM(entry);
}

twz_result store_fetch(struct store *store, const struct store_object *object, uint64_t page,
		       bool write, uint64_t *block, bool *sealed)
{
	struct node record;
	uint64_t entry;
	twz_result result = entry_of(store, object, page, &record, &entry);

	*block = 0;
	*sealed = false;
	if (result != TWZ_OK)
		return result;
	*block = STORE_ENTRY_BLOCK(entry);
	if (!store->region)
		return write && *block == 0 ? -TWZ_ERR_NOT_SUPPORTED : TWZ_OK;
	*sealed = STORE_ENTRY_CHECKSUM(entry) != 0;
	if (*sealed && !page_is_right(store, entry))
		return -TWZ_ERR_CORRUPT;
	if (!write || (*block != 0 && !*sealed))
		return TWZ_OK;
	transaction_begin(store);
	uint64_t fresh = *block ? *block : block_allocate_zeroed(store);
	map_set(store, &record, page, STORE_ENTRY(fresh, 0));
	result = transaction_commit(store);
	*block = result == TWZ_OK ? fresh : 0;
	*sealed = false;
	return result;
}

twz_result store_page(struct store *store, const struct store_object *object, uint64_t page,
		      bool allocate, uint64_t *block)
{
	bool sealed;

	return store_fetch(store, object, page, allocate, block, &sealed);
}

twz_result store_fill(struct store *store, const struct store_object *object, uint64_t page,
		      uint64_t count, uint64_t *filled)
{
	struct node record;
	uint64_t entry, done = 0;
	twz_result result = entry_of(store, object, page, &record, &entry);

	*filled = 0;
	if (result != TWZ_OK || !store->region || entry != 0)
		return result;
	transaction_begin(store);
	while (store->error == TWZ_OK && done < count && entry == 0) {
		map_set(store, &record, page + done, STORE_ENTRY(block_allocate_zeroed(store), 0));
		if (++done == count || page + done >= STORE_PAGES ||
		    map_get(store, &record, page + done, &entry) != TWZ_OK)
			break;
	}
	result = transaction_commit(store);
	if (result == TWZ_OK)
		*filled = done;
	return result;
}

twz_result store_read(struct store *store, const struct store_object *object, uint64_t page,
		      void *contents, bool *present)
{
	struct node record;
	uint64_t entry;
	twz_result result = entry_of(store, object, page, &record, &entry);

	*present = entry != 0;
	if (result != TWZ_OK)
		return result;
	if (!*present) {
		__builtin_memset(contents, 0, STORE_BLOCK_SIZE);
		return TWZ_OK;
	}
	result = blocks_read(store, STORE_ENTRY_BLOCK(entry), 1, contents);
	if (result != TWZ_OK || STORE_ENTRY_CHECKSUM(entry) == 0)
		return result;
	return page_checksum(contents) == STORE_ENTRY_CHECKSUM(entry) ? TWZ_OK : -TWZ_ERR_CORRUPT;
}

twz_result store_find_run(struct store *store, const struct store_object *object, uint64_t page,
			  uint64_t most, struct store_run *run)
{
	struct node record;
	uint64_t entry;
	twz_result result = entry_of(store, object, page, &record, &entry);

	run->block = STORE_ENTRY_BLOCK(entry);
	run->count = 0;
	if (most > STORE_RUN)
		most = STORE_RUN;
	while (result == TWZ_OK && entry != 0 &&
	       STORE_ENTRY_BLOCK(entry) == run->block + run->count) {
		run->checksums[run->count++] = STORE_ENTRY_CHECKSUM(entry);
		if (run->count >= most || page + run->count >= STORE_PAGES)
			break;
		result = map_get(store, &record, page + run->count, &entry);
	}
	return run->count ? TWZ_OK : result; /* an error behind the first is the next one's */
}

twz_result store_read_run(struct store *store, struct store_run *run, void *const *pages)
{
	twz_result result = TWZ_OK;
	uint64_t right = 0;

	if (store->medium.read_pages)
		result = store->medium.read_pages(store->medium.context, run->block, run->count,
						  pages);
	for (uint64_t i = 0; !store->medium.read_pages && i < run->count && result == TWZ_OK; i++)
		result = blocks_read(store, run->block + i, 1, pages[i]);
	if (result != TWZ_OK)
		return result;
	while (right < run->count &&
	       (run->checksums[right] == 0 || page_checksum(pages[right]) == run->checksums[right]))
		right++;
	run->count = right;
	return right ? TWZ_OK : -TWZ_ERR_CORRUPT;
}

struct page_visit {
	twz_result (*visit)(void *context, uint64_t page);
	void *context;
};

static twz_result visit_page(void *context, uint64_t entry, uint64_t page, twz_result problem)
{
	const struct page_visit *visit = context;

	(void)entry;
	if (problem != TWZ_OK)
		return problem;
	return page == ~0ull ? TWZ_OK : visit->visit(visit->context, page);
}

twz_result store_visit_pages(struct store *store, const struct store_object *object,
			     twz_result (*visit)(void *context, uint64_t page), void *context)
{
	struct page_visit all = {visit, context};
	twz_result result;
	struct node record;

	if (!record_read(store, object->record, &record, &result))
		return result;
	return map_visit(store, &record, visit_page, &all);
}

/* Takes the pages [first, end) out: one transaction. */
static twz_result discard_some(struct store *store, uint64_t record_block, uint64_t first,
			       uint64_t end)
{
	twz_result result;
	struct node record;

	transaction_begin(store);
	if (!record_read(store, record_block, &record, &result))
		transaction_fail(store, result);
	for (uint64_t page = first; page < end && store->error == TWZ_OK; page++) {
		uint64_t entry;
		result = map_get(store, &record, page, &entry);
		if (result != TWZ_OK)
			transaction_fail(store, result);
		if (result != TWZ_OK || entry == 0)
			continue;
		map_set(store, &record, page, 0);
		block_release(store, STORE_ENTRY_BLOCK(entry), false);
	}
	return transaction_commit(store);
}

/* The first page behind those whose entries are in the same block as this one's. */
static uint64_t part_end(uint64_t page)
{
	struct place place = place_of(page);
	uint64_t top = STORE_PAGES - STORE_HIGH, end;

	if (place.in_record)
		return page < STORE_LOW ? STORE_LOW : STORE_PAGES;
	end = STORE_LOW + (uint64_t)(place.n + 1) * STORE_MAP;
	return end < top ? end : top;
}

twz_result store_discard(struct store *store, const struct store_object *object, uint64_t first,
			 uint64_t count)
{
	uint64_t end = first + count;
	twz_result result = TWZ_OK;

	if (first > STORE_PAGES || count > STORE_PAGES - first)
		return -TWZ_ERR_INVALID_ARGUMENT;
	while (first < end && result == TWZ_OK) {
		uint64_t stop = part_end(first) < end ? part_end(first) : end;
		struct place place = place_of(first);
		struct node record;
		if (!record_read(store, object->record, &record, &result))
			return result;
		if (place.in_record || map_block(store, &record, place.n) != 0)
			result = discard_some(store, object->record, first, stop);
		first = stop;
	}
	return result;
}

struct flush {
	struct store *store;
	uint64_t first, count;
};

static twz_result flush_page(void *context, uint64_t entry, uint64_t page, twz_result problem)
{
	const struct flush *flush = context;

	if (problem == TWZ_OK && page - flush->first < flush->count) /* not of the maps, page ~0 */
		block_flush(flush->store, STORE_ENTRY_BLOCK(entry));
	return problem;
}

twz_result store_flush(struct store *store, const struct store_object *object, uint64_t first,
		       uint64_t count)
{
	struct flush flush = {store, first, count};
	twz_result result;
	struct node record;

	if (first > STORE_PAGES || count > STORE_PAGES - first)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!store->region)
		return store_barrier(store);
	if (count == 0) { /* what programs flushed */
		twz_fence();
		return TWZ_OK;
	}
	if (!record_read(store, object->record, &record, &result))
		return result;
	result = map_visit(store, &record, flush_page, &flush);
	twz_fence();
	return result;
}
