/* SPDX-License-Identifier: BSD-2-Clause */
/* Which runtime this is, for twz_rt_info. */
#include "../runtime-min/internal.h"

RT_BEGIN
extern const uint32_t rt_runtime_kind;
RT_END

const uint32_t rt_runtime_kind = TWZ_RUNTIME_REFERENCE;
