/* SPDX-License-Identifier: BSD-2-Clause */
/* Repair, which takes out what check.c found to be wrong, and resizing: both for host tools. */
#include "check.h"

/* Makes a page of an object a hole; a page map (~block) goes with all its pages. */
static twz_result drop_page(struct store *store, uint64_t record_block, uint64_t page)
{
	twz_result result;
	struct node record;

	transaction_begin(store);
	if (!record_read(store, record_block, &record, &result)) {
		transaction_fail(store, result);
	} else if (page < STORE_PAGES) {
		map_set(store, &record, page, 0);
	} else {
		for (unsigned n = 0; n < STORE_MAPS; n++)
			if (map_block(store, &record, n) == ~page)
				map_set_block(store, &record, n, 0);
	}
	return transaction_commit(store);
}

static twz_result drop_block(struct store *store, uint64_t block)
{
	transaction_begin(store);
	twz_result result = table_drop(store, block);
	if (result != TWZ_OK)
		transaction_fail(store, result);
	return transaction_commit(store);
}

/* Gives one group the bits that it must have. */
static twz_result set_group(struct store *store, uint64_t group,
			    const uint64_t expected[STORE_GROUP_WORDS])
{
	twz_result result;
	struct node node;

	transaction_begin(store);
	if (node_read(store, group_bitmap(store, group), STORE_KIND_BITMAP, &node, &result)) {
		for (unsigned i = 0; i < STORE_GROUP_WORDS; i++)
			node_set(store, &node, i + 2, expected[i]);
	} else if (node_make(store, group_bitmap(store, group), STORE_KIND_BITMAP, &node)) {
		__builtin_memcpy(node.words + 2, expected, STORE_GROUP_WORDS * 8);
		/* something else has to change with it, or there would be no transaction */
		roots_set(store, ROOT_WORD(orphan), roots_get(store, ROOT_WORD(orphan)));
	}
	return transaction_commit(store);
}

static twz_result set_counts(struct store *store, uint64_t free, uint64_t objects)
{
	transaction_begin(store);
	roots_set(store, ROOT_WORD(free), free);
	roots_set(store, ROOT_WORD(objects), objects);
	return transaction_commit(store);
}

/* All groups as the walk has seen them. */
static twz_result set_groups(struct store *store, const uint64_t *seen, uint64_t objects)
{
	uint64_t ready = roots_get(store, ROOT_WORD(groups)), free = 0;
	twz_result result = TWZ_OK;

	for (uint64_t group = 0; group < store->group_count && result == TWZ_OK; group++) {
		uint64_t expected[STORE_GROUP_WORDS];
		check_expected(store, seen, group, expected);
		for (uint64_t i = 0; i < STORE_GROUP_WORDS; i++)
			free += 64 - (uint64_t)__builtin_popcountll(expected[i]);
		if (group < ready)
			result = set_group(store, group, expected);
	}
	return result == TWZ_OK ? set_counts(store, free, objects) : result;
}

static twz_result take_out(struct store *store, struct store_vector *blocks,
			   struct store_vector *pages)
{
	twz_result result = TWZ_OK;

	for (uint64_t i = 0; i + 1 < pages->count && result == TWZ_OK; i += 2)
		result = drop_page(store, pages->items[i], pages->items[i + 1]);
	for (uint64_t i = 0; i < blocks->count && result == TWZ_OK; i++)
		result = drop_block(store, blocks->items[i]);
	return result == -TWZ_ERR_NO_SUCH_OBJECT ? TWZ_OK : result;
}

static twz_result write_zeros(struct store *store)
{
	void *zeros = store->memory->allocate(STORE_BLOCK_SIZE);
	twz_result result =
		zeros ? blocks_write(store, store->zero_block, 1, zeros) : -TWZ_ERR_OUT_OF_MEMORY;

	if (zeros)
		store->memory->release(zeros, STORE_BLOCK_SIZE);
	return result == TWZ_OK ? blocks_flush(store) : result;
}

twz_result store_repair(struct store *store, store_complaint complain, void *context,
			uint64_t *lost)
{
	struct store_vector blocks = {0}, pages = {0};
	struct checker checker = {.store = store,
				  .complain = complain,
				  .context = context,
				  .bad_blocks = &blocks,
				  .bad_pages = &pages};
	twz_result result = check_walk(&checker);

	*lost = blocks.count + pages.count / 2;
	check_end(&checker);
	if (result == TWZ_OK)
		result = take_out(store, &blocks, &pages);
	if (result == TWZ_OK && checker.bad_orphans) {
		transaction_begin(store);
		roots_set(store, ROOT_WORD(orphan), 0);
		result = transaction_commit(store);
	}
	vector_free(store, &blocks);
	vector_free(store, &pages);
	if (result == TWZ_OK && checker.bad_zeros)
		result = write_zeros(store);
	if (result != TWZ_OK)
		return result;
	if (checker.wrong == 0)
		return orphans_free(store);
	/* what is left says which blocks are in use */
	checker = (struct checker){.store = store};
	result = check_walk(&checker);
	if (result == TWZ_OK)
		result = set_groups(store, checker.seen, checker.objects);
	check_end(&checker);
	if (result == TWZ_OK)
		result = store_checkpoint(store);
	blocks_close(store); /* what memory knows of free blocks is not true any more */
	if (result == TWZ_OK)
		result = blocks_open(store);
	return result == TWZ_OK ? orphans_free(store) : result;
}

