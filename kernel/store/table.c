/* SPDX-License-Identifier: BSD-2-Clause */
/* The object table: a trie over the id, so that an insertion sets one word. */
#include "internal.h"

/* The id's digit, and the id without it: division of 128 bits by 510, 32 bits at a time. */
static unsigned next_digit(struct twz_id *id)
{
	uint32_t parts[4] = {(uint32_t)(id->hi >> 32), (uint32_t)id->hi, (uint32_t)(id->lo >> 32),
			     (uint32_t)id->lo};
	uint64_t rest = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint64_t value = rest << 32 | parts[i];
		parts[i] = (uint32_t)(value / STORE_SLOTS);
		rest = value % STORE_SLOTS;
	}
	id->hi = (uint64_t)parts[0] << 32 | parts[1];
	id->lo = (uint64_t)parts[2] << 32 | parts[3];
	return (unsigned)rest;
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
	struct node nodes[STORE_LEVELS + 2];
	unsigned words[STORE_LEVELS + 2];
	unsigned depth;	    /* of the last one */
	struct twz_id rest; /* of the id below it */
	uint64_t slot;	    /* what it holds */
};

static twz_result descend(struct store *store, struct twz_id id, struct path *path)
{
	twz_result result;

	path->rest = id;
	path->words[0] = ROOT_WORD(table);
	if (!roots_read(store, &path->nodes[0], &result))
		return result;
	for (unsigned level = 0;; level++) {
		path->depth = level;
		path->slot = node_get(store, &path->nodes[level], path->words[level]);
		if (path->slot == 0)
			return -TWZ_ERR_NO_SUCH_OBJECT;
		if (!slot_is_valid(store, path->slot))
			return -TWZ_ERR_CORRUPT;
		if ((path->slot & 3) == STORE_SLOT_RECORD)
			return TWZ_OK;
		if (level == STORE_LEVELS)
			return -TWZ_ERR_CORRUPT;
		if (!node_read(store, slot_block(path->slot), STORE_KIND_TABLE,
			       &path->nodes[level + 1], &result))
			return result;
		path->words[level + 1] = next_digit(&path->rest) + STORE_SLOT_FIRST;
	}
}

static twz_result id_of(struct store *store, uint64_t block, struct twz_id *id)
{
	struct node record;
	twz_result result;

	if (!record_read(store, block, &record, &result))
		return result;
	*id = ((const struct store_record *)record.words)->id;
	return TWZ_OK;
}

twz_result table_find(struct store *store, struct twz_id id, uint64_t *block)
{
	struct twz_id there = TWZ_ID_NONE;
	struct path path;
	twz_result result = descend(store, id, &path);

	if (result != TWZ_OK)
		return result;
	*block = slot_block(path.slot);
	result = id_of(store, *block, &there);
	if (result != TWZ_OK)
		return result;
	return twz_id_equal(there, id) ? TWZ_OK : -TWZ_ERR_NO_SUCH_OBJECT;
}

twz_result table_insert(struct store *store, struct twz_id id, uint64_t block)
{
	uint64_t entry = block << 2 | STORE_SLOT_RECORD, other;
	struct twz_id there = TWZ_ID_NONE;
	struct path path;
	twz_result result = descend(store, id, &path);
	struct node at = path.nodes[path.depth];
	unsigned word = path.words[path.depth];

	if (result == -TWZ_ERR_NO_SUCH_OBJECT) {
		node_set(store, &at, word, entry);
		return TWZ_OK;
	}
	/* The slot holds another object: put nodes between until the ids differ. */
	other = path.slot;
	if (result == TWZ_OK)
		result = id_of(store, slot_block(other), &there);
	if (result != TWZ_OK)
		return result;
	if (twz_id_equal(there, id))
		return -TWZ_ERR_EXISTS;
	for (unsigned i = 0; i < path.depth; i++)
		next_digit(&there);
	for (unsigned level = path.depth; level < STORE_LEVELS; level++) {
		struct node node;
		unsigned mine = next_digit(&path.rest), theirs = next_digit(&there);

		if (!node_make(store, block_allocate(store), STORE_KIND_TABLE, &node))
			return store->error;
		node_set(store, &at, word, node.block << 2 | STORE_SLOT_NODE);
		if (mine != theirs) {
			node_set(store, &node, mine + STORE_SLOT_FIRST, entry);
			node_set(store, &node, theirs + STORE_SLOT_FIRST, other);
			return TWZ_OK;
		}
		at = node;
		word = mine + STORE_SLOT_FIRST;
	}
	return -TWZ_ERR_CORRUPT;
}

