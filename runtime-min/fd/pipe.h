/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes: an object with a ring of bytes, shared by the programs at its ends. */
#ifndef RT_PIPE_H
#define RT_PIPE_H

#include "fd/fd.h"

RT_BEGIN

/* In a new program: the end (TWZ_OPEN_READ or WRITE) that its parent has entered for it. */
twz_result rt_pipe_adopt(struct twz_id id, uint32_t flags, struct rt_file **out);

RT_END

#endif
