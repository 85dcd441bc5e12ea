/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes a run's globals and outputs true: first everything that can fail, then the change. */
#include <heap.h>
#include <timer.h>
#include "persist.h"

/* ---- the records that the run has left; hostile ---- */

struct record {
	uint64_t output, at, length; /* `at`: offset of the bytes in the run space */
};

/* The record at *next, which moves on; 0 at the end, 1 for a record. */
static twz_result next_record(const struct handler_run *run, uint64_t *next, struct record *out)
{
	struct twz_handler_append header;
	uint64_t left = run->output_length - *next, padded;
	twz_result result;

	if (left == 0)
		return 0;
	if (left < sizeof(header))
		return -TWZ_ERR_BAD_FORMAT;
	result = object_read(run->run_space, run->output_base + *next, &header, sizeof(header));
	if (result < 0)
		return result;
	padded = ((uint64_t)header.length + 7) & ~7ull;
	if (header.output >= run->version->program->image->output_count ||
	    padded > left - sizeof(header))
		return -TWZ_ERR_BAD_FORMAT;
	out->output = header.output;
	out->at = run->output_base + *next + sizeof(header);
	out->length = header.length;
	*next += sizeof(header) + padded;
	return 1;
}

/* Two outputs may name one file: its bytes belong to the first. */
static uint64_t first_of_file(const struct handler_version *version, uint64_t output)
{
	uint64_t i = 0;

	while (version->outputs[i] != version->outputs[output])
		i++;
	return i;
}

/* ---- files ---- */

static twz_result file_begin(struct object *file, struct file_growth *growth)
{
	struct twz_object_meta meta;
	uint64_t limit;
	twz_result result;

	if (!file || file->flags & OBJECT_DELETED)
		return -TWZ_ERR_NO_SUCH_OBJECT;
	if (!(file->protections & TWZ_RIGHT_WRITE))
		return -TWZ_ERR_ACCESS_DENIED;
	result = object_read(file, TWZ_META_OFFSET, &meta, sizeof(meta));
	if (result < 0)
		return result;
	if (meta.magic != TWZ_META_MAGIC || meta.kind != TWZ_KIND_FILE ||
	    meta.fot_count > TWZ_FOT_MAX)
		return -TWZ_ERR_CORRUPT;
	limit = TWZ_META_OFFSET - TWZ_BASE_OFFSET;
	/* the Foreign Object Table grows down from the meta page; one entry more is left for it */
	if (((uint64_t)meta.fot_count + 1) * sizeof(struct twz_fot_entry) > limit)
		return -TWZ_ERR_NO_SPACE;
	limit -= ((uint64_t)meta.fot_count + 1) * sizeof(struct twz_fot_entry);
	if (meta.size > limit || growth->length > limit - meta.size)
		return -TWZ_ERR_NO_SPACE;
	growth->file = file;
	growth->size = meta.size;
	return TWZ_OK;
}

/* Totals for each file, in an array by output; *out is the caller's to free. */
static twz_result measure(const struct handler_run *run, struct file_growth **out)
{
	uint64_t count = run->version->program->image->output_count, next = 0;
	struct file_growth *growths;
	struct record record;
	twz_result result;

	if (run->output_length > run->output_size ||
	    (run->output_length && run->outputs != TWZ_HANDLER_RUN + run->output_base))
		return -TWZ_ERR_BAD_FORMAT;
	growths = kernel_alloc_array(count ? count : 1, sizeof(*growths));
	if (!growths)
		return -TWZ_ERR_OUT_OF_MEMORY;
	while ((result = next_record(run, &next, &record)) > 0)
		growths[first_of_file(run->version, record.output)].length += record.length;
	for (uint64_t i = 0; i < count && result >= 0; i++)
		if (growths[i].length)
			result = file_begin(run->version->outputs[i], &growths[i]);
	if (result < 0) {
		kernel_free(growths);
		return result;
	}
	*out = growths;
	return TWZ_OK;
}

