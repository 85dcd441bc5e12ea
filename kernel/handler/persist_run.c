/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings a run's globals and outputs together for the one commit (commit.c). */
#include <heap.h>
#include <persistent.h>
#include <string.h>
#include "commit.h"
#include "persist.h"
#include "registry.h"

struct gathering {
	struct handler_commit_page *pages;
	uint64_t count;
};

/* The frames stay: nobody else knows the run's copy, and it lives until the run has been applied.
 */
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
	struct handler_commit_file *files;
	uint64_t count;
};

static twz_result gather_files(const struct handler_run *run, const struct file_growth *growths,
			       struct appends *appends)
{
	uint64_t outputs = run->version->program->image->output_count;
	twz_result result = TWZ_OK;

	appends->files = kernel_alloc_array(outputs ? outputs : 1, sizeof(*appends->files));
	if (!appends->files)
		return -TWZ_ERR_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < outputs && result >= 0; i++) {
		const struct store_object *object;
		uint8_t *bytes;

		if (!growths[i].length)
			continue;
		object = persistent_handle(growths[i].file);
		if (!object)
			return -TWZ_ERR_CROSS_DEVICE; /* not in the store: it could not be one
							 transaction */
		bytes = kernel_alloc(growths[i].length);
		if (!bytes)
			return -TWZ_ERR_OUT_OF_MEMORY;
		appends->files[appends->count++] = (struct handler_commit_file){
			object, growths[i].size, bytes, growths[i].length};
		result = growth_bytes(run, i, collect_bytes, &bytes);
	}
	return result < 0 ? result : TWZ_OK;
}

static void release_files(struct appends *appends)
{
	for (uint64_t i = 0; i < appends->count; i++)
		kernel_free((void *)appends->files[i].bytes);
	kernel_free(appends->files);
}

static twz_result commit_run(struct handler *handler, struct handler_run *run,
			     const struct appends *appends, const struct gathering *gathering,
			     uint64_t sequence)
{
	struct object *state = run->version->state;
	struct handler_commit commit = {
		.store = persistent_store(),
		.state = state ? persistent_handle(state) : NULL,
		.pages = gathering->pages,
		.page_count = gathering->count,
		.files = appends->files,
		.file_count = appends->count,
		.time = run->time,
		.registry = persistent_handle(handler_registry),
		.sequence_offset =
			(handler->slot << PAGE_SHIFT) + offsetof(struct registry_record, sequence),
		.sequence = sequence,
		.allocate = kernel_alloc_array,
		.release = kernel_free,
		.moved = persistent_moved,
	};
	twz_result result;

	if (state && !commit.state)
		return -TWZ_ERR_CORRUPT;
	persistent_lock();
	result = persistent_settle();
	if (result == TWZ_OK)
		result = handler_commit(&commit);
	persistent_unlock();
	return result;
}

twz_result persist_apply(struct handler *handler, struct handler_run *run,
			 const struct file_growth *growths, uint64_t sequence)
{
	uint64_t pages = program_data_pages(run->version->program);
	struct gathering gathering = {
		kernel_alloc_array(pages ? pages : 1, sizeof(*gathering.pages)), 0};
	struct appends appends = {0};
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (gathering.pages)
		result = run->data ? object_visit_dirty(run->data, 0, pages, false, gather_page,
							&gathering)
				   : TWZ_OK;
	if (result >= 0)
		result = gather_files(run, growths, &appends);
	if (result >= 0)
		result = commit_run(handler, run, &appends, &gathering, sequence);
	release_files(&appends);
	kernel_free(gathering.pages);
	return result;
}
