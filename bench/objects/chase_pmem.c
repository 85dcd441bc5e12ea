/* SPDX-License-Identifier: BSD-2-Clause */
/* Dereference by libpmemobj's pmemobj_direct: within a pool, and across pools; and by raw pointers
 * across them. argv[1]: a directory for them. */
#include "chase.h"
#include <libpmemobj.h>
#include <unistd.h>

struct node {
	PMEMoid next;
	struct node *raw;
	uint8_t rest[NODE_SIZE - sizeof(PMEMoid) - sizeof(struct node *)];
};

static PMEMobjpool *pools[OBJECTS];
static PMEMoid blocks[OBJECTS]; /* of nodes */

static PMEMoid place(uint64_t i, int spread)
{
	PMEMoid oid = blocks[spread ? i % OBJECTS : 0];

	oid.off += (spread ? i % OBJECTS * STAGGER + i / OBJECTS : i) * sizeof(struct node);
	return oid;
}

static struct node *circle(uint64_t count, int spread)
{
	uint64_t *order = shuffled(spread ? count / OBJECTS : count, 5), groups = count / OBJECTS;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t j = (i + 1) % count, from = order[i % (spread ? groups : count)], to;
		to = order[j % (spread ? groups : count)];
		if (spread) {
			from = order[i / OBJECTS % groups] * OBJECTS + i % OBJECTS;
			to = order[j / OBJECTS % groups] * OBJECTS + j % OBJECTS;
		}
		struct node *node = pmemobj_direct(place(from, spread));
		node->next = place(to, spread);
		node->raw = pmemobj_direct(node->next);
	}
	struct node *first = pmemobj_direct(place(order[0] * (spread ? OBJECTS : 1), spread));
	free(order);
	return first;
}

int main(int argc, char **argv)
{
	need(argc == 2, "argument: directory");
	for (int i = 0; i < OBJECTS; i++) {
		char path[4096];
		size_t size = sets[SETS - 1].bytes / (i ? OBJECTS : 1);
		snprintf(path, sizeof(path), "%s/chase%d.pool", argv[1], i);
		unlink(path);
		pools[i] = pmemobj_create(path, "chase", size * 2 + (64u << 20), 0600);
		need(pools[i] != NULL, pmemobj_errormsg());
		need(pmemobj_zalloc(pools[i], &blocks[i], size + (1 + i * STAGGER) * NODE_SIZE,
				    1) == 0,
		     "pmemobj_zalloc");
		blocks[i].off = (blocks[i].off + NODE_SIZE - 1) / NODE_SIZE * NODE_SIZE;
	}
	for (size_t set = 0; set < SETS; set++) {
		uint64_t count = sets[set].bytes / NODE_SIZE;
		double best = 0;
		struct node *node = circle(count, 0);
		CHASE(best, set, node, pmemobj_direct(node->next));
		report_chase("pmemobj", set, best);
		node = circle(count, 1);
		CHASE(best, set, node, pmemobj_direct(node->next));
		report_chase("pmemobj-pools", set, best);
		CHASE(best, set, node, node->raw);
		report_chase("raw-pools", set, best);
	}
	for (int i = 0; i < OBJECTS; i++)
		pmemobj_close(pools[i]);
	return 0;
}
