/* SPDX-License-Identifier: BSD-2-Clause */
/* libpmemobj's example maps, which its development package brings. argv: tree or hash, keys, a
 * directory for the pool. */
#include "maps.h"
#include <btree_map.h>
#include <hashmap_tx.h>
#include <string.h>
#include <unistd.h>

static PMEMobjpool *pool;
static TOID(struct btree_map) tree;
static TOID(struct hashmap_tx) map;
static int hashed;

/* Their values are PMEMoids: 16 bytes. */
int map_insert(uint64_t key, const uint64_t value[2])
{
	PMEMoid oid = {value[0], value[1]};

	return (hashed ? hm_tx_insert(pool, map, key, oid)
		       : btree_map_insert(pool, tree, key, oid)) == 0;
}

int map_lookup(uint64_t key, uint64_t value[2])
{
	PMEMoid oid = hashed ? hm_tx_get(pool, map, key) : btree_map_get(pool, tree, key);

	value[0] = oid.pool_uuid_lo;
	value[1] = oid.off;
	return !OID_IS_NULL(oid);
}

int map_remove(uint64_t key)
{
	PMEMoid oid = hashed ? hm_tx_remove(pool, map, key) : btree_map_remove(pool, tree, key);

	return !OID_IS_NULL(oid);
}

/* The library's fences cannot be counted from here. */
uint64_t map_fences(void)
{
	return 0;
}

struct root {
	TOID(struct btree_map) tree;
	TOID(struct hashmap_tx) map;
};

int main(int argc, char **argv)
{
	need(argc == 4, "arguments: tree or hash, keys, directory");
	char path[4096];
	uint64_t keys = strtoull(argv[2], NULL, 0);

	hashed = strcmp(argv[1], "hash") == 0;
	snprintf(path, sizeof(path), "%s/maps.pool", argv[3]);
	unlink(path);
	pool = pmemobj_create(path, "maps", (256u << 20) + keys * 512, 0600);
	need(pool != NULL, pmemobj_errormsg());
	struct root *root = pmemobj_direct(pmemobj_root(pool, sizeof(*root)));
	need(hashed ? hm_tx_create(pool, &root->map, NULL) == 0
		    : btree_map_create(pool, &root->tree, NULL) == 0,
	     "create");
	tree = root->tree;
	map = root->map;
	need(!hashed || hm_tx_init(pool, map) == 0, "init");
	run_map(argv[1], keys);
	pmemobj_close(pool);
	unlink(path);
	return 0;
}
