/* SPDX-License-Identifier: BSD-2-Clause */
/* Between apply.c and persist.c: what a run appends to which file. */
#ifndef KERNEL_HANDLER_APPLY_H
#define KERNEL_HANDLER_APPLY_H

#include "internal.h"

/* How a file grows by a run; length 0: not at all, and nothing else is set. */
struct file_growth {
	struct object *file;
	uint64_t size;	 /* before */
	uint64_t length; /* appended */
};

/*
 * Call `put` with the bytes that a run appends to the file whose first output is `output`, in
 * order. A negative result ends the walk and is returned.
 */
typedef twz_result (*growth_sink)(void *context, const void *bytes, uint64_t length);
twz_result growth_bytes(const struct handler_run *run, uint64_t output, growth_sink put,
			void *context);

#endif
