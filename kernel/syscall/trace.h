/* SPDX-License-Identifier: BSD-2-Clause */
/* The system call trace (twizzler/trace.h), as dispatch.c uses it. */
#ifndef SYSCALL_TRACE_H
#define SYSCALL_TRACE_H

#include <interrupt.h>
#include <stdbool.h>
#include <stdint.h>

/* Where the records go; 0: there is no trace. Set before the first program. */
extern uint16_t trace_port;

/* A call on its way. */
struct traced_call {
	bool told; /* its program is one of those traced */
	uint32_t number;
	uint64_t arguments[6];
};

/* Both in the caller's thread, interrupts on, no lock held: they read the program's memory. */
void trace_enter(struct traced_call *call, const struct trap_frame *frame);
void trace_leave(const struct traced_call *call, const struct trap_frame *frame);

#endif
