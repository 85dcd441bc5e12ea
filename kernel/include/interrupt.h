/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts and traps: the saved registers, and handlers for device interrupts. */
#ifndef KERNEL_INTERRUPT_H
#define KERNEL_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

/* What entry.S pushes, for interrupts, faults and system calls alike. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

typedef void (*interrupt_handler)(void *context);

/*
 * Handlers run with interrupts off on some CPU, without sleeping; they may take spinlocks and wake
 * threads (wait.h).
 */

/*
 * Take a free vector for a message-signalled interrupt. Store the address and data to program into
 * the device's MSI or MSI-X entry. -TOO_MANY when no vector is free.
 */
int64_t interrupt_register_message(interrupt_handler handler, void *context, uint64_t *address,
				   uint32_t *data);

/*
 * Route a global system interrupt (I/O APIC input; legacy ISA numbers are translated with the
 * MADT's overrides by interrupt_register_isa) to a handler. Several handlers may share an input.
 */
int64_t interrupt_register_line(uint32_t line, bool level, bool active_low,
				interrupt_handler handler, void *context);
int64_t interrupt_register_isa(uint32_t irq, interrupt_handler handler, void *context);

/* True inside an interrupt handler or with interrupts off for another reason. */
bool interrupts_off(void);

#define VECTOR_FIRST_DEVICE 0x30
#define VECTOR_LAST_DEVICE  0xef
#define VECTOR_TIMER	    0xf0
#define VECTOR_RESCHEDULE   0xf1
#define VECTOR_FLUSH	    0xf2
#define VECTOR_STOP	    0xf3
#define VECTOR_SPURIOUS	    0xff

#endif
