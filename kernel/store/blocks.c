/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Free blocks. On the medium a bitmap in groups; in memory the same for the groups that were
 * needed, where a block that is free but must not be used yet counts as used.
 */
#include "internal.h"

#define GROUP_BYTES (STORE_GROUP_WORDS * 8)

twz_result blocks_open(struct store *store)
{
	twz_result result;
	struct node roots;

	store->group_count = (store->blocks + STORE_GROUP - 1) / STORE_GROUP;
	store->groups = store->memory->allocate(store->group_count * sizeof(*store->groups));
	if (!store->groups)
		return -TWZ_ERR_OUT_OF_MEMORY;
	if (!roots_read(store, &roots, &result))
		return result;
	store->free_blocks = node_get(store, &roots, ROOT_WORD(free));
	if (store->free_blocks > store->blocks ||
	    node_get(store, &roots, ROOT_WORD(groups)) > store->group_count)
		return -TWZ_ERR_CORRUPT;
	return TWZ_OK;
}

void blocks_close(struct store *store)
{
	for (uint64_t i = 0; store->groups && i < store->group_count; i++) {
		if (store->groups[i].used)
			store->memory->release(store->groups[i].used, GROUP_BYTES);
		if (store->groups[i].verified)
			store->memory->release(store->groups[i].verified, GROUP_BYTES);
	}
	if (store->groups)
		store->memory->release(store->groups, store->group_count * sizeof(*store->groups));
	store->groups = NULL;
}

uint64_t group_bitmap(const struct store *store, uint64_t group)
{
	return group == 0 ? store->first_bitmap : group * STORE_GROUP;
}

void group_start(const struct store *store, uint64_t group, uint64_t used[STORE_GROUP_WORDS])
{
	uint64_t first = group * STORE_GROUP, end = store->blocks - first;

	__builtin_memset(used, 0, GROUP_BYTES);
	for (uint64_t i = 0; i < (group == 0 ? store->first_data : 1); i++)
		used[i / 64] |= 1ull << (i % 64);
	for (uint64_t i = end; i < STORE_GROUP; i++)
		used[i / 64] |= 1ull << (i % 64);
}

uint64_t *block_verified(struct store *store, uint64_t block, uint64_t *bit)
{
	static uint64_t never;
	uint64_t in_group = block % STORE_GROUP;

	*bit = 1ull << (in_group % 64);
	if (!store->groups) { /* while it is opened */
		never = 0;
		return &never;
	}
	struct store_group *group = &store->groups[block / STORE_GROUP];
	if (!group->verified)
		group->verified = store->memory->allocate(GROUP_BYTES);
	return group->verified ? &group->verified[in_group / 64] : NULL;
}

static void count_group(struct store_group *group)
{
	group->free = 0;
	for (unsigned i = 0; i < STORE_GROUP_WORDS; i++) {
		group->free += 64 - (uint32_t)__builtin_popcountll(group->used[i]);
		if (group->used[i] == ~0ull)
			group->full[i / 64] |= 1ull << (i % 64);
	}
}

/* Has the group's bits in memory, and its bitmap on the medium when it is the next without. */
static twz_result load_group(struct store *store, uint64_t number)
{
	struct store_group *group = &store->groups[number];
	uint64_t ready = roots_get(store, ROOT_WORD(groups));
	twz_result result = TWZ_OK;
	struct node node;

	if (group->used && number < ready)
		return TWZ_OK;
	if (number > ready)
		return -TWZ_ERR_CORRUPT;
	if (number < ready &&
	    !node_read(store, group_bitmap(store, number), STORE_KIND_BITMAP, &node, &result))
		return result;
	if (!group->used)
		group->used = store->memory->allocate(GROUP_BYTES);
	if (!group->used)
		return -TWZ_ERR_OUT_OF_MEMORY;
	if (number == ready) {
		group_start(store, number, group->used);
		if (node_make(store, group_bitmap(store, number), STORE_KIND_BITMAP, &node)) {
			__builtin_memcpy(node.words + 2, group->used, GROUP_BYTES);
			roots_set(store, ROOT_WORD(groups), number + 1);
		}
	} else {
		for (unsigned i = 0; i < STORE_GROUP_WORDS; i++)
			group->used[i] = node_get(store, &node, i + 2);
	}
	count_group(group);
	return store->error;
}

bool block_is_used(struct store *store, uint64_t block, twz_result *result)
{
	struct node node;

	if (!node_read(store, group_bitmap(store, block / STORE_GROUP), STORE_KIND_BITMAP, &node,
		       result))
		return false;
	return node.words[block % STORE_GROUP / 64 + 2] >> (block % 64) & 1;
}