static bool is_empty_but(struct store *store, const struct node *node, unsigned but)
{
	for (unsigned word = STORE_SLOT_FIRST; word < STORE_WORDS; word++)
		if (word != but && node_get(store, node, word) != 0)
			return false;
	return true;
}

twz_result table_remove(struct store *store, struct twz_id id)
{
	struct path path;
	twz_result result = descend(store, id, &path);
	unsigned depth = path.depth;

	if (result != TWZ_OK)
		return result;
	while (depth > 0 && is_empty_but(store, &path.nodes[depth], path.words[depth])) {
		block_release(store, path.nodes[depth].block, true);
		depth--;
	}
	node_set(store, &path.nodes[depth], path.words[depth], 0);
	return TWZ_OK;
}

/* One level of a walk. On a disk nothing of it stays: the block is read again. */
struct step {
	uint64_t block;
	unsigned word;
};

/* The next slot that is not 0 at or behind a step; 0: none. */
static uint64_t next_slot(struct store *store, unsigned level, struct step *step,
			  twz_result *problem)
{
	unsigned end = level == 0 ? ROOT_WORD(table) + 1 : STORE_WORDS;
	struct node node;

	if (!node_read(store, step->block, level == 0 ? STORE_KIND_ROOTS : STORE_KIND_TABLE, &node,
		       problem))
		return 0;
	while (step->word < end) {
		uint64_t slot = node_get(store, &node, step->word++);
		if (slot != 0)
			return slot;
	}
	return 0;
}

twz_result table_visit(struct store *store, table_visitor visit, void *context)
{
	struct step steps[STORE_LEVELS + 2] = {{STORE_ROOTS, ROOT_WORD(table)}};
	twz_result result = TWZ_OK, problem;
	int level = 0;

	while (level >= 0 && result == TWZ_OK) {
		uint64_t slot = next_slot(store, (unsigned)level, &steps[level], &problem);
		bool is_record = (slot & 3) == STORE_SLOT_RECORD;
		struct node node;
		if (slot == 0) {
			if (problem != TWZ_OK)
				return problem;
			level--;
			continue;
		}
		problem = slot_is_valid(store, slot) && (is_record || level < (int)STORE_LEVELS)
				  ? TWZ_OK
				  : -TWZ_ERR_CORRUPT;
		if (problem == TWZ_OK)
			node_read(store, slot_block(slot),
				  is_record ? STORE_KIND_RECORD : STORE_KIND_TABLE, &node,
				  &problem);
		result = visit(context, slot_block(slot), is_record, problem);
		if (!store->region && store->words.count == 0)
			cache_trim(store);
		if (is_record || problem != TWZ_OK)
			continue;
		steps[++level] = (struct step){slot_block(slot), STORE_SLOT_FIRST};
	}
	return result;
}

twz_result table_drop(struct store *store, uint64_t block)
{
	struct step steps[STORE_LEVELS + 2] = {{STORE_ROOTS, ROOT_WORD(table)}};
	int level = 0;

	while (level >= 0) {
		twz_result problem;
		uint64_t slot = next_slot(store, (unsigned)level, &steps[level], &problem);
		struct node node;
		if (slot == 0) {
			level--;
			continue;
		}
		if (slot_block(slot) == block || !slot_is_valid(store, slot)) {
			unsigned kind = level == 0 ? STORE_KIND_ROOTS : STORE_KIND_TABLE;
			if (!node_read(store, steps[level].block, kind, &node, &problem))
				return problem;
			node_set(store, &node, steps[level].word - 1, 0);
			return store->error;
		}
		if ((slot & 3) == STORE_SLOT_NODE && level < (int)STORE_LEVELS)
			steps[++level] = (struct step){slot_block(slot), STORE_SLOT_FIRST};
	}
	return -TWZ_ERR_NO_SUCH_OBJECT;
}
