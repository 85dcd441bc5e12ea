/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "change N" changes the store without end, saying which steps are durable; before that it checks
 * that all is there of which N says so, and so does "check N". A step adds a node to a list, moves
 * an amount between accounts in a transaction, exchanges an object behind a name, a file by rename,
 * and adds a line to a file. shapes: static
 */
#include "list.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <twz/alloc.h>
#include <twz/persist.h>
#include <twz/tx.h>
#include <unistd.h>

#define ACCOUNTS  5
#define FILES	  8
#define FILE_SIZE 9000 /* at most */
#define LINE	  16
#define LOG_NAME  "/store/churn-log"
#define NEW_PLACE "/store/churn-place"
#define NEW_NAME  NEW_PLACE "/new" /* another directory than where it goes */

struct churn_node {
	twz_ptr(struct churn_node) next;
	uint64_t value; /* one more than the next one's */
};

struct churn {
	twz_ptr(struct churn_node) first;
	twz_ptr(struct churn_node) spare; /* allocated, not yet first */
	/* the transactions' */
	uint64_t account[ACCOUNTS]; /* their sum is 0 */
	uint64_t step;
	twz_ptr(uint64_t) block; /* holds the step */
};

static void must(int condition, const char *what)
{
	if (condition)
		return;
	perror(what);
	exit(1);
}

static void wrong(const char *what, uint64_t is, uint64_t wanted)
{
	printf("%s: %lu, not %lu\n", what, (unsigned long)is, (unsigned long)wanted);
	exit(1);
}

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

/* ---- a list: allocation, and single words that commit ---- */

/* How many nodes there are, all of them right. */
static uint64_t list_length(struct churn *churn)
{
	struct churn_node *node = twz_deref(&churn->first);
	uint64_t count = node ? node->value : 0, left = count;

	for (; node; node = twz_deref(&node->next), left--)
		if (node->value != left)
			wrong("a node says", node->value, left);
	if (left != 0)
		wrong("nodes that are lost", left, 0);
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

/* ---- accounts: transactions, some of which are undone ---- */

static void check_accounts(struct churn *churn, uint64_t said)
{
	uint64_t sum = 0, *block = twz_deref(&churn->block);

	for (int i = 0; i < ACCOUNTS; i++)
		sum += churn->account[i];
	if (sum != 0)
		wrong("the accounts' sum is", sum, 0);
	if (churn->step < said)
		wrong("the last transaction is", churn->step, said);
	if ((block ? *block : 0) != churn->step)
		wrong("the block says", block ? *block : 0, churn->step);
}

static void move_amount(const struct twz_object *object, struct churn *churn, uint64_t step,
			bool keep)
{
	uint64_t *from = &churn->account[step % ACCOUNTS],
		 *to = &churn->account[step * 3 % ACCOUNTS];
	struct twz_tx tx;

	TWZ_TX(&tx, object)
	{
		twz_tx_set(&tx, from, *from - step);
		twz_tx_set(&tx, to, *to + step);
		twz_tx_set(&tx, &churn->step, step);
		if (churn->block.word != 0)
			twz_tx_free(&tx, &churn->block);
		if (twz_tx_alloc(&tx, 8 + step % 200, &churn->block) == TWZ_OK)
			*twz_deref(&churn->block) = step; /* fresh */
		if (!keep)
			break;
	}
	check(keep || tx.result != -TWZ_ERR_INTERRUPTED ? tx.result : TWZ_OK, "transaction");
}

/* ---- a name, behind which objects are exchanged ---- */

static void exchange_object(struct twz_id root)
{
	struct twz_directory_entry old = {0};
	struct twz_id id;

	check(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &id), "create");
	check(twz_name_replace(root, "/churn-next", id, TWZ_KIND_DATA, NULL), "replace");
	check(twz_name_rename(root, "/churn-next", "/churn-new", &old), "rename");
	if (!twz_id_is_none(old.id))
		check(twz_object_delete(old.id), "delete");
}

/* ---- files that take each other's place ---- */

static size_t fill_file(uint64_t step, uint8_t *bytes)
{
	size_t size = sizeof(step) + step * 7919 % (FILE_SIZE - sizeof(step));

	memcpy(bytes, &step, sizeof(step));
	for (size_t i = sizeof(step); i < size; i++)
		bytes[i] = (uint8_t)(step * 31 + i);
	return size;
}

static void file_name(uint64_t step, char name[32])
{
	snprintf(name, 32, "/store/churn-file-%lu", (unsigned long)(step % FILES));
}

