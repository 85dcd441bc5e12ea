/* SPDX-License-Identifier: BSD-2-Clause */
/* Control objects: one page that the kernel writes and programs may read. */
#include <object.h>
#include <page.h>
#include "internal.h"

static twz_result fetch(struct object *object, uint64_t page, bool write, struct object_page *out)
{
	(void)write;
	if (page)
		return -TWZ_ERR_BAD_ADDRESS;
	out->frame = virt_to_phys(object->pager_data);
	frame_ref(out->frame);
	out->flags = OBJECT_PAGE_READONLY;
	return TWZ_OK;
}

static void release(struct object *object)
{
	frame_unref(virt_to_phys(object->pager_data));
}

static const struct object_pager control_pager = {.fetch = fetch, .release = release};

twz_result control_make(struct view *view, uint32_t protections, struct object **object,
			void **page)
{
	physical_address frame = frame_alloc_zeroed();
	twz_result result;

	if (!frame)
		return -TWZ_ERR_OUT_OF_MEMORY;
	*page = phys_to_virt(frame);
	result = object_make_paged(TWZ_ID_NONE, TWZ_OBJECT_RAW | OBJECT_CONTROL, 0, protections,
				   &control_pager, *page, object);
	if (result == -TWZ_ERR_OUT_OF_MEMORY)
		frame_unref(frame);
	if (result < 0)
		return result;
	if (view) {
		view_get(view);
		(*object)->control_view = view;
	}
	return TWZ_OK;
}
