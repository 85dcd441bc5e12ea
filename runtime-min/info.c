/* SPDX-License-Identifier: BSD-2-Clause */
/* What the system is, what time it is. */
#include "internal.h"

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

uint64_t twz_rt_clock(uint32_t clock)
{
	twz_result now = twz_sys_clock_read(clock);
	return now >= 0 ? (uint64_t)now : 0;
}

uint64_t twz_rt_clock_resolution(uint32_t clock)
{
	return clock <= TWZ_CLOCK_PROGRAM ? 1 : 0;
}
