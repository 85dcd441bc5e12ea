/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commit of a run in the store: globals, outputs and sequence number by one record of the
 * journal. Plain C over store.h, also built on the host, where every crash state is tried
 * (tests/crash).
 */
#ifndef KERNEL_HANDLER_COMMIT_H
#define KERNEL_HANDLER_COMMIT_H

#include "../store/store.h"

/* A page of globals that the run has written. */
struct handler_commit_page {
	uint64_t page;
	const void *contents; /* 4096 bytes, not in the store */
};

/* Bytes to append to a file object. Each file stands here once. */
struct handler_commit_file {
	const struct store_object *object;
	uint64_t size; /* of the file now; size + length fits into the object */
	const void *bytes;
	uint64_t length; /* > 0 */
};

struct handler_commit {
	struct store *store; /* locked by the caller */
	const struct store_object *state;
	const struct handler_commit_page *pages;
	uint64_t page_count;
	const struct handler_commit_file *files;
	uint64_t file_count;
	uint64_t time; /* the files' modification time, nanoseconds since the epoch */
	const struct store_object *registry;
	uint64_t sequence_offset; /* of the handler's sequence number in the registry, 8-aligned */
	uint64_t sequence;
	/* working memory: zeroed, NULL when there is none */
	void *(*allocate)(size_t count, size_t size);
	void (*release)(void *memory);
	/* as store_commit's; may be NULL */
	void (*moved)(void *context, const struct store_swap *swap);
	void *context;
};

/*
 * All of it durable (0) or nothing (an error), and one or the other after a crash. NO_SPACE,
 * TOO_MANY (more than the journal holds), OUT_OF_MEMORY, CORRUPT.
 */
twz_result handler_commit(const struct handler_commit *commit);

#endif
