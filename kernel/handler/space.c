/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of a fixed set of pages: what a run may touch, and copy-on-write over a snapshot. */
#include <heap.h>
#include "internal.h"

static bool space_holds(const struct space *space, uint64_t page)
{
	return page < space->first_end || (page >= space->second_start && page < space->second_end);
}

static twz_result space_fetch(struct object *object, uint64_t page, bool write,
			      struct object_page *out)
{
	const struct space *space = object->pager_data;
	twz_result error = TWZ_OK;

	(void)write; /* a page of the parent is copied whoever asks */
	out->frame = 0;
	out->flags = 0;
	if (!space_holds(space, page))
		return -TWZ_ERR_BAD_ADDRESS;
	if (!space->parent)
		return TWZ_OK;
	out->frame = object_frame(space->parent, page << PAGE_SHIFT, false, &error);
	out->flags = OBJECT_PAGE_COPY;
	return out->frame ? TWZ_OK : error;
}

static void space_release(struct object *object)
{
	struct space *space = object->pager_data;

	if (space->parent)
		object_put(space->parent);
	kernel_free(space);
}

static const struct object_pager space_pager = {
	.fetch = space_fetch,
	.release = space_release,
};

twz_result space_make(const struct space *space, struct object **out)
{
	struct space *own = kernel_alloc(sizeof(*own));
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (own) {
		*own = *space;
		result = object_make_paged(TWZ_ID_NONE, TWZ_OBJECT_RAW, 0, TWZ_RIGHTS_ALL,
					   &space_pager, own, out);
	}
	if (result < 0) {
		if (space->parent)
			object_put(space->parent);
		kernel_free(own);
		return result;
	}
	object_delete(*out);
	return TWZ_OK;
}