/* Calls `put` for the bytes of one output's file in the order of the appends. */
twz_result growth_bytes(const struct handler_run *run, uint64_t output, growth_sink put,
			void *context)
{
	struct record record;
	uint64_t next = 0;
	twz_result result;
	char part[256];

	while ((result = next_record(run, &next, &record)) > 0) {
		if (first_of_file(run->version, record.output) != output)
			continue;
		for (uint64_t at = 0, length; at < record.length; at += length) {
			length = record.length - at < sizeof(part) ? record.length - at
								   : sizeof(part);
			result = object_read(run->run_space, record.at + at, part, length);
			if (result >= 0)
				result = put(context, part, length);
			if (result < 0)
				return result;
		}
	}
	return result;
}

/* ---- without a store: private pages first, then nothing can fail ---- */

static twz_result make_writable(struct object *object, uint64_t offset)
{
	twz_result error = TWZ_OK;
	physical_address frame = object_frame(object, offset, true, &error);

	if (!frame)
		return error;
	frame_unref(frame);
	return TWZ_OK;
}

static twz_result prepare_page(void *state, uint64_t page, physical_address frame)
{
	(void)frame;
	return make_writable(state, page << PAGE_SHIFT);
}

static twz_result write_page(void *state, uint64_t page, physical_address frame)
{
	return object_write(state, page << PAGE_SHIFT, phys_to_virt(frame), PAGE_SIZE);
}

static twz_result prepare_file(const struct file_growth *growth)
{
	uint64_t at = PAGE_ROUND_DOWN(TWZ_BASE_OFFSET + growth->size);
	uint64_t end = TWZ_BASE_OFFSET + growth->size + growth->length;
	twz_result result = make_writable(growth->file, TWZ_META_OFFSET);

	for (; at < end && result >= 0; at += PAGE_SIZE)
		result = make_writable(growth->file, at);
	return result;
}

struct file_position {
	struct object *file;
	uint64_t offset;
};

static twz_result write_bytes(void *context, const void *bytes, uint64_t length)
{
	struct file_position *position = context;
	twz_result result = object_write(position->file, position->offset, bytes, length);

	position->offset += length;
	return result;
}

static twz_result write_file(const struct handler_run *run, uint64_t output,
			     const struct file_growth *growth)
{
	struct file_position position = {growth->file, TWZ_BASE_OFFSET + growth->size};
	uint64_t size = growth->size + growth->length;
	twz_result result = growth_bytes(run, output, write_bytes, &position);

	if (result >= 0)
		result = object_write(growth->file,
				      TWZ_META_OFFSET + offsetof(struct twz_object_meta, mtime),
				      &run->time, sizeof(run->time));
	if (result >= 0)
		result = object_write(growth->file,
				      TWZ_META_OFFSET + offsetof(struct twz_object_meta, size),
				      &size, sizeof(size));
	return result;
}

static twz_result apply_in_memory(struct handler_run *run, const struct file_growth *growths)
{
	uint64_t count = run->version->program->image->output_count;
	uint64_t pages = program_data_pages(run->version->program);
	struct object *state = run->version->state;
	twz_result result = TWZ_OK;

	if (state)
		result = object_visit_dirty(run->data, 0, pages, false, prepare_page, state);
	for (uint64_t i = 0; i < count && result >= 0; i++)
		if (growths[i].length)
			result = prepare_file(&growths[i]);
	if (result >= 0 && state)
		result = object_visit_dirty(run->data, 0, pages, false, write_page, state);
	for (uint64_t i = 0; i < count && result >= 0; i++)
		if (growths[i].length)
			result = write_file(run, i, &growths[i]);
	return result;
}

twz_result run_apply(struct handler *handler, struct handler_run *run, uint64_t sequence)
{
	struct file_growth *growths = NULL;
	twz_result result;

	if (run->output_length == TWZ_HANDLER_DISCARD)
		return -TWZ_ERR_INTERRUPTED;
	result = measure(run, &growths);
	if (result < 0)
		return result;
	result = handler->slot ? persist_apply(handler, run, growths, sequence)
			       : apply_in_memory(run, growths);
	kernel_free(growths);
	if (result >= 0)
		run->version->sequence = sequence;
	return result < 0 ? result : TWZ_OK;
}
