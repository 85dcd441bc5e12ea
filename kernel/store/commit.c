/* SPDX-License-Identifier: BSD-2-Clause */
/* One transaction over pages and words of several objects, and the roots. */
#include "internal.h"

/* Enters the block that a page's new contents are in; the old one is free then. */
static void enter_page(struct store *store, const struct store_swap *swap, uint32_t checksum)
{
	uint64_t old = 0;
	twz_result result;
	struct node record;

	if (record_read(store, swap->object->record, &record, &result))
		result = map_get(store, &record, swap->page, &old);
	if (result != TWZ_OK) {
		transaction_fail(store, result);
		return;
	}
	map_set(store, &record, swap->page, STORE_ENTRY(swap->block, checksum));
	if (old != 0)
		block_release(store, STORE_ENTRY_BLOCK(old), false);
}

/* Gives at most STORE_RUN pages fresh blocks: those that lie behind each other are written at once.
 */
static void replace_pages(struct store *store, struct store_swap *swaps, uint64_t count)
{
	const void *contents[STORE_RUN];
	uint32_t checksums[STORE_RUN];

	blocks_expect(store, count);
	for (uint64_t i = 0; i < count; i++) {
		swaps[i].block = block_allocate(store);
		contents[i] = swaps[i].contents;
	}
	blocks_expect(store, 0);
	for (uint64_t i = 0, run; i < count && store->error == TWZ_OK; i += run) {
		for (run = 1; i + run < count && swaps[i + run].block == swaps[i].block + run;)
			run++;
		twz_result result =
			pages_write(store, swaps[i].block, run, &contents[i], &checksums[i]);
		if (result != TWZ_OK)
			transaction_fail(store, result);
	}
	for (uint64_t i = 0; i < count && store->error == TWZ_OK; i++)
		enter_page(store, &swaps[i], checksums[i]);
}

/* In memory: the word itself goes through the journal; a hole becomes a page before. */
static void update_in_memory(struct store *store, const struct store_update *update)
{
	uint64_t page = update->offset / STORE_BLOCK_SIZE, entry = 0;
	twz_result result;
	struct node record;

	if (record_read(store, update->object->record, &record, &result))
		result = map_get(store, &record, page, &entry);
	if (result != TWZ_OK) {
		transaction_fail(store, result);
		return;
	}
	uint64_t block = STORE_ENTRY_BLOCK(entry);
	if (block == 0)
		block = block_allocate_zeroed(store);
	if (block == 0)
		return;
	map_set(store, &record, page, STORE_ENTRY(block, 0));
	transaction_word(store,
			 block * STORE_BLOCK_SIZE + update->offset % STORE_BLOCK_SIZE / 8 * 8,
			 update->value);
}

static bool same_page(const struct store_update *a, const struct store_update *b)
{
	return a->object->record == b->object->record &&
	       a->offset / STORE_BLOCK_SIZE == b->offset / STORE_BLOCK_SIZE;
}

/* On a disk: the page of the first of some updates is written anew, with all of them. */
static void update_on_disk(struct store *store, const struct store_update *updates, uint64_t count,
			   uint64_t number)
{
	const struct store_update *update = &updates[number];
	struct store_swap swap = {.object = update->object,
				  .page = update->offset / STORE_BLOCK_SIZE};
	uint64_t *page;
	bool present;

	for (uint64_t i = 0; i < number; i++)
		if (same_page(&updates[i], update))
			return; /* done with that one */
	page = store->memory->allocate(STORE_BLOCK_SIZE);
	twz_result result = page ? store_read(store, update->object,
					      update->offset / STORE_BLOCK_SIZE, page, &present)
				 : -TWZ_ERR_OUT_OF_MEMORY;
	for (uint64_t i = number; result == TWZ_OK && i < count; i++)
		if (same_page(&updates[i], update))
			page[updates[i].offset % STORE_BLOCK_SIZE / 8] = updates[i].value;
	swap.contents = page;
	if (result == TWZ_OK)
		replace_pages(store, &swap, 1);
	else
		transaction_fail(store, result);
	pages_settle(store);
	if (page)
		store->memory->release(page, STORE_BLOCK_SIZE);
}

static twz_result check(struct store *store, const struct store_swap *swaps, uint64_t swap_count,
			const struct store_update *updates, uint64_t update_count)
{
	/* each takes a word of a map and, with luck, none of the bitmap */
	if (swap_count > store->journal_words || update_count > store->journal_words)
		return -TWZ_ERR_TOO_MANY;
	for (uint64_t i = 0; i < swap_count; i++)
		if (swaps[i].page >= STORE_PAGES)
			return -TWZ_ERR_INVALID_ARGUMENT;
	for (uint64_t i = 0; i < update_count; i++)
		if (updates[i].offset % 8 != 0 || updates[i].offset >= TWZ_SLOT_SIZE)
			return -TWZ_ERR_INVALID_ARGUMENT;
	return TWZ_OK;
}

twz_result store_commit(struct store *store, struct store_swap *swaps, uint64_t swap_count,
			const struct store_update *updates, uint64_t update_count,
			void (*moved)(void *context, const struct store_swap *swap), void *context)
{
	twz_result result = check(store, swaps, swap_count, updates, update_count);

	if (result != TWZ_OK)
		return result;
	transaction_begin(store);
	for (uint64_t i = 0; i < swap_count && store->error == TWZ_OK; i += STORE_RUN)
		replace_pages(store, &swaps[i],
			      swap_count - i < STORE_RUN ? swap_count - i : STORE_RUN);
	pages_settle(store);
	for (uint64_t i = 0; i < update_count && store->error == TWZ_OK; i++) {
		if (store->region)
			update_in_memory(store, &updates[i]);
		else
			update_on_disk(store, updates, update_count, i);
	}
	result = transaction_commit(store);
	if (result == TWZ_OK)
		result = store_barrier(store);
	for (uint64_t i = 0; i < swap_count && result == TWZ_OK && moved; i++)
		moved(context, &swaps[i]);
	for (uint64_t i = 0; !store->region && i < update_count && result == TWZ_OK && moved; i++) {
		struct store_swap swap = {.object = updates[i].object,
					  .page = updates[i].offset / STORE_BLOCK_SIZE};
		moved(context, &swap);
	}
	return result;
}

static unsigned root_word(enum store_root root)
{
	return root == STORE_ROOT_NAMES ? ROOT_WORD(names) : ROOT_WORD(handlers);
}

struct twz_id store_root(struct store *store, enum store_root root)
{
	uint64_t words[2] = {roots_get(store, root_word(root)),
			     roots_get(store, root_word(root) + 1)};
	struct twz_id id;

	__builtin_memcpy(&id, words, sizeof(id));
	return id;
}

twz_result store_set_root(struct store *store, enum store_root root, struct twz_id id)
{
	uint64_t words[2];

	__builtin_memcpy(words, &id, sizeof(words));
	transaction_begin(store);
	roots_set(store, root_word(root), words[0]);
	roots_set(store, root_word(root) + 1, words[1]);
	return transaction_commit(store);
}
