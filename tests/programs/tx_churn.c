/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "change N" makes transactions and appends to a log without end, saying each one when its call has
 * returned, with no sync of its own; before that it checks that all up to N is there, and so does
 * "check N". shapes: static
 */
#include "list.h"
#include <stdbool.h>
#include <string.h>
#include <twz/alloc.h>
#include <twz/append_log.h>
#include <twz/btree.h>

#define KEPT 400 /* numbers that are kept, at least */

struct content {
	struct twz_btree tree;
	struct twz_append_log log;
};

struct entry {
	uint64_t number, value;
};

static struct twz_object object;
static struct content *content;

static void open_content(void)
{
	struct twz_directory_entry entry;
	struct twz_id root;

	check(twz_name_root(&root), "the store's names");
	twz_result result = twz_name_lookup(root, "/tx-churn", &entry);
	bool is_new = result == -TWZ_ERR_NOT_FOUND;

	if (is_new)
		result = twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &entry.id);
	check(result, "/tx-churn");
	check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), "open");
	if (is_new)
		check(twz_heap_make(&object, sizeof(struct content)), "heap");
	check(twz_tx_open(&object), "transactions");
	if (is_new)
		check(twz_name_insert(root, "/tx-churn", entry.id, TWZ_KIND_DATA), "name");
	content = twz_object_base(&object);
}

static uint64_t key_of(uint64_t number)
{
	return __builtin_bswap64(number);
}

static void expect_in_tree(uint64_t number)
{
	uint64_t key = key_of(number), value = 0;

	check(twz_btree_get(&object, &content->tree, &key, 8, &value, 8), "a key of the tree");
	if (value != list_value(number)) {
		printf("key %lu says %lx\n", (unsigned long)number, (unsigned long)value);
		exit(1);
	}
}

/* The last number in the log; all in it follow each other and are in the tree too. */
static uint64_t verify(void)
{
	struct twz_append_log_cursor cursor = {0};
	struct entry entry;
	uint64_t last = 0;
	twz_result result;

	while ((result = twz_append_log_next(&object, &content->log, &cursor, &entry,
					     sizeof(entry))) == 1) {
		if (entry.value != list_value(entry.number) ||
		    (last != 0 && entry.number != last + 1)) {
			printf("the log says %lu behind %lu\n", (unsigned long)entry.number,
			       (unsigned long)last);
			exit(1);
		}
		last = entry.number;
		expect_in_tree(last);
	}
	check(result, "the log");
	return last;
}

/* Even numbers in one transaction, odd ones in two calls. */
static void add_number(uint64_t number)
{
	struct entry entry = {number, list_value(number)};
	uint64_t key = key_of(number);
	struct twz_tx tx;

	if (number % 2) {
		check(twz_btree_put(&object, &content->tree, &key, 8, &entry.value, 8), "put");
		check(twz_append_log_add(&object, &content->log, &entry, sizeof(entry), NULL),
		      "append");
		return;
	}
	TWZ_TX(&tx, &object)
	{
		twz_btree_put(&object, &content->tree, &key, 8, &entry.value, 8);
		twz_append_log_add(&object, &content->log, &entry, sizeof(entry), NULL);
	}
	check(tx.result, "a transaction");
}

/* The log first: it never says more than the tree. */
static void drop_old(uint64_t last)
{
	struct twz_append_log_cursor cursor = {0};
	struct entry entry;

	while (twz_append_log_next(&object, &content->log, &cursor, &entry, sizeof(entry)) == 1)
		if (entry.number + KEPT >= last)
			break;
	check(twz_append_log_truncate(&object, &content->log, cursor.record), "truncate");
	for (uint64_t number = entry.number; number-- > 1;) {
		uint64_t key = key_of(number);
		twz_result result = twz_btree_remove(&object, &content->tree, &key, 8);
		if (result == -TWZ_ERR_NOT_FOUND)
			break;
		check(result, "remove");
	}
}

int main(int argc, char **argv)
{
	if (argc != 3 || (strcmp(argv[1], "change") != 0 && strcmp(argv[1], "check") != 0)) {
		printf("tx_churn: change N or check N\n");
		return 2;
	}
	open_content();
	uint64_t last = verify();
	printf("checked %lu\n", (unsigned long)last);
	fflush(stdout);
	if (strcmp(argv[1], "check") == 0)
		return last >= strtoull(argv[2], NULL, 10) ? 0 : 1;
	for (;;) {
		add_number(++last);
		printf("said %lu\n", (unsigned long)last);
		fflush(stdout);
		if (last % KEPT == 0)
			drop_old(last);
	}
}
