/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupts and faults, from entry.S to who handles them. */
#include <cpu.h>
#include <interrupt.h>
#include <log.h>
#include <platform.h>
#include <thread.h>
#include <timer.h>
#include <tlb.h>
#include <user.h>
#include <view.h>
#include <x86.h>
#include "../platform/bare/madt.h"
#include "internal.h"

#define VECTOR_DIVIDE	  0
#define VECTOR_DEBUG	  1
#define VECTOR_BREAKPOINT 3
#define VECTOR_ILLEGAL	  6
#define VECTOR_FLOAT	  16
#define VECTOR_UNDEFINED  6
#define VECTOR_PAGE	  14
#define VECTOR_SIMD	  19

#define ERROR_WRITE 0x2u
#define ERROR_FETCH 0x10u

struct fixup {
	uint64_t at, to;
};
extern const struct fixup kernel_fixups_start[], kernel_fixups_end[];

void interrupt_dispatch(struct trap_frame *frame);
_Noreturn void emergency_dispatch(struct trap_frame *frame);

static uint32_t access_of(uint64_t error)
{
	if (error & ERROR_FETCH)
		return TWZ_RIGHT_EXEC;
	return error & ERROR_WRITE ? TWZ_RIGHT_WRITE : TWZ_RIGHT_READ;
}

static uint32_t kind_of(uint64_t vector)
{
	switch (vector) {
	case VECTOR_DIVIDE:
		return TWZ_FAULT_DIVIDE;
	case VECTOR_DEBUG:
	case VECTOR_BREAKPOINT:
		return TWZ_FAULT_BREAKPOINT;
	case VECTOR_ILLEGAL:
		return TWZ_FAULT_ILLEGAL;
	case VECTOR_FLOAT:
	case VECTOR_SIMD:
		return TWZ_FAULT_FLOAT;
	default:
		return TWZ_FAULT_GENERAL;
	}
}

static void user_fault(struct trap_frame *frame, uint64_t address)
{
	struct twz_fault fault = {.code = frame->error};

	/* interrupts stay off: only who has to wait turns them on, and most pages come at once */
	if (frame->vector == VECTOR_PAGE) {
		fault.address = address;
		fault.access = (uint16_t)access_of(frame->error);
		if (view_fault(current_thread()->view, address, fault.access, &fault) >= 0)
			return;
	} else {
		fault.kind = kind_of(frame->vector);
		fault.address = frame->rip;
	}
	platform->interrupts_enable();
	upcall_fault(frame, &fault);
}

/* The kernel touched a program's memory: bring the page, or make the access fail. */
static void kernel_fault(struct trap_frame *frame, uint64_t address)
{
	const struct fixup *fixup = kernel_fixups_start;
	struct thread *thread = current_thread();
	twz_result result = -TWZ_ERR_BAD_ADDRESS;
	struct twz_fault fault;

	while (fixup < kernel_fixups_end && fixup->at != frame->rip)
		fixup++;
	if (fixup == kernel_fixups_end && frame->vector == VECTOR_UNDEFINED)
		panic_frame(frame, "undefined behaviour"); /* what UBSan has put in its way */
	if (fixup == kernel_fixups_end)
		panic_frame(frame, "fault %lu in the kernel at address %lx, error %lx",
			    frame->vector, address, frame->error);
	if (frame->vector == VECTOR_PAGE && thread->view && may_sleep() &&
	    frame->rflags & RFLAGS_IF) {
		result = view_fault(thread->view, address, access_of(frame->error), &fault);
		if (result >= 0)
			return;
		if (result == -TWZ_ERR_OUT_OF_MEMORY && thread->leaving && !thread->view->exiting) {
			/* others wait for the word that it clears: it has to be written some time
			 */
			platform->interrupts_enable();
			thread_yield();
			return;
		}
	}
	if (thread)
		thread->access_error =
			result == -TWZ_ERR_OUT_OF_MEMORY ? result : -TWZ_ERR_BAD_ADDRESS;
	frame->rip = fixup->to;
}

void interrupt_dispatch(struct trap_frame *frame)
{
	uint64_t vector = frame->vector;

	if (vector < 32) {
		uint64_t address = vector == VECTOR_PAGE ? read_cr2() : 0;

		if (frame->cs & 3)
			user_fault(frame, address);
		else
			kernel_fault(frame, address);
		return;
	}
	switch (vector) {
	case VECTOR_TIMER:
		platform->end_of_interrupt();
		timers_run();
		break;
	case VECTOR_RESCHEDULE:
		platform->end_of_interrupt();
		timers_program();
		break;
	case VECTOR_FLUSH:
		platform->end_of_interrupt();
		tlb_answer();
		break;
	case VECTOR_STOP:
		for (;;)
			__asm__ volatile("cli; hlt");
	case VECTOR_SPURIOUS:
		break;
	default:
		interrupt_run_actions((unsigned)vector);
		platform->end_of_interrupt();
		break;
	}
}

void emergency_dispatch(struct trap_frame *frame)
{
	panic_frame(frame, "%s",
		    frame->vector == 8	 ? "double fault: kernel stack overflow?"
		    : frame->vector == 2 ? "non-maskable interrupt"
					 : "machine check");
}