static void replace_file(uint64_t step)
{
	uint8_t bytes[FILE_SIZE];
	size_t size = fill_file(step, bytes);
	char name[32];

	file_name(step, name);
	int fd = open(NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	must(fd >= 0, NEW_NAME);
	must(write(fd, bytes, size) == (ssize_t)size, "write");
	must(fsync(fd) == 0 && close(fd) == 0, "fsync");
	must(rename(NEW_NAME, name) == 0, name);
}

/* Each file is whole, and of the last step that is told and went to it, or of a later one. */
static void check_files(uint64_t said)
{
	uint8_t bytes[FILE_SIZE + 1], wanted[FILE_SIZE];
	struct stat new, status;
	bool is_new = stat(NEW_NAME, &new) == 0;
	char name[32];

	must(mkdir(NEW_PLACE, 0755) == 0 || errno == EEXIST, NEW_PLACE);
	for (uint64_t last = said; last > 0 && last + FILES > said; last--) {
		uint64_t step = 0;
		file_name(last, name);
		int fd = open(name, O_RDONLY);
		must(fd >= 0, name);
		ssize_t size = read(fd, bytes, sizeof(bytes));
		close(fd);
		if (size >= (ssize_t)sizeof(step))
			memcpy(&step, bytes, sizeof(step));
		if (step < last || step % FILES != last % FILES)
			wrong("a file is of step", step, last);
		if (size != (ssize_t)fill_file(step, wanted) || memcmp(bytes, wanted, (size_t)size))
			wrong("a file has other bytes than at step", (uint64_t)size, step);
		if (is_new && stat(name, &status) == 0 && status.st_ino == new.st_ino)
			wrong("a file has its old name and the new one", step, last);
	}
}

/* ---- a file that grows by lines ---- */

/* Opens the log behind its last whole line; *lines: how many it has, all of them right. */
static int open_log(uint64_t *lines)
{
	char line[LINE], wanted[2 * LINE];
	int fd = open(LOG_NAME, O_RDWR | O_CREAT, 0644);

	must(fd >= 0, LOG_NAME);
	for (*lines = 0; read(fd, line, LINE) == LINE; ++*lines) {
		snprintf(wanted, sizeof(wanted), "%15lu\n", (unsigned long)*lines + 1);
		if (memcmp(line, wanted, LINE))
			break;
	}
	struct stat status;
	must(fstat(fd, &status) == 0, "fstat");
	if ((uint64_t)status.st_size / LINE > *lines + 1)
		wrong("right lines of a log", *lines, (uint64_t)status.st_size / LINE);
	must(ftruncate(fd, (off_t)(*lines * LINE)) == 0, "ftruncate");
	must(lseek(fd, 0, SEEK_END) == (off_t)(*lines * LINE), "lseek");
	return fd;
}

static void add_line(int fd, uint64_t number)
{
	char line[2 * LINE];

	snprintf(line, sizeof(line), "%15lu\n", (unsigned long)number);
	must(write(fd, line, LINE) == LINE, "write to the log");
}

/* What comes after a step's node. After a kill it may be half done, so it is done again. */
static void rest_of_step(uint64_t step, struct twz_id root, const struct twz_object *object,
			 int log, uint64_t *lines)
{
	struct churn *churn = twz_object_base(object);

	if (churn->step < step) {
		move_amount(object, churn, step, false);
		move_amount(object, churn, step, true);
	}
	exchange_object(root);
	replace_file(step);
	while (*lines < step)
		add_line(log, ++*lines);
}

int main(int argc, char **argv)
{
	struct twz_directory_entry entry;
	struct twz_id root;
	uint64_t lines;

	if (argc != 3)
		return 2;
	uint64_t said = strtoull(argv[2], NULL, 10);
	check(twz_name_root(&root), "the store's names");
	struct twz_object object = open_churn(root);
	struct churn *churn = twz_object_base(&object);
	check(twz_tx_open(&object), "undo");
	if (churn->spare.word == churn->first.word)
		twz_commit_word(&churn->spare.word, 0); /* it had become the first */
	else
		check(twz_free(&object, &churn->spare), "free");
	uint64_t count = list_length(churn);
	if (count < said)
		wrong("nodes", count, said);
	check_accounts(churn, said);
	check_files(said);
	if (said > 0)
		check(twz_name_lookup(root, "/churn-new", &entry), "/churn-new");
	int log = open_log(&lines);
	if (lines < said)
		wrong("lines", lines, said);
	printf("checked %lu\n", (unsigned long)count);
	fflush(stdout);
	if (strcmp(argv[1], "change"))
		return 0;
	if (count > 0)
		rest_of_step(count, root, &object, log, &lines);
	for (;;) {
		add_node(&object, churn, ++count);
		rest_of_step(count, root, &object, log, &lines);
		if (count % 5 == 0) {
			must(fsync(log) == 0, "fsync of the log");
			/* on a disk nothing of the rest is durable before */
			check(twz_object_sync(object.id), "sync");
			printf("said %lu\n", (unsigned long)count);
			fflush(stdout);
		}
	}
}
