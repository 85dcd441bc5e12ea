/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLB shootdown. Each CPU asks others for one flush at a time, and all may ask at once: who is
 * asked answers everybody in one interrupt. Who spins for anything answers meanwhile.
 */
#include <cpu.h>
#include <interrupt.h>
#include <log.h>
#include <object.h>
#include <platform.h>
#include <tlb.h>
#include <view.h>
#include <x86.h>
#include "../object/page_map.h"

/*
 * What a CPU is to forget. Who asks holds the lock of the object or view until all have answered,
 * so that its maps stand still.
 */
struct flush_request {
	const struct view *leave;    /* load the kernel's root if this one is loaded */
	const struct object *object; /* with pages: of each of its maps in the loaded view */
	const struct view *view;     /* of one slot of this view: the pages, or */
	const struct object *used;   /* what was used of this object, which each CPU finds itself */
	uint64_t slot;
	const uint32_t *pages; /* NULL, and nothing used: everything */
	uint32_t count;
};

static void flush_pages(const struct flush_request *request, uint64_t slot)
{
	uint64_t start = slot << TWZ_SLOT_SHIFT;

	for (uint32_t i = 0; i < request->count; i++)
		platform->flush_page(start + ((uint64_t)request->pages[i] << PAGE_SHIFT));
	/* any one makes the processor forget its cached directories, too */
	if (!request->count)
		platform->flush_page(start);
}

/*
 * The first flush makes this CPU forget the directory: it can cache nothing more of the slot, and
 * what it has cached bears the accessed bit. Returns how many pages these are, as
 * page_map_accessed.
 */
static uint32_t flush_used(const struct flush_request *request, uint32_t *pages)
{
	struct flush_request found = {.pages = pages};

	platform->flush_page(request->slot << TWZ_SLOT_SHIFT);
	found.count = page_map_accessed(request->used, pages, TLB_PAGES);
	if (found.count > TLB_PAGES)
		platform->flush_all();
	else if (found.count)
		flush_pages(&found, request->slot);
	return found.count;
}

static void flush_here(const struct flush_request *request)
{
	const struct view *loaded = this_cpu()->loaded_view;

	if (request->leave && loaded == request->leave) {
		view_load(NULL);
	} else if (request->used) {
		uint32_t pages[TLB_PAGES];

		if (loaded == request->view)
			flush_used(request, pages);
	} else if (!request->pages) {
		platform->flush_all();
	} else if (request->view) {
		if (loaded == request->view)
			flush_pages(request, request->slot);
	} else {
		LIST_FOR_EACH (node, &request->object->maps) {
			struct mapping *map = LIST_ENTRY(node, struct mapping, object_node);

			if (map->view == loaded)
				flush_pages(request, map->slot);
		}
	}
}

/* Interrupts are off, so that this is never in the middle of itself. */
void tlb_answer(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t from;

	while ((from = __atomic_load_n(&cpu->flush_from, __ATOMIC_ACQUIRE))) {
		flush_here(cpus[__builtin_ctzll(from)]->flush_request);
		__atomic_and_fetch(&cpu->flush_from, ~(from & -from), __ATOMIC_RELEASE);
	}
}

/* Interrupts are off. */
static void ask_others(uint64_t others, const struct flush_request *request)
{
	struct cpu *cpu = this_cpu();
	uint64_t self = 1ull << cpu->number;

	cpu->flush_request = request;
	for (uint64_t left = others; left; left &= left - 1) {
		struct cpu *other = cpus[__builtin_ctzll(left)];

		/* who has others to answer finds this one before it stops */
		if (!__atomic_fetch_or(&other->flush_from, self, __ATOMIC_SEQ_CST))
			platform->send_interrupt(other, VECTOR_FLUSH);
	}
	for (uint64_t left = others; left; left &= left - 1) {
		const struct cpu *other = cpus[__builtin_ctzll(left)];

		while (__atomic_load_n(&other->flush_from, __ATOMIC_ACQUIRE) & self) {
			cpu_pause();
			tlb_answer();
		}
	}
}

