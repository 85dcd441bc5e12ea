/* SPDX-License-Identifier: BSD-2-Clause */
/* libtwz's B+tree and hash map. argv[1]: how many keys. Linked with --wrap for twz_fence and
 * twz_persist. */
#include "maps.h"
#include <string.h>
#include <twz/alloc.h>
#include <twz/btree.h>
#include <twz/hashmap.h>
#include <twz/persist.h>

static struct twz_object object;
static uint64_t fences;
static int hashed;

void __real_twz_fence(void);
void __real_twz_persist(const void *address, size_t length);

void __wrap_twz_fence(void)
{
	fences++;
	__real_twz_fence();
}

void __wrap_twz_persist(const void *address, size_t length)
{
	fences++;
	__real_twz_persist(address, length);
}

uint64_t map_fences(void)
{
	return fences;
}

static struct root {
	struct twz_btree tree;
	struct twz_hashmap map;
} * root;

int map_insert(uint64_t key, const uint64_t value[2])
{
	key = __builtin_bswap64(key);
	return (hashed ? twz_hashmap_put(&object, &root->map, &key, 8, value, 16)
		       : twz_btree_put(&object, &root->tree, &key, 8, value, 16)) >= 0;
}

int map_lookup(uint64_t key, uint64_t value[2])
{
	key = __builtin_bswap64(key);
	return (hashed ? twz_hashmap_get(&object, &root->map, &key, 8, value, 16)
		       : twz_btree_get(&object, &root->tree, &key, 8, value, 16)) == 16;
}

int map_remove(uint64_t key)
{
	key = __builtin_bswap64(key);
	return (hashed ? twz_hashmap_remove(&object, &root->map, &key, 8)
		       : twz_btree_remove(&object, &root->tree, &key, 8)) >= 0;
}

int main(int argc, char **argv)
{
	need(argc == 3, "arguments: tree or hash, keys");
	struct twz_id id;

	hashed = strcmp(argv[1], "hash") == 0;
	need(twz_object_create(OBJECT_FLAGS, TWZ_KIND_DATA, &id) >= 0, "create");
	need(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) >= 0, "open");
	root = twz_object_base(&object);
	need(twz_heap_make(&object, sizeof(*root)) >= 0 && twz_tx_open(&object) >= 0, "heap");
	run_map(argv[1], strtoull(argv[2], NULL, 0));
	return 0;
}
