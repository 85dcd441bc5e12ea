/* SPDX-License-Identifier: BSD-2-Clause */
/* One transaction over pages and words of several objects, and the roots. */
#include "internal.h"

/* Makes sure that a page is there, so that the transaction only replaces. A hole and a zeroed page
 * are equal. */
static twz_result ensure(struct store *store, const struct store_object *object, uint64_t page)
{
	uint64_t block;

	return store_page(store, object, page, true, &block);
}

static void write_page(struct store *store, struct store_swap *swap)
{
	swap->block = block_allocate(store);
	if (swap->block == 0)
		return;
	__builtin_memcpy(store_block(store, swap->block), swap->contents, STORE_BLOCK_SIZE);
	block_flush(store, swap->block);
}

static void replace_page(struct store *store, const struct store_swap *swap)
{
	struct store_record *record = record_read(store, swap->object->record);
	uint64_t *word, old;
	twz_result result =
		record ? map_find(store, record, swap->page, &word, &old) : -TWZ_ERR_CORRUPT;

	if (result != TWZ_OK || old == 0) {
		transaction_fail(store, -TWZ_ERR_CORRUPT);
		return;
	}
	transaction_word(store, word, map_entry(record, swap->page, swap->block));
	block_release(store, old);
}

static void update_word(struct store *store, const struct store_update *update)
{
	struct store_record *record = record_read(store, update->object->record);
	uint64_t *word, block;
	twz_result result =
		record ? map_find(store, record, update->offset / STORE_BLOCK_SIZE, &word, &block)
		       : -TWZ_ERR_CORRUPT;

	if (result != TWZ_OK || block == 0) {
		transaction_fail(store, -TWZ_ERR_CORRUPT);
		return;
	}
	uint64_t *target = store_block(store, block);
	transaction_word(store, &target[update->offset % STORE_BLOCK_SIZE / 8], update->value);
}

static twz_result check(struct store *store, const struct store_swap *swaps, uint64_t swap_count,
			const struct store_update *updates, uint64_t update_count)
{
	/* At most: two words of map and bitmap for the new block, one of the bitmap for the old. */
	if (swap_count > store->journal_words / 3 ||
	    update_count > store->journal_words - swap_count * 3)
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

	for (uint64_t i = 0; i < swap_count && result == TWZ_OK; i++)
		result = ensure(store, swaps[i].object, swaps[i].page);
	for (uint64_t i = 0; i < update_count && result == TWZ_OK; i++)
		result = ensure(store, updates[i].object, updates[i].offset / STORE_BLOCK_SIZE);
	if (result != TWZ_OK)
		return result;

	transaction_begin(store);
	for (uint64_t i = 0; i < swap_count && store->error == TWZ_OK; i++)
		write_page(store, &swaps[i]);
	for (uint64_t i = 0; i < swap_count && store->error == TWZ_OK; i++)
		replace_page(store, &swaps[i]);
	for (uint64_t i = 0; i < update_count && store->error == TWZ_OK; i++)
		update_word(store, &updates[i]);
	result = transaction_commit(store);
	for (uint64_t i = 0; i < swap_count && result == TWZ_OK && moved; i++)
		moved(context, &swaps[i]);
	return result;
}

static struct twz_id *root_of(const struct store *store, enum store_root root)
{
	return root == STORE_ROOT_NAMES ? &roots_of(store)->names : &roots_of(store)->handlers;
}

struct twz_id store_root(const struct store *store, enum store_root root)
{
	return *root_of(store, root);
}

twz_result store_set_root(struct store *store, enum store_root root, struct twz_id id)
{
	struct twz_id *at = root_of(store, root);

	transaction_begin(store);
	transaction_word(store, &at->hi, id.hi);
	transaction_word(store, &at->lo, id.lo);
	return transaction_commit(store);
}
