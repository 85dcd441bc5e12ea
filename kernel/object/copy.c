/* SPDX-License-Identifier: BSD-2-Clause */
/* Copying ranges between objects, by sharing pages where possible; cloning. */
#include <heap.h>
#include <string.h>
#include <thread.h>
#include "page_map.h"
#include "internal.h"

#define CHUNK 32 /* pages whose frames are taken from the source at a time */

struct chunk {
	uint64_t count;
	physical_address frames[CHUNK]; /* a reference each; 0: nothing there */
};

static void chunk_drop(struct chunk *chunk)
{
	for (uint64_t i = 0; i < chunk->count; i++) {
		if (chunk->frames[i])
			frame_unref(chunk->frames[i]);
	}
	chunk->count = 0;
}

/* A page that cannot be shared (NVDIMM): a copy of its bytes. Lock not held. */
static twz_result copy_frame(struct object *from, uint64_t page, physical_address *out)
{
	twz_result error;
	physical_address source = object_frame(from, page * PAGE_SIZE, false, &error);

	if (!source)
		return error;
	*out = frame_alloc();
	if (*out)
		page_copy(phys_to_virt(*out), phys_to_virt(source));
	frame_unref(source);
	return *out ? TWZ_OK : -TWZ_ERR_OUT_OF_MEMORY;
}

/*
 * A page of an object with a pager that is not in its map: straight from the pager, without
 * entering it, when it may be shared; else through the map. *out 0: no page there.
 */
static twz_result take_from_pager(struct object *from, uint64_t page, physical_address *out)
{
	struct object_page got = {0, 0};
	twz_result result = from->pager->fetch(from, page, false, &got);

	*out = 0;
	if (result < 0 || !got.frame || got.flags & OBJECT_PAGE_HOLE)
		return result;
	if (got.flags & OBJECT_PAGE_COPY && !frame_counted(got.frame)) {
		*out = got.frame;
		return TWZ_OK;
	}
	if (!(got.flags & OBJECT_PAGE_ENTERED)) /* else it is the map's */
		frame_unref(got.frame);
	return copy_frame(from, page, out);
}

/* Take up to CHUNK frames of the source for sharing; complete on all CPUs at return. */
static twz_result take_chunk(struct object *from, uint64_t page, uint64_t count,
			     struct chunk *chunk)
{
	uint64_t flags = spin_lock(&from->lock), ask = 0, copy = 0;
	struct tlb_batch batch;
	twz_result result;

	tlb_batch_begin(&batch, from);
	chunk->count = count < CHUNK ? count : CHUNK;
	for (uint64_t i = 0; i < chunk->count; i++) {
		volatile uint64_t *entry = page_map_entry(from, page + i, false);

		chunk->frames[i] = 0;
		if (!entry || !pte_has_frame(*entry)) {
			if (from->pager)
				ask |= 1ull << i;
			continue;
		}
		entry = page_map_entry(from, page + i, true);
		chunk->frames[i] = entry ? page_map_share(from, entry, page + i, &batch) : 0;
		if (!chunk->frames[i])
			copy |= 1ull << i;
	}
	tlb_batch_finish(&batch);
	spin_unlock(&from->lock, flags);
	for (uint64_t i = 0; i < chunk->count; i++) {
		if (ask & 1ull << i)
			result = take_from_pager(from, page + i, &chunk->frames[i]);
		else if (copy & 1ull << i)
			result = copy_frame(from, page + i, &chunk->frames[i]);
		else
			continue;
		if (result < 0) {
			chunk_drop(chunk);
			return result;
		}
	}
	return TWZ_OK;
}

/* Enter the frames of a chunk at `page`; takes over their references. */
static twz_result put_chunk(struct object *to, uint64_t page, struct chunk *chunk)
{
	uint64_t flags = spin_lock(&to->lock);
	twz_result result = TWZ_OK;
	struct tlb_batch batch;

	tlb_batch_begin(&batch, to);
	for (uint64_t i = 0; i < chunk->count; i++) {
		volatile uint64_t *entry = page_map_entry(to, page + i, chunk->frames[i] != 0);

		if (!entry && !chunk->frames[i])
			continue;
		if (entry && !chunk->frames[i] && pte_has_frame(*entry))
			entry = page_map_entry(to, page + i, true);
		if (!entry) {
			result = -TWZ_ERR_OUT_OF_MEMORY;
			break;
		}
		page_map_install_shared(to, entry, page + i, chunk->frames[i], &batch);
		chunk->frames[i] = 0;
	}
	tlb_batch_finish(&batch);
	spin_unlock(&to->lock, flags);
	chunk_drop(chunk);
	return result;
}