/* Sets or clears a block's bit on the medium, within the transaction. */
static bool mark(struct store *store, uint64_t block, bool used)
{
	unsigned word = (unsigned)(block % STORE_GROUP / 64 + 2);
	uint64_t bit = 1ull << (block % STORE_GROUP % 64);
	twz_result result;
	struct node node;

	if (!node_read(store, group_bitmap(store, block / STORE_GROUP), STORE_KIND_BITMAP, &node,
		       &result)) {
		transaction_fail(store, result);
		return false;
	}
	uint64_t value = node_get(store, &node, word);
	if (!(value & bit) != used) {
		transaction_fail(store, -TWZ_ERR_CORRUPT);
		return false;
	}
	node_set(store, &node, word, value ^ bit);
	return store->error == TWZ_OK;
}

static uint64_t take_bit(struct store *store, struct store_group *group, unsigned word,
			 unsigned bit)
{
	group->used[word] |= 1ull << bit;
	if (group->used[word] == ~0ull)
		group->full[word / 64] |= 1ull << (word % 64);
	group->free--;
	store->free_blocks--;
	return (uint64_t)(group - store->groups) * STORE_GROUP + word * 64 + bit;
}

/* The block behind the last one that was taken, if it is free. */
static uint64_t take_next(struct store *store, struct store_group *group)
{
	uint64_t next = store->next_block, in_group = next % STORE_GROUP;

	if (next == 0 || &store->groups[next / STORE_GROUP] != group ||
	    group->used[in_group / 64] >> (in_group % 64) & 1)
		return 0;
	store->next_block = next + 1 < store->blocks ? next + 1 : 0;
	return take_bit(store, group, (unsigned)(in_group / 64), (unsigned)(in_group % 64));
}

void blocks_expect(struct store *store, uint64_t count)
{
	struct store_group *group = &store->groups[store->hint];
	unsigned length = count < 32 ? (unsigned)count : 32;

	store->next_block = 0;
	for (unsigned word = 0; length > 1 && group->used && word < STORE_GROUP_WORDS; word++) {
		uint64_t starts = ~group->used[word];
		for (unsigned i = 1; i < length && starts != 0; i++)
			starts &= starts >> 1;
		if (starts == 0)
			continue;
		store->next_block =
			store->hint * STORE_GROUP + word * 64 + (unsigned)__builtin_ctzll(starts);
		return;
	}
}

static uint64_t take(struct store *store, struct store_group *group)
{
	uint64_t next = take_next(store, group);

	if (next != 0)
		return next;
	for (unsigned i = 0; i < 8; i++) {
		uint64_t valid = i == 7 ? (1ull << (STORE_GROUP_WORDS - 448)) - 1 : ~0ull;
		uint64_t open = ~group->full[i] & valid;
		if (open == 0)
			continue;
		unsigned word = i * 64 + (unsigned)__builtin_ctzll(open);
		unsigned bit = (unsigned)__builtin_ctzll(~group->used[word]);
		return take_bit(store, group, word, bit);
	}
	return 0;
}

/* Lets a block be used again; the medium has it free. */
static void put(struct store *store, uint64_t block)
{
	struct store_group *group = &store->groups[block / STORE_GROUP];
	uint64_t word = block % STORE_GROUP / 64;

	group->used[word] &= ~(1ull << (block % 64));
	group->full[word / 64] &= ~(1ull << (word % 64));
	group->free++;
	store->free_blocks++;
}

uint64_t block_allocate(struct store *store)
{
	if (store->error != TWZ_OK)
		return 0;
	for (uint64_t i = 0; store->free_blocks != 0 && i < store->group_count; i++) {
		uint64_t number = (store->hint + i) % store->group_count;
		struct store_group *group = &store->groups[number];
		uint64_t ready = roots_get(store, ROOT_WORD(groups));
		if (number > ready)
			number = ready, group = &store->groups[ready];
		twz_result result = load_group(store, number);
		if (result != TWZ_OK) {
			transaction_fail(store, result);
			return 0;
		}
		if (group->free == 0)
			continue;
		store->hint = number;
		uint64_t block = take(store, group);
		if (block == 0 || !block_is_data(store, block)) {
			transaction_fail(store, -TWZ_ERR_CORRUPT);
			return 0;
		}
		if (!vector_push(store, &store->allocated, block)) {
			put(store, block);
			transaction_fail(store, -TWZ_ERR_OUT_OF_MEMORY);
			return 0;
		}
		return mark(store, block, true) ? block : 0;
	}
	transaction_fail(store, -TWZ_ERR_NO_SPACE);
	return 0;
}

