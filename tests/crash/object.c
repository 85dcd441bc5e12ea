/* SPDX-License-Identifier: BSD-2-Clause */
/* The objects that subjects of libtwz work on. */
#include "subject.h"
#include "internal.h"
#include <host/host.h>

#define LOG_AT HEAP_LIMIT
#define META   8192ull /* the meta page, and as much of the FOT */

struct twz_object live, image;
uint64_t subject_random;

static struct twz_object make(void)
{
	struct twz_object made;
	struct twz_id id;

	MUST(twz_object_create(0, TWZ_KIND_DATA, &id) == TWZ_OK);
	MUST(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &made) == TWZ_OK);
	return made;
}

static uint64_t view; /* of the program that works on live memory */

static void return_to_view(void)
{
	struct twz_id self;

	host_set_view(view);
	/* another thread may be about to read the id that libtwz keeps: it is the old one again */
	MUST(twz_internal_self(&self) >= 0);
}

void object_prepare(uint64_t content, uint64_t data, uint64_t log, uint64_t seed,
		    struct explore_plan *plan)
{
	uint64_t meta_at = TWZ_SLOT_SIZE - META;

	if (!live.start) {
		live = make();
		image = make();
	}
	subject_random = seed;
	memset(twz_object_base(&live), 0, data);
	memset(live.start + LOG_AT, 0, log);
	memset(live.start + meta_at, 0, META - TWZ_PAGE_SIZE);
	twz_object_meta(&live)->heap = 0;
	twz_object_meta(&live)->fot_count = 0;
	MUST(twz_heap_make(&live, content) == TWZ_OK);
	MUST(twz_tx_open(&live) == TWZ_OK);
	plan->windows[0] =
		(struct medium_window){twz_object_base(&live), twz_object_base(&image), data};
	plan->windows[1] = (struct medium_window){live.start + LOG_AT, image.start + LOG_AT, log};
	plan->windows[2] =
		(struct medium_window){live.start + meta_at, image.start + meta_at, META};
	plan->count = 3;
	plan->cut_off = return_to_view;
	view = host_view();
}

twz_result object_open_image(void)
{
	view = host_view();
	host_new_view();
	twz_result result = twz_tx_open(&image);
	return_to_view();
	return result;
}

void object_reopen_live(void)
{
	host_new_view();
	MUST(twz_tx_open(&live) >= 0);
}