/* How many pages from here on lie in tables that neither object has. */
static uint64_t shared_hole(struct object *to, uint64_t to_page, struct object *from,
			    uint64_t from_page, uint64_t count)
{
	uint64_t flags, next;

	if (from->pager)
		return 0;
	flags = spin_lock(&from->lock);
	next = page_map_next_table(from, from_page) - from_page;
	spin_unlock(&from->lock, flags);
	if (next < count)
		count = next;
	if (!count)
		return 0;
	flags = spin_lock(&to->lock);
	next = page_map_next_table(to, to_page) - to_page;
	spin_unlock(&to->lock, flags);
	return next < count ? next : count;
}

static twz_result share_pages(struct object *to, uint64_t to_page, struct object *from,
			      uint64_t from_page, uint64_t count)
{
	bool tried = false;

	while (count) {
		struct chunk chunk;
		uint64_t done = shared_hole(to, to_page, from, from_page, count);
		twz_result result;

		/* where neither has a table there is nothing to do, however large it is */
		to_page += done;
		from_page += done;
		count -= done;
		if (!count)
			break;
		result = take_chunk(from, from_page, count, &chunk);
		if (result >= 0) {
			done = chunk.count;
			result = put_chunk(to, to_page, &chunk);
		}
		if (result == -TWZ_ERR_OUT_OF_MEMORY && !tried && memory_reclaim()) {
			tried = true; /* the same pages once more */
			continue;
		}
		if (result < 0)
			return result;
		to_page += done;
		from_page += done;
		count -= done;
		thread_breathe();
	}
	return TWZ_OK;
}

/* Bytes within one page on either side. */
static twz_result copy_bytes(struct object *to, uint64_t to_offset, struct object *from,
			     uint64_t from_offset, uint64_t length)
{
	twz_result error;
	physical_address source, target = object_frame(to, to_offset, true, &error);

	if (!target)
		return error;
	source = object_frame(from, from_offset, false, &error);
	if (source) {
		memmove((char *)phys_to_virt(target) + to_offset % PAGE_SIZE,
			(char *)phys_to_virt(source) + from_offset % PAGE_SIZE, length);
		frame_unref(source);
	}
	frame_unref(target);
	return source ? TWZ_OK : error;
}

static bool page_is_zero(const uint64_t *words)
{
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		if (words[i])
			return false;
	}
	return true;
}

/* How many pages from here on are zeroes in the source, found without giving it any. */
static uint64_t zero_pages(struct object *from, uint64_t page, uint64_t count)
{
	const volatile uint64_t *entry = NULL;
	physical_address frame;
	twz_result error;
	uint64_t flags, next = page + 1;
	bool zero;

	if (!from->pager) {
		flags = spin_lock(&from->lock);
		next = page_map_next_table(from, page);
		if (next == page) {
			next = page + 1;
			entry = page_map_entry(from, page, false);
		}
		zero = !entry || !pte_has_frame(*entry);
		spin_unlock(&from->lock, flags);
	} else {
		frame = object_frame(from, page * PAGE_SIZE, false, &error);
		zero = frame && page_is_zero(phys_to_virt(frame));
		if (frame)
			frame_unref(frame);
	}
	if (!zero)
		return 0;
	return next - page < count ? next - page : count;
}

/*
 * Whole pages into an object whose pager takes bytes: what is zero in the source is discarded
 * there, so that a sparse object stays so.
 */
static twz_result copy_pages(struct object *to, uint64_t to_page, struct object *from,
			     uint64_t from_page, uint64_t count)
{
	twz_result result = TWZ_OK;
	uint64_t zeroes = 0; /* pages before to_page that are still to be discarded */

	while (result >= 0 && (count || zeroes)) {
		uint64_t done = count ? zero_pages(from, from_page, count) : 0;

		if (done) {
			zeroes += done;
		} else if (zeroes) {
			result = object_discard_pages(to, (to_page - zeroes) * PAGE_SIZE,
						      zeroes * PAGE_SIZE);
			zeroes = 0;
		} else {
			result = copy_bytes(to, to_page * PAGE_SIZE, from, from_page * PAGE_SIZE,
					    PAGE_SIZE);
			done = 1;
		}
		to_page += done;
		from_page += done;
		count -= done;
		thread_breathe();
	}
	return result;
}

