/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the commit of a handler's run share: a state, a registry, two files, a run. */
#ifndef HANDLER_RUN_H
#define HANDLER_RUN_H

#include "store_state.h"
#include <commit.h>

#define RUN_SEQUENCE_OFFSET (4096 + 80) /* in the registry */

static struct store_object run_state, run_registry, run_files[2];
static const uint64_t run_size_offset = TWZ_META_OFFSET + offsetof(struct twz_object_meta, size);

/* One number for each of the things that belong together. */
struct run_contents {
	uint64_t sequence, sizes[2], globals, bytes[2];
};

/* The word of an object; ends the program where the store has none. */
static inline uint64_t *run_word(struct store *store, const struct store_object *object,
				 uint64_t offset)
{
	uint64_t block;

	if (store_page(store, object, offset / 4096, true, &block) != TWZ_OK)
		abort();
	return (uint64_t *)((uint8_t *)store_block(store, block) + offset % 4096);
}

static inline uint64_t run_sum(struct store *store, const struct store_object *object,
			       uint64_t offset, uint64_t length)
{
	uint64_t sum = TWZ_FNV_START;

	for (uint64_t at = offset; at < offset + length; at++) {
		const uint8_t *bytes = (const uint8_t *)run_word(store, object, at & ~7ull);
		sum = twz_fnv1a(sum, bytes + at % 8, 1);
	}
	return sum;
}

static inline struct run_contents run_contents_of(struct store *store)
{
	struct run_contents c = {.sequence = *run_word(store, &run_registry, RUN_SEQUENCE_OFFSET),
				 .globals = run_sum(store, &run_state, 0, 8192)};

	for (int i = 0; i < 2; i++) {
		c.sizes[i] = *run_word(store, &run_files[i], run_size_offset);
		c.bytes[i] = run_sum(store, &run_files[i], TWZ_BASE_OFFSET,
				     c.sizes[i] < 20000 ? c.sizes[i] : 0);
	}
	return c;
}

static inline twz_result run_create(struct store *store)
{
	struct store_object *all[] = {&run_state, &run_registry, &run_files[0], &run_files[1]};
	twz_result result = TWZ_OK;

	for (uint64_t i = 0; i < 4 && result == TWZ_OK; i++) {
		*all[i] = (struct store_object){.id = state_id(i),
						.flags = TWZ_OBJECT_PERSISTENT |
							 (i < 2 ? TWZ_OBJECT_RAW : 0),
						.kind = i < 2 ? 0 : TWZ_KIND_FILE};
		result = store_create(store, all[i]);
	}
	return result;
}

/*
 * Run number `n`: both pages of globals, an append of `lengths` bytes (at most 9000) to each file
 * that has any. `commit` has the caller's allocate, release, moved and context.
 */
static inline twz_result run_commit(struct handler_commit commit, struct store *store, uint64_t n,
				    const uint64_t lengths[2])
{
	static uint8_t pages[2][4096], text[9000];
	struct handler_commit_page dirty[2] = {{0, pages[0]}, {1, pages[1]}};
	struct handler_commit_file grown[2];

	memset(pages[0], (int)n, sizeof(pages[0]));
	memset(pages[1], (int)n + 1, sizeof(pages[1]));
	for (uint64_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 7 + n);
	commit.store = store;
	commit.state = &run_state;
	commit.pages = dirty;
	commit.page_count = 2;
	commit.files = grown;
	commit.time = n;
	commit.registry = &run_registry;
	commit.sequence_offset = RUN_SEQUENCE_OFFSET;
	commit.sequence = n;
	for (int i = 0; i < 2; i++)
		if (lengths[i])
			grown[commit.file_count++] = (struct handler_commit_file){
				&run_files[i], *run_word(store, &run_files[i], run_size_offset),
				text, lengths[i]};
	return handler_commit(&commit);
}

#endif
