/* SPDX-License-Identifier: BSD-2-Clause */
/* The object table: a radix trie over the id, so that an insertion stores one word. */
#include "internal.h"

static unsigned digit(struct twz_id id, unsigned level)
{
	unsigned from = level * 9; /* bits from the top */
	uint64_t top;

	if (from < 64)
		top = id.hi << from | (from ? id.lo >> (64 - from) : 0);
	else
		top = id.lo << (from - 64);
	return (unsigned)(top >> (64 - 9));
}

static uint64_t slot_block(uint64_t slot)
{
	return slot >> 2;
}

static bool slot_is_valid(const struct store *store, uint64_t slot)
{
	return ((slot & 3) == STORE_SLOT_RECORD || (slot & 3) == STORE_SLOT_NODE) &&
	       block_is_data(store, slot_block(slot));
}

/* The slots from the root to where the id stands or would stand. */
struct path {
	uint64_t *slots[STORE_LEVELS + 1];
	unsigned depth; /* of the last one */
};

static twz_result descend(struct store *store, struct twz_id id, struct path *path)
{
	uint64_t *slot = &roots_of(store)->table;

	for (unsigned level = 0;; level++) {
		path->slots[level] = slot;
		path->depth = level;
		if (*slot == 0)
			return -TWZ_ERR_NO_SUCH_OBJECT;
		if (!slot_is_valid(store, *slot))
			return -TWZ_ERR_CORRUPT;
		if ((*slot & 3) == STORE_SLOT_RECORD)
			return TWZ_OK;
		if (level == STORE_LEVELS)
			return -TWZ_ERR_CORRUPT;
		slot = (uint64_t *)store_block(store, slot_block(*slot)) + digit(id, level);
	}
}

twz_result table_find(struct store *store, struct twz_id id, uint64_t *block)
{
	struct path path;
	twz_result result = descend(store, id, &path);

	if (result != TWZ_OK)
		return result;
	*block = slot_block(*path.slots[path.depth]);
	const struct store_record *record = record_read(store, *block);
	if (!record)
		return -TWZ_ERR_CORRUPT;
	return twz_id_equal(record->id, id) ? TWZ_OK : -TWZ_ERR_NO_SUCH_OBJECT;
}

twz_result table_insert(struct store *store, struct twz_id id, uint64_t block)
{
	struct path path;
	twz_result result = descend(store, id, &path);
	uint64_t *slot = path.slots[path.depth];
	uint64_t entry = block << 2 | STORE_SLOT_RECORD;

	if (result == -TWZ_ERR_NO_SUCH_OBJECT) {
		transaction_word(store, slot, entry);
		return TWZ_OK;
	}
	if (result != TWZ_OK)
		return result;
	/* The slot holds another object: put nodes between until the ids differ. */
	uint64_t other = *slot;
	const struct store_record *record = record_read(store, slot_block(other));
	if (!record)
		return -TWZ_ERR_CORRUPT;
	if (twz_id_equal(record->id, id))
		return -TWZ_ERR_EXISTS;

	uint64_t *target = slot;
	for (unsigned level = path.depth; level < STORE_LEVELS; level++) {
		uint64_t node = block_allocate_zeroed(store);
		if (node == 0)
			return store->error;
		uint64_t *slots = store_block(store, node);
		unsigned mine = digit(id, level), theirs = digit(record->id, level);

		if (target == slot)
			transaction_word(store, slot, node << 2 | STORE_SLOT_NODE);
		else
			*target = node << 2 | STORE_SLOT_NODE; /* in a fresh block */
		if (target != slot)
			twz_flush(target, sizeof(*target));
		if (mine != theirs) {
			slots[mine] = entry;
			slots[theirs] = other;
			block_flush(store, node);
			return TWZ_OK;
		}
		target = &slots[mine];
	}
	return -TWZ_ERR_CORRUPT;
}

static bool is_empty_but(const uint64_t *slots, const uint64_t *one)
{
	for (unsigned i = 0; i < STORE_SLOTS; i++)
		if (slots[i] != 0 && &slots[i] != one)
			return false;
	return true;
}

twz_result table_remove(struct store *store, struct twz_id id)
{
	struct path path;
	uint64_t record;
	twz_result result = table_find(store, id, &record);

	if (result != TWZ_OK)
		return result;
	descend(store, id, &path);
	unsigned depth = path.depth;
	while (depth > 0) {
		uint64_t node = slot_block(*path.slots[depth - 1]);
		if (!is_empty_but(store_block(store, node), path.slots[depth]))
			break;
		block_release(store, node);
		depth--;
	}
	transaction_word(store, path.slots[depth], 0);
	return TWZ_OK;
}

twz_result table_visit(struct store *store, twz_result (*node)(void *context, uint64_t block),
		       twz_result (*record)(void *context, uint64_t block), void *context)
{
	const uint64_t *slots[STORE_LEVELS + 1] = {&roots_of(store)->table};
	unsigned index[STORE_LEVELS + 1] = {0};
	int level = 0;

	while (level >= 0) {
		unsigned end = level == 0 ? 1 : STORE_SLOTS;
		if (index[level] == end) {
			level--;
			continue;
		}
		uint64_t slot = slots[level][index[level]++];
		if (slot == 0)
			continue;
		if (!slot_is_valid(store, slot))
			return -TWZ_ERR_CORRUPT;
		bool is_node = (slot & 3) == STORE_SLOT_NODE;
		twz_result (*visit)(void *, uint64_t) = is_node ? node : record;
		twz_result result = visit ? visit(context, slot_block(slot)) : TWZ_OK;
		if (result != TWZ_OK)
			return result;
		if (!is_node)
			continue;
		if (level == (int)STORE_LEVELS)
			return -TWZ_ERR_CORRUPT;
		level++;
		slots[level] = store_block(store, slot_block(slot));
		index[level] = 0;
	}
	return TWZ_OK;
}