static twz_result write_superblocks(struct store *store, uint64_t blocks)
{
	uint8_t *block = store->memory->allocate(STORE_BLOCK_SIZE);
	struct store_superblock *superblock = (struct store_superblock *)block;
	twz_result result =
		block ? blocks_read(store, STORE_SUPERBLOCK, 1, block) : -TWZ_ERR_OUT_OF_MEMORY;

	if (result == TWZ_OK) {
		superblock->blocks = blocks;
		superblock->checksum = superblock_checksum(superblock);
		result = blocks_write(store, STORE_BACKUP, 1, block);
	}
	if (result == TWZ_OK)
		result = blocks_flush(store);
	if (result == TWZ_OK)
		result = blocks_write(store, STORE_SUPERBLOCK, 1, block);
	if (result == TWZ_OK)
		result = blocks_flush(store);
	if (block)
		store->memory->release(block, STORE_BLOCK_SIZE);
	return result;
}

/*
 * The bits of the group in which the store ends or is to end, and the count of free blocks; the
 * groups behind it have no bitmap. NO_SPACE when a block there is in use.
 */
static twz_result move_end(struct store *store, uint64_t from, uint64_t to)
{
	uint64_t low = from < to ? from : to, group = (low - 1) / STORE_GROUP;
	uint64_t ready = roots_get(store, ROOT_WORD(groups)), free, changed = 0;
	twz_result result = TWZ_OK;
	struct node node;

	transaction_begin(store);
	free = roots_get(store, ROOT_WORD(free));
	if (group < ready &&
	    !node_read(store, group_bitmap(store, group), STORE_KIND_BITMAP, &node, &result))
		transaction_fail(store, result);
	for (uint64_t block = low; store->error == TWZ_OK && block < (group + 1) * STORE_GROUP &&
				   block < (from < to ? to : from);
	     block++) {
		unsigned word = (unsigned)(block % STORE_GROUP / 64 + 2);
		uint64_t bit = 1ull << (block % 64);
		uint64_t bits = group < ready ? node_get(store, &node, word) : 0;
		if (from > to && bits & bit)
			transaction_fail(store, -TWZ_ERR_NO_SPACE);
		if (group < ready)
			node_set(store, &node, word, bits ^ bit);
		changed++;
	}
	uint64_t more = (from < to ? to : from), behind = (group + 1) * STORE_GROUP;
	for (uint64_t at = behind; at < more; at += STORE_GROUP)
		changed += (more - at < STORE_GROUP ? more - at : STORE_GROUP) - 1;
	roots_set(store, ROOT_WORD(free), from < to ? free + changed : free - changed);
	if (from > to && ready > group + 1)
		roots_set(store, ROOT_WORD(groups), group + 1);
	result = transaction_commit(store);
	return result == TWZ_OK ? store_checkpoint(store) : result;
}

/* Whether anything behind `end` is in use, in groups that would go. */
static twz_result check_tail(struct store *store, uint64_t end)
{
	uint64_t ready = roots_get(store, ROOT_WORD(groups));

	for (uint64_t group = (end - 1) / STORE_GROUP + 1; group < ready; group++) {
		uint64_t expected[STORE_GROUP_WORDS];
		twz_result result;
		struct node node;
		if (!node_read(store, group_bitmap(store, group), STORE_KIND_BITMAP, &node,
			       &result))
			return result;
		group_start(store, group, expected);
		for (unsigned i = 0; i < STORE_GROUP_WORDS; i++)
			if (node_get(store, &node, i + 2) != expected[i])
				return -TWZ_ERR_NO_SPACE;
	}
	return TWZ_OK;
}

twz_result store_resize(struct store *store, uint64_t blocks)
{
	uint64_t old = store->blocks, room = store->medium.size / STORE_BLOCK_SIZE;
	twz_result result = store_checkpoint(store);

	blocks = blocks < room ? blocks : room;
	if (result == TWZ_OK && (blocks < STORE_MINIMUM || blocks <= store->first_data))
		result = -TWZ_ERR_NO_SPACE;
	if (result == TWZ_OK && blocks > STORE_MAXIMUM)
		result = -TWZ_ERR_TOO_MANY;
	if (result == TWZ_OK && blocks < old)
		result = check_tail(store, blocks);
	if (result == TWZ_OK && blocks < old)
		result = move_end(store, old, blocks);
	if (result == TWZ_OK && blocks != old)
		result = write_superblocks(store, blocks);
	if (result == TWZ_OK && blocks > old) {
		blocks_close(store);
		store->blocks = blocks;
		result = blocks_open(store);
		if (result == TWZ_OK)
			result = move_end(store, old, blocks);
	}
	store_close(store);
	return result;
}
