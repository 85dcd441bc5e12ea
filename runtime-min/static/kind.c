/* SPDX-License-Identifier: BSD-2-Clause */
/* Which runtime this is. */
#include "internal.h"

RT_BEGIN
extern const uint32_t rt_runtime_kind;
RT_END
const uint32_t rt_runtime_kind = TWZ_RUNTIME_MINIMAL;
