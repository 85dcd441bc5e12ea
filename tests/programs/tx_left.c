/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "leave": makes transactions over many pages, then one that is synced half done; says so and waits
 * to be killed with its machine. "check": all of it is undone, and nothing that was committed. For
 * a disk, where a sync leaves out what the log of transactions holds no more. shapes: static
 */
#include "list.h"
#include <string.h>
#include <twz/tx.h>
#include <unistd.h>

#define NUMBERS	  (64u * TWZ_PAGE_SIZE / sizeof(uint64_t))
#define COMMITTED 3u

static struct twz_object object;
static uint64_t *numbers;

static twz_result open_numbers(int make)
{
	struct twz_directory_entry entry;
	struct twz_id root;

	check(twz_name_root(&root), "the store's names");
	if (make) {
		check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &entry.id), "create");
		check(twz_name_insert(root, "/tx-left", entry.id, TWZ_KIND_DATA), "name");
	} else {
		check(twz_name_lookup(root, "/tx-left", &entry), "/tx-left");
	}
	check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), "open");
	numbers = twz_object_base(&object);
	twz_result result = twz_tx_open(&object);
	check(result, "transactions");
	return result;
}

static void set_all(struct twz_tx *tx, uint64_t value)
{
	for (size_t i = 0; i < NUMBERS; i++)
		check(twz_tx_set(tx, &numbers[i], value), "set");
}

int main(int argc, char **argv)
{
	struct twz_tx tx;

	if (argc != 2 || (strcmp(argv[1], "leave") != 0 && strcmp(argv[1], "check") != 0))
		return 2;
	if (strcmp(argv[1], "check") == 0) {
		if (open_numbers(0) != 1) {
			puts("nothing was undone");
			return 1;
		}
		for (size_t i = 0; i < NUMBERS; i++) {
			if (numbers[i] != COMMITTED) {
				printf("number %zu is %lu\n", i, (unsigned long)numbers[i]);
				return 1;
			}
		}
		puts("it is undone");
		return 0;
	}
	open_numbers(1);
	for (uint64_t value = 1; value <= COMMITTED; value++) {
		check(twz_tx_begin(&tx, &object), "begin");
		set_all(&tx, value);
		check(twz_tx_commit(&tx), "commit");
	}
	check(twz_tx_begin(&tx, &object), "begin");
	set_all(&tx, COMMITTED + 1);
	check(twz_object_sync(object.id), "sync");
	puts("synced half done");
	fflush(stdout);
	for (;;)
		pause();
}
