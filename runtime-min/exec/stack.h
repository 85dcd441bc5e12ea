/* SPDX-License-Identifier: BSD-2-Clause */
/* The first stack of a new program, as rt/core.h describes it. */
#ifndef RUNTIME_EXEC_STACK_H
#define RUNTIME_EXEC_STACK_H

#include "exec/exec.h"

RT_BEGIN

struct exec_start {
	const char *path;
	const char *const *argv, *const *envp; /* NULL-ended */
	const struct twz_rt_spawn_block *block;
	size_t block_size;
	const struct exec_file *program;
	struct exec_image image;
	uint64_t interpreter_bias; /* 0: none */
};

/*
 * Maps a stack with guards in `view` and writes the start of the program on it; *sp is where its
 * first thread begins. TOO_MANY when arguments and environment are too large. On error the view
 * holds a mapping of a deleted object: it is to be thrown away.
 */
twz_result exec_stack_make(struct twz_id view, const struct exec_start *start, uint64_t *sp);

RT_END

#endif