twz_result object_check_ranges(const struct object *to, uint64_t to_offset,
			       const struct object *from, uint64_t from_offset, uint64_t length)
{
	if (to_offset > TWZ_SLOT_SIZE || length > TWZ_SLOT_SIZE - to_offset)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (from_offset > TWZ_SLOT_SIZE || length > TWZ_SLOT_SIZE - from_offset)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (to == from && to_offset < from_offset + length && from_offset < to_offset + length)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (to->flags & (OBJECT_SEALED | OBJECT_CONTROL))
		return -TWZ_ERR_ACCESS_DENIED;
	/* the null page is no place */
	if (length && !(to->flags & TWZ_OBJECT_RAW) && to_offset < PAGE_SIZE)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (length && !(from->flags & (TWZ_OBJECT_RAW | OBJECT_CONTROL)) && from_offset < PAGE_SIZE)
		return -TWZ_ERR_INVALID_ARGUMENT;
	return TWZ_OK;
}

twz_result object_copy(struct object *to, uint64_t to_offset, struct object *from,
		       uint64_t from_offset, uint64_t length)
{
	twz_result result = object_check_ranges(to, to_offset, from, from_offset, length);
	/* a pager's object takes bytes, as its pages are not ours to replace */
	bool whole =
		(to_offset - from_offset) % PAGE_SIZE == 0 && (!to->pager || to->pager->discard);

	while (result >= 0 && length) {
		uint64_t part = PAGE_SIZE - to_offset % PAGE_SIZE;

		if (whole && to_offset % PAGE_SIZE == 0 && length >= PAGE_SIZE) {
			part = PAGE_ROUND_DOWN(length);
			result = (to->pager ? copy_pages : share_pages)(
				to, to_offset / PAGE_SIZE, from, from_offset / PAGE_SIZE,
				part / PAGE_SIZE);
		} else {
			if (part > PAGE_SIZE - from_offset % PAGE_SIZE)
				part = PAGE_SIZE - from_offset % PAGE_SIZE;
			if (part > length)
				part = length;
			result = copy_bytes(to, to_offset, from, from_offset, part);
			thread_breathe();
		}
		to_offset += part;
		from_offset += part;
		length -= part;
	}
	return result;
}

#define SPLIT 4u /* large pages under one hold of the lock */

/* Make the large pages small ones, a few at a time. */
static void split_large_pages(struct object *object)
{
	for (unsigned i = 0; i < TABLE_ENTRIES && object->large_pages;) {
		uint64_t flags = spin_lock(&object->lock);

		for (unsigned split = 0; i < TABLE_ENTRIES && split < SPLIT; i++) {
			uint64_t page = (uint64_t)i * TABLE_ENTRIES;
			volatile uint64_t *slot = large_slot(object, page);

			if (slot) {
				large_split(object, page, slot);
				split++;
			}
		}
		spin_unlock(&object->lock, flags);
		thread_breathe();
	}
}

twz_result object_clone(struct object *source, struct object **out)
{
	struct object *copy =
		object_allocate(source->flags & ~OBJECT_DELETED, source->kind, source->protections);
	volatile uint64_t *from, *to;
	uint64_t flags;

	if (!copy)
		return -TWZ_ERR_OUT_OF_MEMORY;
	copy->nonce = source->nonce;
	copy->owner = source->owner;
	copy->shown_id = source->shown_id;
	copy->page_rights = source->page_rights;
	split_large_pages(source);
	flags = spin_lock(&source->lock);
	if (source->directory) {
		copy->directory = platform->table_alloc();
		if (!copy->directory) {
			spin_unlock(&source->lock, flags);
			object_put(copy);
			return -TWZ_ERR_OUT_OF_MEMORY;
		}
		if (source->parked)
			page_map_unpark_all(source);
		from = phys_to_virt(source->directory);
		to = phys_to_virt(copy->directory);
		for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
			uint64_t entry;

			if (from[i] & PTE_LARGE) /* a new one */
				large_split(source, (uint64_t)i * TABLE_ENTRIES, &from[i]);
			entry = from[i];
			if (pte_has_frame(entry)) {
				frame_ref(pte_frame(entry));
				entry = directory_entry(pte_frame(entry), PTE_COPY);
				platform->pte_write(&from[i], entry);
			}
			if (entry)
				directory_write(&to[i], entry);
		}
		copy->pages = source->pages;
		tlb_flush_object(source);
	}
	spin_unlock(&source->lock, flags);
	*out = copy;
	return TWZ_OK;
}
