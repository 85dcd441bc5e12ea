/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program is started with: the SysV stack, checked once, as a structure. */
#ifndef RT_START_H
#define RT_START_H

#include "internal.h"

#include "exec/elf64.h"

RT_BEGIN

struct rt_start {
	int argc;
	char **argv;
	char **envp;
	const struct elf64_phdr *phdr; /* of the program */
	size_t phdr_count;
	uintptr_t base; /* AT_BASE: the loader's load address, 0 for a static program */
	uintptr_t entry;
	const uint8_t *random; /* 16 bytes, or NULL */
	const char *path;      /* AT_EXECFN, or "" */
	uintptr_t stack;       /* lowest address of the first thread's stack, 0: not told */
	uintptr_t stack_size;
	const struct twz_rt_spawn_block *spawn; /* checked, or NULL */
};

extern struct rt_start rt_start;

/* The stack protector's canary of every thread: AT_RANDOM's first bytes with one zero byte. */
extern uintptr_t rt_canary;

/*
 * Fills rt_start and rt_canary from the start stack; ends the program with a message where it
 * breaks the contract (rt/core.h). Uses no thread-local storage and maps nothing.
 */
void rt_start_parse(uintptr_t *sp);

/*
 * Makes descriptors and the current directory from the spawn block, else descriptors 0, 1 and 2 on
 * the console and "/". Needs rt_start_parse.
 */
void rt_fd_start(void);

/* The kernel enters it on a fault or interrupt, rdi = struct twz_upcall_frame *. */
void rt_upcall_entry(void);

RT_END

#endif