uint64_t block_allocate_zeroed(struct store *store)
{
	uint64_t block = block_allocate(store);

	if (block) {
		__builtin_memset(store_block(store, block), 0, STORE_BLOCK_SIZE);
		block_flush(store, block);
	}
	return block;
}

void block_release(struct store *store, uint64_t block, bool metadata)
{
	struct store_vector *later = metadata ? &store->free_meta : &store->free_data;
	twz_result result = block_is_data(store, block) ? TWZ_OK : -TWZ_ERR_CORRUPT;

	if (store->error != TWZ_OK)
		return;
	if (result == TWZ_OK && block / STORE_GROUP >= roots_get(store, ROOT_WORD(groups)))
		result = -TWZ_ERR_CORRUPT;
	if (result == TWZ_OK)
		result = load_group(store, block / STORE_GROUP);
	if (result == TWZ_OK &&
	    (!vector_push(store, &store->released, block << 1 | metadata) ||
	     !vector_reserve(store, later, later->count + store->released.count)))
		result = -TWZ_ERR_OUT_OF_MEMORY;
	if (result != TWZ_OK)
		transaction_fail(store, result);
	else
		mark(store, block, false);
}

void blocks_settle(struct store *store, bool committed)
{
	for (uint64_t i = 0; !committed && i < store->allocated.count; i++)
		put(store, store->allocated.items[i]);
	/* a group that was to be made was not */
	if (!committed && store->allocated.count != 0) {
		uint64_t ready = 0, bit;
		twz_result result;
		struct node roots;
		if (roots_read(store, &roots, &result))
			ready = roots.words[ROOT_WORD(groups)];
		for (uint64_t i = ready; ready != 0 && i < store->group_count; i++) {
			if (!store->groups[i].used)
				break;
			store->memory->release(store->groups[i].used, GROUP_BYTES);
			store->groups[i].used = NULL;
			uint64_t *verified = block_verified(store, group_bitmap(store, i), &bit);
			if (verified)
				*verified &= ~bit;
			__builtin_memset(store->groups[i].full, 0, sizeof(store->groups[i].full));
		}
	}
	for (uint64_t i = 0; committed && i < store->released.count; i++) {
		uint64_t block = store->released.items[i] >> 1, bit;
		bool metadata = store->released.items[i] & 1;
		if (store->region) {
			uint64_t *verified = block_verified(store, block, &bit);
			if (verified)
				*verified &= ~bit;
			put(store, block);
		} else {
			vector_push(store, metadata ? &store->free_meta : &store->free_data, block);
		}
	}
}

void blocks_reuse(struct store *store, bool metadata)
{
	for (uint64_t i = 0; i < store->free_data.count; i++)
		put(store, store->free_data.items[i]);
	store->free_data.count = 0;
	for (uint64_t i = 0; metadata && i < store->free_meta.count; i++) {
		cache_forget(store, store->free_meta.items[i]);
		put(store, store->free_meta.items[i]);
	}
	if (metadata)
		store->free_meta.count = 0;
}

void block_flush(struct store *store, uint64_t block)
{
	twz_flush(store_block(store, block), STORE_BLOCK_SIZE);
}

uint32_t page_checksum(const void *contents)
{
	uint32_t checksum = crc32c(contents, STORE_BLOCK_SIZE);

	return checksum ? checksum : 1;
}

twz_result pages_write(struct store *store, uint64_t block, uint64_t count,
		       const void *const *contents, uint32_t *checksums)
{
	bool at_once = store->medium.write_pages && !store->readonly;
	twz_result result = TWZ_OK;

	store->written = true;
	if (at_once)
		result = store->medium.write_pages(store->medium.context, block, count, contents);
	for (uint64_t i = 0; !at_once && i < count && result == TWZ_OK; i++)
		result = blocks_write(store, block + i, 1, contents[i]);
	/* while the disk takes them */
	for (uint64_t i = 0; i < count; i++) {
		checksums[i] = store->region ? 0 : page_checksum(contents[i]);
		if (!store->region)
			transaction_page(store, block + i, checksums[i]);
	}
	return result;
}

void pages_settle(struct store *store)
{
	twz_result result =
		store->medium.settle ? store->medium.settle(store->medium.context) : TWZ_OK;

	if (result != TWZ_OK)
		transaction_fail(store, result);
}

uint64_t store_free_bytes(const struct store *store)
{
	return (store->free_blocks + store->free_data.count + store->free_meta.count) *
	       STORE_BLOCK_SIZE;
}
