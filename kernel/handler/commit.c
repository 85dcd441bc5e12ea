/* SPDX-License-Identifier: BSD-2-Clause */
/* The commit of a run in the store; see commit.h. */
#include "commit.h"

/* What the journal's record is made of. */
struct plan {
	struct store_swap *swaps;
	struct store_update *updates;
	uint64_t swap_count, update_count;
	uint64_t first_tail; /* swaps from here on own their contents */
};

static uint64_t first_page(const struct handler_commit_file *file)
{
	return (TWZ_BASE_OFFSET + file->size) / TWZ_PAGE_SIZE;
}

static uint64_t last_page(const struct handler_commit_file *file)
{
	return (TWZ_BASE_OFFSET + file->size + file->length - 1) / TWZ_PAGE_SIZE;
}

/* The new contents of one page of a growing file: what the file has there, then what is appended.
 */
static twz_result tail_page(const struct handler_commit *commit,
			    const struct handler_commit_file *file, uint64_t page,
			    uint8_t *contents)
{
	uint64_t start = page * TWZ_PAGE_SIZE, end = TWZ_BASE_OFFSET + file->size, kept = 0, skip,
		 length;
	bool present;
	twz_result result;

	if (end > start) {
		kept = end - start;
		result = store_read(commit->store, file->object, page, contents, &present);
		if (result != TWZ_OK)
			return result;
		if (kept < TWZ_PAGE_SIZE)
			__builtin_memset(contents + kept, 0, TWZ_PAGE_SIZE - kept);
	}
	skip = kept ? 0 : start - end; /* appended bytes that stand in earlier pages */
	length = TWZ_PAGE_SIZE - kept;
	if (length > file->length - skip)
		length = file->length - skip;
	__builtin_memcpy(contents + kept, (const uint8_t *)file->bytes + skip, length);
	return TWZ_OK;
}

static twz_result plan_file(const struct handler_commit *commit,
			    const struct handler_commit_file *file, struct plan *plan)
{
	twz_result result = TWZ_OK;

	for (uint64_t page = first_page(file); page <= last_page(file) && result == TWZ_OK;
	     page++) {
		uint8_t *contents = commit->allocate(1, TWZ_PAGE_SIZE);

		if (!contents)
			return -TWZ_ERR_OUT_OF_MEMORY;
		plan->swaps[plan->swap_count++] =
			(struct store_swap){file->object, page, contents, 0};
		result = tail_page(commit, file, page, contents);
	}
	plan->updates[plan->update_count++] = (struct store_update){
		file->object, TWZ_META_OFFSET + offsetof(struct twz_object_meta, size),
		file->size + file->length};
	plan->updates[plan->update_count++] = (struct store_update){
		file->object, TWZ_META_OFFSET + offsetof(struct twz_object_meta, mtime),
		commit->time};
	return result;
}

static twz_result make_plan(const struct handler_commit *commit, struct plan *plan)
{
	uint64_t swaps = commit->page_count;
	twz_result result = TWZ_OK;

	for (uint64_t i = 0; i < commit->file_count; i++)
		swaps += last_page(&commit->files[i]) - first_page(&commit->files[i]) + 1;
	plan->swaps = commit->allocate(swaps ? swaps : 1, sizeof(*plan->swaps));
	plan->updates = commit->allocate(commit->file_count * 2 + 1, sizeof(*plan->updates));
	if (!plan->swaps || !plan->updates)
		return -TWZ_ERR_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < commit->page_count; i++)
		plan->swaps[plan->swap_count++] = (struct store_swap){
			commit->state, commit->pages[i].page, commit->pages[i].contents, 0};
	plan->first_tail = plan->swap_count;
	for (uint64_t i = 0; i < commit->file_count && result == TWZ_OK; i++)
		result = plan_file(commit, &commit->files[i], plan);
	plan->updates[plan->update_count++] =
		(struct store_update){commit->registry, commit->sequence_offset, commit->sequence};
	return result;
}

twz_result handler_commit(const struct handler_commit *commit)
{
	struct plan plan = {0};
	twz_result result = make_plan(commit, &plan);

	if (result == TWZ_OK)
		result = store_commit(commit->store, plan.swaps, plan.swap_count, plan.updates,
				      plan.update_count, commit->moved, commit->context);
	for (uint64_t i = plan.first_tail; i < plan.swap_count; i++)
		commit->release((void *)plan.swaps[i].contents);
	commit->release(plan.swaps);
	commit->release(plan.updates);
	return result;
}
