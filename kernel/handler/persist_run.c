/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings a run's globals and outputs together for the one commit (commit.c). */
#include <heap.h>
#include <store.h>
#include <string.h>
#include "commit.h"
#include "persist.h"
#include "registry.h"

struct gathering {
	struct handler_commit_page *pages;
	uint64_t count;
};

/* The frames stay: nobody else knows the run's copy, and it lives until the run has been applied. */
static twz_result gather_page(void *context, uint64_t page, physical_address frame)
{
	struct gathering *gathering = context;

	gathering->pages[gathering->count].page = page;
	gathering->pages[gathering->count].contents = phys_to_virt(frame);
	gathering->count++;
	return TWZ_OK;
}

static twz_result collect_bytes(void *context, const void *bytes, uint64_t length)
{
	uint8_t **at = context;

	memcpy(*at, bytes, length);
	*at += length;
	return TWZ_OK;
}

/* What a commit of a run needs, in arrays by output. */
struct appends {
	struct store_object *handles;
	struct handler_commit_file *files;
	uint64_t count;
};

static twz_result gather_files(const struct handler_run *run, const struct file_growth *growths,
			       struct appends *appends)
{
	uint64_t outputs = run->version->program->image->output_count;
	twz_result result = TWZ_OK;

	appends->handles = kernel_alloc_array(outputs ? outputs : 1, sizeof(*appends->handles));
	appends->files = kernel_alloc_array(outputs ? outputs : 1, sizeof(*appends->files));
	if (!appends->handles || !appends->files)
		return -TWZ_ERR_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < outputs && result >= 0; i++) {
		struct handler_commit_file *file = &appends->files[appends->count];
		uint8_t *bytes;

		if (!growths[i].length)
			continue;
		bytes = kernel_alloc(growths[i].length);
		if (!bytes)
			return -TWZ_ERR_OUT_OF_MEMORY;
		*file = (struct handler_commit_file){&appends->handles[appends->count], growths[i].size, bytes,
						     growths[i].length};
		appends->count++;
		result = growth_bytes(run, i, collect_bytes, &bytes);
	}
	return result < 0 ? result : TWZ_OK;
}

static void release_files(struct appends *appends)
{
	for (uint64_t i = 0; i < appends->count; i++)
		kernel_free((void *)appends->files[i].bytes);
	kernel_free(appends->handles);
	kernel_free(appends->files);
}

/* Every handle under the store's lock, then the commit. */
static twz_result commit_locked(struct handler *handler, struct handler_run *run,
				const struct file_growth *growths, struct appends *appends,
				const struct gathering *gathering, uint64_t sequence)
{
	struct store_object state, record;
	struct handler_commit commit = {
		.store = store_opened(),
		.state = &state,
		.pages = gathering->pages,
		.page_count = gathering->count,
		.files = appends->files,
		.file_count = appends->count,
		.time = run->time,
		.registry = &record,
		.sequence_offset = (handler->slot << PAGE_SHIFT) + offsetof(struct registry_record, sequence),
		.sequence = sequence,
		.allocate = kernel_alloc_array,
		.release = kernel_free,
		.moved = store_moved,
	};
	uint64_t next = 0;

	if (!store_object_of(handler_registry, &record) ||
	    (run->version->state && !store_object_of(run->version->state, &state)))
		return -TWZ_ERR_CORRUPT;
	for (uint64_t i = 0; next < appends->count; i++)
		if (growths[i].length && !store_object_of(growths[i].file, &appends->handles[next++]))
			return -TWZ_ERR_CROSS_DEVICE; /* not in the store: it could not be one transaction */
	return handler_commit(&commit);
}

twz_result persist_apply(struct handler *handler, struct handler_run *run, const struct file_growth *growths,
			 uint64_t sequence)
{
	uint64_t pages = program_data_pages(run->version->program);
	struct gathering gathering = {kernel_alloc_array(pages ? pages : 1, sizeof(*gathering.pages)), 0};
	struct appends appends = {0};
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (gathering.pages)
		result = run->data ? object_visit_dirty(run->data, 0, pages, false, gather_page, &gathering) :
				     TWZ_OK;
	if (result >= 0)
		result = gather_files(run, growths, &appends);
	if (result >= 0) {
		store_enter();
		result = commit_locked(handler, run, growths, &appends, &gathering, sequence);
		store_leave();
	}
	release_files(&appends);
	kernel_free(gathering.pages);
	return result;
}
