/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes the store without end, saying what is durable; started again, first checks that all that
 * it ever said is there: argument 1 is the number that was said last. A second argument: check
 * only. shapes: static
 */
#include "list.h"
#include <twz/alloc.h>
#include <twz/persist.h>

struct churn_node {
	twz_ptr(struct churn_node) next;
	uint64_t value; /* one more than the next one's */
};

struct churn {
	twz_ptr(struct churn_node) first;
	twz_ptr(struct churn_node) spare; /* allocated, not yet first */
};

static struct twz_object open_churn(struct twz_id root)
{
	struct twz_directory_entry entry;
	struct twz_object object;
	twz_result result = twz_name_lookup(root, "/churn", &entry);

	if (result == -TWZ_ERR_NOT_FOUND) {
		entry.id = TWZ_ID_NONE;
		check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &entry.id), "create");
		check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), "open");
		check(twz_heap_make(&object, sizeof(struct churn)), "heap");
		check(twz_name_insert(root, "/churn", entry.id, TWZ_KIND_DATA), "/churn");
		return object;
	}
	check(result, "/churn");
	check(twz_object_open(entry.id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object), "open");
	return object;
}

/* How many nodes there are, all of them right. */
static uint64_t verify(struct churn *churn)
{
	struct churn_node *node = twz_deref(&churn->first);
	uint64_t count = node ? node->value : 0, left = count;

	for (; node; node = twz_deref(&node->next), left--) {
		if (node->value != left) {
			printf("node %lu says %lu\n", (unsigned long)left,
			       (unsigned long)node->value);
			exit(1);
		}
	}
	if (left != 0) {
		printf("%lu nodes are lost\n", (unsigned long)left);
		exit(1);
	}
	return count;
}

static void add_node(const struct twz_object *object, struct churn *churn, uint64_t value)
{
	check(twz_alloc(object, sizeof(struct churn_node) + value % 100, &churn->spare), "alloc");
	struct churn_node *node = twz_deref(&churn->spare);
	node->value = value;
	node->next.word = churn->first.word;
	twz_persist(node, sizeof(*node));
	twz_commit_word(&churn->first.word, churn->spare.word);
	twz_commit_word(&churn->spare.word, 0);
}

int main(int argc, char **argv)
{
	struct twz_directory_entry entry;
	struct twz_id root, id;
	uint64_t said = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;

	check(twz_name_root(&root), "the store's names");
	struct twz_object object = open_churn(root);
	struct churn *churn = twz_object_base(&object);
	if (churn->spare.word == churn->first.word)
		twz_commit_word(&churn->spare.word, 0); /* it had become the first */
	else
		check(twz_free(&object, &churn->spare), "free");
	uint64_t count = verify(churn);
	if (count < said) {
		printf("only %lu of %lu nodes\n", (unsigned long)count, (unsigned long)said);
		return 1;
	}
	if (said > 0)
		check(twz_name_lookup(root, "/churn-new", &entry), "/churn-new");
	printf("checked %lu\n", (unsigned long)count);
	fflush(stdout);
	while (argc < 3) {
		add_node(&object, churn, ++count);
		check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &id), "create");
		check(twz_name_replace(root, "/churn-next", id, TWZ_KIND_DATA, NULL), "replace");
		entry.id = TWZ_ID_NONE;
		check(twz_name_rename(root, "/churn-next", "/churn-new", &entry), "rename");
		if (!twz_id_is_none(entry.id))
			check(twz_object_delete(entry.id), "delete");
		if (count % 10 == 0) {
			check(twz_object_sync(object.id), "sync"); /* on a disk nothing is before */
			printf("said %lu\n", (unsigned long)count);
			fflush(stdout);
		}
	}
	return 0;
}
