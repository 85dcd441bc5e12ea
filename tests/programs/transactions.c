/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transactions between programs: a child that ends within one is undone by whoever comes next; many
 * programs take turns on one object, and append to one log in it. shapes: dynamic static
 */
#include "check.h"
#include <signal.h>
#include <sys/wait.h>
#include <twz/alloc.h>
#include <twz/append_log.h>
#include <twz/ptr.h>
#include <twz/tx.h>
#include <unistd.h>

#define PROGRAMS 4
#define ROUNDS	 200

struct content {
	uint64_t number[2];
	twz_ptr(uint64_t) block;
	struct twz_append_log log;
};

struct entry {
	uint32_t program, number;
};

static struct twz_object object;
static struct content *content;

static void dies_within(void)
{
	struct twz_tx tx;

	CHECK(twz_tx_begin(&tx, &object) == TWZ_OK);
	CHECK(twz_tx_set(&tx, &content->number[0], 13) == TWZ_OK);
	CHECK(twz_tx_alloc(&tx, 64, &content->block) == TWZ_OK);
	raise(SIGKILL);
}

static void counts(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct twz_tx tx;
		TWZ_TX(&tx, &object)
		{
			twz_tx_set(&tx, &content->number[0], content->number[0] + 1);
			if (i % 4 == 3)
				break;
			twz_tx_set(&tx, &content->number[1], content->number[1] + 1);
		}
		CHECK(tx.result == (i % 4 == 3 ? -TWZ_ERR_INTERRUPTED : TWZ_OK));
	}
}

static void appends(uint32_t program)
{
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct entry entry = {program, i};
		CHECK(twz_append_log_add(&object, &content->log, &entry, sizeof(entry), NULL) ==
		      TWZ_OK);
	}
}

/* All that the programs appended, each one's in order. */
static void read_log(void)
{
	struct twz_append_log_cursor cursor = {0};
	uint32_t seen[PROGRAMS] = {0}, count = 0;
	struct entry entry;

	while (twz_append_log_next(&object, &content->log, &cursor, &entry, sizeof(entry)) == 1) {
		CHECK(entry.program < PROGRAMS);
		CHECK(entry.number == seen[entry.program % PROGRAMS]++);
		count++;
	}
	CHECK(count == PROGRAMS * ROUNDS);
}

int main(void)
{
	struct twz_id id;
	int status;

	CHECK(twz_object_create(0, TWZ_KIND_DATA, &id) == TWZ_OK);
	CHECK(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) == TWZ_OK);
	CHECK(twz_heap_make(&object, sizeof(struct content)) == TWZ_OK);
	CHECK(twz_tx_open(&object) == TWZ_OK);
	content = twz_object_base(&object);

	pid_t child = fork();
	if (child == 0)
		dies_within();
	CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
	CHECK(content->number[0] == 13); /* as it died */
	CHECK(twz_tx_open(&object) == 1);
	CHECK(content->number[0] == 0 && content->block.word == 0);

	for (uint32_t i = 0; i < PROGRAMS; i++) {
		child = fork();
		if (child == 0) {
			counts();
			appends(i);
			_exit(0);
		}
		CHECK(child > 0);
	}
	for (int i = 0; i < PROGRAMS; i++)
		CHECK(wait(&status) > 0 && status == 0);
	CHECK(content->number[0] == PROGRAMS * ROUNDS * 3 / 4);
	CHECK(content->number[1] == content->number[0]);
	read_log();
	CHECK(twz_object_delete(id) == TWZ_OK);
	return check_result("transactions");
}
