/* SPDX-License-Identifier: BSD-2-Clause */
/* Batches: the list of programs, and the results. */
#ifndef TWIZZLER_RUN_BATCH_H
#define TWIZZLER_RUN_BATCH_H

#include <stdio.h>

#include "guest.h"

/* One line of the list. */
struct entry {
	struct job job;
	size_t line;		    /* in the file, from 1 */
	struct strings environment; /* what the line adds */
	uint64_t timeout_ns;	    /* 0: the batch's */
	char *input;		    /* file for standard input, or NULL */
	enum { EXPECT_CODE, EXPECT_SIGNAL, EXPECT_TIMEOUT, EXPECT_ANY } expect;
	int expected;  /* exit code or signal number */
	char *refusal; /* why it cannot be run, or NULL */
	int refusal_code;
};

struct batch_list {
	struct entry *entries;
	size_t count;
};

/* ---- batch_list.c ---- */

/* Reads the list; false: a message has been printed. */
bool batch_read(struct batch_list *list, const char *path);

/* ---- results.c ---- */

struct results {
	FILE *stream;
	const char *directory; /* for files with the outputs, or NULL: outputs stand in the lines */
	size_t passed, failed;
};

/* Opens `path` (NULL: standard output) and writes the head line. False: a message was printed. */
bool results_open(struct results *results, const char *path, const char *directory);
/* Writes one program's line; index counts from 1. The runner's words join task->error. */
void results_add(struct results *results, size_t index, const struct entry *entry,
		 struct task *task, const struct ending *ending);
/* False when the results could not be written. */
bool results_close(struct results *results);

#endif