static void flush_set(uint64_t set, const struct flush_request *request)
{
	uint64_t flags = platform->interrupts_save();
	uint64_t self = 1ull << this_cpu()->number;

	if (set & self)
		flush_here(request);
	if (set & ~self)
		ask_others(set & ~self, request);
	platform->interrupts_restore(flags);
}

void tlb_flush_cpus(uint64_t set, const struct view *leave)
{
	const struct flush_request request = {.leave = leave};

	flush_set(set, &request);
}

void tlb_flush_stacks(void)
{
	uint64_t set = 0;

	/* its entries are not global, so that reloading the root is enough */
	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++)
		set |= cpus[i]->online ? 1ull << i : 0;
	tlb_flush_cpus(set, NULL);
}

void tlb_flush_slot(const struct view *view, uint64_t slot, struct object *object)
{
	struct flush_request request = {.view = view, .slot = slot};
	uint64_t self = 1ull << this_cpu()->number, set;
	uint32_t pages[TLB_PAGES], count;

	/* pairs with view_load: an entry cleared before is seen by who sets the bit after */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	set = view->cpus;
	/* only pages that are present can be cached, and while its lock is held none comes */
	count = page_map_present(object, pages, TLB_PAGES);
	if (count <= TLB_PAGES) {
		request.pages = pages;
		request.count = count;
		if (set)
			flush_set(set, &request);
		return;
	}
	request.used = object;
	count = set & self ? flush_used(&request, pages)
			   : page_map_accessed(object, pages, TLB_PAGES);
	if (set & ~self)
		ask_others(set & ~self, &request);
	/* what others have used since is not in the list: its bits stay for the next time */
	if (list_empty(&object->maps))
		page_map_forget(object, pages, count, TLB_PAGES);
}

uint64_t object_cpus(const struct object *object)
{
	uint64_t set = 0;

	if (list_empty(&object->maps))
		return 0;
	/* pairs with view_load: an entry written before is seen by who sets the bit after */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	LIST_FOR_EACH (node, &object->maps)
		set |= LIST_ENTRY(node, struct mapping, object_node)->view->cpus;
	return set;
}

void tlb_flush_object(const struct object *object)
{
	uint64_t set = object_cpus(object);

	if (set)
		tlb_flush_cpus(set, NULL);
}

static void flush_object_pages(const struct object *object, const uint32_t *pages, uint32_t count)
{
	const struct flush_request request = {.object = object, .pages = pages, .count = count};
	uint64_t set = object_cpus(object);

	if (set)
		flush_set(set, &request);
}

void tlb_flush_object_page(const struct object *object, uint64_t page)
{
	const uint32_t number = (uint32_t)page;

	flush_object_pages(object, &number, 1);
}

void tlb_batch_begin(struct tlb_batch *batch, struct object *object)
{
	batch->object = object;
	batch->page_count = batch->frame_count = 0;
	batch->all = false;
}

void tlb_batch_narrow(struct tlb_batch *batch, uint64_t page)
{
	if (batch->page_count == TLB_PAGES)
		batch->all = true;
	else
		batch->pages[batch->page_count++] = (uint32_t)page;
}

void tlb_batch_add(struct tlb_batch *batch, uint64_t page, physical_address frame)
{
	if (batch->frame_count == TLB_PAGES)
		tlb_batch_finish(batch);
	frame_mark_stale(frame, true);
	batch->frames[batch->frame_count++] = frame;
	tlb_batch_narrow(batch, page);
}

void tlb_batch_finish(struct tlb_batch *batch)
{
	if (batch->all)
		tlb_flush_object(batch->object);
	else if (batch->page_count)
		flush_object_pages(batch->object, batch->pages, batch->page_count);
	for (uint32_t i = 0; i < batch->frame_count; i++)
		frame_mark_stale(batch->frames[i], false);
	if (batch->frame_count)
		frame_unref_list(batch->frames, batch->frame_count);
	tlb_batch_begin(batch, batch->object);
}
