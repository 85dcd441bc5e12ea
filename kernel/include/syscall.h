/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System call handlers, declared from syscall.def: `sys_<name>` with the arguments of the table.
 * They run in the caller's thread with interrupts on, may sleep, and find every pointer unchecked
 * (user.h). One that no object file defines answers NOT_SUPPORTED.
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#include <stdint.h>
#include <twizzler/syscall.h>

struct trap_frame;

#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) \
	twz_result sys_##name arguments __attribute__((weak));
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL

/* From entry.S: number in frame->rax, result to frame->rax. */
void syscall_dispatch(struct trap_frame *frame);

/* Reads `trace=` of the command line (twizzler/trace.h). */
void syscall_trace_init(void);

/* The second result register of the call in progress. */
void syscall_set_second_result(uint64_t value);

/*
 * A handler run's thread issued a call that handlers may not; ends the run and does not return.
 * Defined by kernel/handler; weak.
 */
_Noreturn void handler_forbidden_call(uint32_t number) __attribute__((weak));
/* A handler run's thread faulted; ends the run. Weak. */
struct twz_fault;
_Noreturn void handler_faulted(const struct twz_fault *fault) __attribute__((weak));

/* The logged time of a handler run's event, in place of the real one (handler.h). Weak. */
struct handler_run;
uint64_t handler_run_time(const struct handler_run *run) __attribute__((weak));

/* For system_info: when the first program was started, and the store's root (the store sets it). */
extern uint64_t first_program_started;
extern struct twz_id store_names_root;

#endif
