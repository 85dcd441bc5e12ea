/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime ABI, core: entry, exit, abort, upcalls.
 *
 * Both runtimes export every twz_rt_ function; what one cannot do returns -TWZ_ERR_NOT_SUPPORTED.
 * Results are twz_result: >= 0, or a negated enum twz_error. No function here sets errno.
 */
#ifndef TWIZZLER_RT_CORE_H
#define TWIZZLER_RT_CORE_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The process start contract. A program is entered at its ELF entry (in a dynamic program: the
 * loader's, then the program's) with a SysV x86-64 stack: argc, argv, 0, envp, 0, auxv, and rdx = 0
 * or a function for atexit. crt1's _start calls twz_rt_entry(sp, start); it makes the runtime ready
 * (TLS and thread control block of the first thread, descriptors from AT_TWZ_SPAWN) and calls
 * start(sp), which must not return. auxv has AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE,
 * AT_ENTRY, AT_RANDOM (16 bytes), AT_EXECFN, AT_SYSINFO_EHDR absent, AT_SECURE 0, AT_HWCAP, and
 * AT_TWZ_SPAWN where the parent passed one.
 */
void twz_rt_entry(uintptr_t *sp, void (*start)(uintptr_t *sp)) __attribute__((noreturn));

#define AT_TWZ_SPAWN	  0x7000 /* struct twz_rt_spawn_block * on the new program's stack */
#define AT_TWZ_STACK	  0x7001 /* lowest address of the first thread's stack */
#define AT_TWZ_STACK_SIZE 0x7002

/* Ends the program with an exit code (0..255 reach the parent), running nothing more of it. */
void twz_rt_exit(int code) __attribute__((noreturn));

/* Ends the program as killed by SIGABRT. */
void twz_rt_abort(void) __attribute__((noreturn));

/* Ends the program as killed by a POSIX signal number (1..64): the parent sees TWZ_VIEW_KILLED. */
void twz_rt_exit_signal(int signal) __attribute__((noreturn));

/*
 * Sets the function that receives faults and interrupts of this program, on the faulting thread.
 * It returns 1 to resume the thread with the (changed) frame, 0 to end the program with the fault.
 * NULL restores the default: end the program.
 */
typedef int (*twz_rt_upcall_handler)(struct twz_upcall_frame *frame);
twz_result twz_rt_set_upcall_handler(twz_rt_upcall_handler handler);

/*
 * Resumes the thread with a frame, as a handler's return of 1 does; for a handler that has moved to
 * another stack. The frame may be a copy, its extended_state the 64-byte aligned copy of that.
 */
void twz_rt_upcall_resume(struct twz_upcall_frame *frame) __attribute__((noreturn));

/* Init and fini order across images: runs every image's constructors (dependencies first). */
void twz_rt_run_constructors(int argc, char **argv, char **envp);
/* Runs every image's destructors in the reverse order, once. Called by libstd-c's exit. */
void twz_rt_run_destructors(void);

#ifdef __cplusplus
}
#endif
#endif
