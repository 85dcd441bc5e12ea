/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Metadata of a disk in memory. A block is there from its first use on; those that need not be
 * written leave, the longest unused first, when there are too many.
 */
#include "internal.h"

#define BUCKETS 4096u
#define LIMIT	4096u /* blocks that stay between the calls */

struct cached {
	uint64_t block;
	struct cached *next;	      /* of its bucket */
	struct cached *newer, *older; /* by use */
	struct cached *listed;	      /* of the list of those to be written */
	uint64_t *words;
	bool verified, dirty, fresh, in_list;
};

struct store_cache {
	struct cached *buckets[BUCKETS];
	struct cached *newest, *oldest;
	struct cached *to_write;
	uint64_t count, trim_at;
};

twz_result cache_open(struct store *store)
{
	store->cache = store->memory->allocate(sizeof(*store->cache));
	return store->cache ? TWZ_OK : -TWZ_ERR_OUT_OF_MEMORY;
}

static struct cached **link_of(struct store_cache *cache, uint64_t block)
{
	struct cached **link = &cache->buckets[(block * 0x9e3779b97f4a7c15ull) >> 52];

	while (*link && (*link)->block != block)
		link = &(*link)->next;
	return link;
}

static void unlink_use(struct store_cache *cache, struct cached *entry)
{
	*(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
	*(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void link_use(struct store_cache *cache, struct cached *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	*(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
	cache->newest = entry;
}

static void drop(struct store *store, struct cached *entry)
{
	*link_of(store->cache, entry->block) = entry->next;
	unlink_use(store->cache, entry);
	store->memory->release(entry->words, STORE_BLOCK_SIZE);
	store->memory->release(entry, sizeof(*entry));
	store->cache->count--;
}

void cache_close(struct store *store)
{
	while (store->cache && store->cache->newest)
		drop(store, store->cache->newest);
	if (store->cache)
		store->memory->release(store->cache, sizeof(*store->cache));
	store->cache = NULL;
}

static struct cached *add(struct store *store, uint64_t block, struct cached **link)
{
	struct cached *entry = store->memory->allocate(sizeof(*entry));

	if (!entry)
		return NULL;
	entry->words = store->memory->allocate(STORE_BLOCK_SIZE);
	if (!entry->words) {
		store->memory->release(entry, sizeof(*entry));
		return NULL;
	}
	entry->block = block;
	*link = entry;
	link_use(store->cache, entry);
	store->cache->count++;
	return entry;
}

uint64_t *cache_get(struct store *store, uint64_t block, bool **verified, twz_result *result)
{
	struct cached **link = link_of(store->cache, block), *entry = *link;

	*result = TWZ_OK;
	if (entry && store->cache->newest != entry) {
		unlink_use(store->cache, entry);
		link_use(store->cache, entry);
	}
	if (!entry) {
		entry = add(store, block, link);
		if (!entry) {
			*result = -TWZ_ERR_OUT_OF_MEMORY;
			return NULL;
		}
		*result = blocks_read(store, block, 1, entry->words);
		if (*result != TWZ_OK) {
			drop(store, entry);
			return NULL;
		}
	}
	*verified = &entry->verified;
	return entry->words;
}

static void list(struct store_cache *cache, struct cached *entry)
{
	if (entry->in_list)
		return;
	entry->in_list = true;
	entry->listed = cache->to_write;
	cache->to_write = entry;
}

uint64_t *cache_make(struct store *store, uint64_t block)
{
	struct cached **link = link_of(store->cache, block), *entry = *link;

	if (!entry)
		entry = add(store, block, link);
	if (!entry)
		return NULL;
	entry->fresh = true;
	entry->dirty = false;
	entry->verified = true;
	list(store->cache, entry);
	return entry->words;
}

void cache_dirty(struct store *store, uint64_t block)
{
	struct cached *entry = *link_of(store->cache, block);

	if (entry && !entry->fresh) {
		entry->dirty = true;
		list(store->cache, entry);
	}
}

void cache_forget(struct store *store, uint64_t block)
{
	struct cached *entry = *link_of(store->cache, block);

	if (!entry)
		return;
	entry->fresh = entry->dirty = false;
	entry->verified = false;
	if (!entry->in_list) /* else with the next cache_write */
		drop(store, entry);
}

twz_result cache_write(struct store *store, bool all, bool *any)
{
	struct cached **link = &store->cache->to_write;
	twz_result result = TWZ_OK;

	while (*link && result == TWZ_OK) {
		struct cached *entry = *link;
		bool write = entry->fresh || (all && entry->dirty);
		/* what the running transaction makes is not ready */
		if ((entry->dirty && !write) ||
		    (entry->fresh && transaction_made(store, entry->block))) {
			link = &entry->listed;
			continue;
		}
		if (write) {
			*any = true;
			result = blocks_write(store, entry->block, 1, entry->words);
			if (result != TWZ_OK)
				break;
			if (entry->fresh)
				journal_vouch(store, entry->block, page_checksum(entry->words));
		}
		*link = entry->listed;
		entry->in_list = false;
		if (!write) { /* it was forgotten */
			drop(store, entry);
			continue;
		}
		entry->fresh = entry->dirty = false;
	}
	return result;
}

void cache_trim(struct store *store)
{
	struct cached *entry;

	if (store->cache->count <= LIMIT || store->cache->count < store->cache->trim_at)
		return;
	if (store->cache->count > 2 * LIMIT)
		store_checkpoint(store); /* so that most can leave */
	entry = store->cache->oldest;
	while (entry && store->cache->count > LIMIT) {
		struct cached *newer = entry->newer;
		if (!entry->in_list)
			drop(store, entry);
		entry = newer;
	}
	store->cache->trim_at = store->cache->count + LIMIT / 4; /* not one by one */
}
