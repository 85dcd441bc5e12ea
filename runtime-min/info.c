/* SPDX-License-Identifier: BSD-2-Clause */
/* What the system is, what time it is. */
#include "internal.h"

#include <twizzler/clock.h>

RT_BEGIN
extern const uint32_t rt_runtime_kind; /* TWZ_RUNTIME_*; each runtime defines its own */
RT_END

twz_result twz_rt_info(struct twz_rt_info *out)
{
	struct twz_system_info info;
	if (out == NULL || !rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	twz_result result = twz_sys_system_info(&info);
	if (result < 0)
		return result;
	*out = (struct twz_rt_info){
		.abi = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH},
		.runtime = rt_runtime_kind,
		.cpus = info.cpus != 0 ? info.cpus : 1,
		.page_size = TWZ_PAGE_SIZE,
		.pages_total = info.pages_total,
		.pages_free = info.pages_free,
	};
	return 0;
}

static const struct twz_clock_page *clock_page;

/* Maps the clock page: once a program, at its first look at the time. */
static const struct twz_clock_page *map_clock_page(void)
{
	struct twz_map map = {
		.object = {TWZ_ID_CLOCK_HI, TWZ_ID_CLOCK_LO},
		.slot = TWZ_SLOT_ANY,
		.rights = TWZ_RIGHT_READ,
		.inherit = TWZ_INHERIT_SHARED,
	};
	const struct twz_clock_page *other = NULL, *page;
	twz_result slot = twz_sys_view_map(&map);
	if (slot < 0)
		return NULL;
	page = (const struct twz_clock_page *)((uintptr_t)slot << TWZ_SLOT_SHIFT);
	if (__atomic_compare_exchange_n(&clock_page, &other, page, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return page;
	twz_sys_view_unmap(0, 0, (uint64_t)slot);
	return other;
}

uint64_t twz_rt_clock(uint32_t clock)
{
	if (clock <= TWZ_CLOCK_REALTIME) {
		const struct twz_clock_page *page = __atomic_load_n(&clock_page, __ATOMIC_ACQUIRE);
		if (page == NULL)
			page = map_clock_page();
		uint64_t time = page != NULL ? twz_clock_page_read(page, clock) : 0;
		if (time != 0)
			return time;
	}
	twz_result now = twz_sys_clock_read(clock);
	return now >= 0 ? (uint64_t)now : 0;
}

uint64_t twz_rt_clock_resolution(uint32_t clock)
{
	return clock <= TWZ_CLOCK_PROGRAM ? 1 : 0;
}
