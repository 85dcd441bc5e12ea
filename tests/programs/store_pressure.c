/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Persistent objects larger than memory: argument 1 MiB in two objects, written (argument 2:
 * "write") and read again, or only read as at another boot. shapes: static
 */
#include "list.h"
#include <string.h>
#include <twz/name.h>

#define PAGES_PER_MIB 256u

static struct twz_object open_half(struct twz_id root, const char *name, int make)
{
	struct twz_directory_entry entry;
	struct twz_object object;

	if (make) {
		entry.id = TWZ_ID_NONE;
		check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &entry.id), "create");
		check(twz_name_insert(root, name, entry.id, TWZ_KIND_DATA), name);
	} else {
		check(twz_name_lookup(root, name, &entry), name);
	}
	check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), "open");
	return object;
}

static uint64_t value_of(uint64_t page, uint64_t word)
{
	return page * 0x9e3779b97f4a7c15ull + word;
}

int main(int argc, char **argv)
{
	uint64_t pages = (argc > 1 ? strtoull(argv[1], NULL, 10) : 1) * PAGES_PER_MIB;
	int write = argc > 2 && strcmp(argv[2], "write") == 0;
	struct twz_id root;

	check(twz_name_root(&root), "the store's names");
	struct twz_object halves[2] = {open_half(root, "/half-0", write),
				       open_half(root, "/half-1", write)};
	for (uint64_t page = 0; write && page < pages; page++) {
		uint64_t *words = (uint64_t *)((char *)twz_object_base(&halves[page % 2]) +
					       page / 2 * TWZ_PAGE_SIZE);
		for (unsigned i = 0; i < 512; i += 64)
			words[i] = value_of(page, i);
	}
	if (write)
		check(twz_object_sync(halves[0].id), "sync");
	for (uint64_t page = 0; page < pages; page++) {
		uint64_t *words = (uint64_t *)((char *)twz_object_base(&halves[page % 2]) +
					       page / 2 * TWZ_PAGE_SIZE);
		for (unsigned i = 0; i < 512; i += 64) {
			if (words[i] != value_of(page, i)) {
				printf("page %lu is wrong\n", (unsigned long)page);
				return 1;
			}
		}
	}
	printf("%lu pages are right\n", (unsigned long)pages);
	return 0;
}
