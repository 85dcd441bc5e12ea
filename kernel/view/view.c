/* SPDX-License-Identifier: BSD-2-Clause */
/* Views: making, finding, dropping, and loading their roots. */
#include <cpu.h>
#include <heap.h>
#include <log.h>
#include <object.h>
#include <platform.h>
#include <string.h>
#include <thread.h>
#include <tlb.h>
#include "../thread/state.h"
#include "internal.h"

static volatile uint64_t live_views, serials;

void views_init(void)
{
	this_cpu()->loaded_view = NULL;
}

static physical_address make_root(void)
{
	physical_address root = platform->table_alloc();

	/* the kernel's half is the same everywhere */
	if (root)
		memcpy((char *)phys_to_virt(root) + PAGE_SIZE / 2,
		       (char *)phys_to_virt(kernel_root) + PAGE_SIZE / 2, PAGE_SIZE / 2);
	return root;
}

twz_result view_make(struct view **out)
{
	struct view *view = kernel_alloc(sizeof(*view));
	twz_result result;
	void *page;

	if (!view)
		return -TWZ_ERR_OUT_OF_MEMORY;
	view->references = 1;
	spin_init(&view->lock, LOCK_VIEW);
	list_init(&view->threads);
	list_init(&view->messages);
	view->serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&live_views, 1, __ATOMIC_RELAXED);
	view->root = make_root();
	if (!view->root) {
		view_put(view);
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	result = control_make(view, TWZ_RIGHT_READ | TWZ_RIGHT_USE | TWZ_RIGHT_DELETE,
			      &view->control, &page);
	if (result < 0) {
		view_put(view);
		return result;
	}
	view->control_page = page;
	*out = view;
	return TWZ_OK;
}

void view_get(struct view *view)
{
	__atomic_add_fetch(&view->references, 1, __ATOMIC_RELAXED);
}

void view_put(struct view *view)
{
	if (__atomic_sub_fetch(&view->references, 1, __ATOMIC_ACQ_REL))
		return;
	if (view->number)
		program_number_release(view->number, view);
	view_clear(view);
	if (view->root) {
		DEBUG_ASSERT(!view->cpus);
		memset(phys_to_virt(view->root), 0, PAGE_SIZE);
		platform->table_free(view->root);
	}
	__atomic_sub_fetch(&live_views, 1, __ATOMIC_RELAXED);
	kernel_free(view->crash);
	kernel_free(view);
}

twz_result view_find(struct twz_id id, struct view **out)
{
	struct object *object;

	if (twz_id_is_none(id)) {
		*out = current_thread()->view;
		view_get(*out);
		return TWZ_OK;
	}
	object = object_find(id);
	if (!object)
		return -TWZ_ERR_NO_SUCH_OBJECT;
	if (!object->control_view) {
		object_put(object);
		return -TWZ_ERR_INVALID_ARGUMENT;
	}
	*out = object->control_view;
	view_get(*out);
	object_put(object);
	return TWZ_OK;
}

void view_load(struct view *view)
{
	struct cpu *cpu = this_cpu();
	struct view *old = cpu->loaded_view;

	if (view == old)
		return;
	if (view)
		__atomic_or_fetch(&view->cpus, 1ull << cpu->number, __ATOMIC_SEQ_CST);
	platform->root_load(view ? view->root : kernel_root);
	cpu->loaded_view = view;
	if (old)
		__atomic_and_fetch(&old->cpus, ~(1ull << cpu->number), __ATOMIC_SEQ_CST);
}

uint64_t view_count(void)
{
	return live_views;
}
