/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's files, by 9P2000.L over host_call. */
#ifndef RT_HOSTFS_H
#define RT_HOSTFS_H

#include "files/path.h"

RT_BEGIN

/* The root of the device with this mount tag; NOT_FOUND when there is none. */
twz_result rt_hostfs_root(const char *tag, bool read_only, struct rt_place *place);

/* In a fork's child: the kernel knows none of the parent's fids. */
void rt_hostfs_forked(void);

RT_END

#endif
