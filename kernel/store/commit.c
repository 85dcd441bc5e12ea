/* SPDX-License-Identifier: BSD-2-Clause */
/* One transaction over pages and words of several objects, and the roots. */
#include "internal.h"

/* Gives a page a fresh block with these contents; the old one is free then. */
static void replace_page(struct store *store, const struct store_object *object, uint64_t page,
			 const void *contents, uint64_t *block)
{
	uint64_t old = 0;
	uint32_t checksum = 0;
	twz_result result;
	struct node record;

	*block = block_allocate(store);
	if (*block == 0)
		return;
	if (record_read(store, object->record, &record, &result))
		result = map_get(store, &record, page, &old);
	if (result == TWZ_OK)
		result = page_write(store, *block, contents, &checksum);
	if (result != TWZ_OK) {
		transaction_fail(store, result);
		return;
	}
	map_set(store, &record, page, STORE_ENTRY(*block, checksum));
	if (old != 0)
		block_release(store, STORE_ENTRY_BLOCK(old), false);
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
	uint64_t *page, block;
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
	if (result == TWZ_OK)
		replace_page(store, update->object, update->offset / STORE_BLOCK_SIZE, page,
			     &block);
	else
		transaction_fail(store, result);
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
	for (uint64_t i = 0; i < swap_count && store->error == TWZ_OK; i++)
		replace_page(store, swaps[i].object, swaps[i].page, swaps[i].contents,
			     &swaps[i].block);
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
