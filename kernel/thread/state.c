/* SPDX-License-Identifier: BSD-2-Clause */
/* The extended processor state of programs: FXSAVE, or XSAVE where there is (SDM volume 1, chapter
 * 13). */
#include <cpu.h>
#include <interrupt.h>
#include <string.h>
#include <thread.h>
#include <x86.h>
#include "../platform/bare/bare.h"
#include "state.h"

#define FLAGS_ALLOWED 0x250dd5ull /* CF PF AF ZF SF TF DF OF AC ID, and RF */

#define FLOAT_CONTROL_INITIAL 0x37f
#define XSAVE_PRESENT	      512 /* offset of the components that an XSAVE area holds */
#define XSAVE_X87	      1ull

int extended_restore(const void *area, uint64_t mask, int xsave);

void *extended_state_of(struct thread *thread)
{
	return (void *)(((uint64_t)thread->extended_state + 63) & ~63ull);
}

void extended_state_init(struct thread *thread)
{
	char *area = extended_state_of(thread);
	const uint16_t control = FLOAT_CONTROL_INITIAL;
	const uint32_t mxcsr = 0x1f80;

	memcpy(area, &control, sizeof(control));
	memcpy(area + 24, &mxcsr, sizeof(mxcsr));
	thread->float_control = control;
}

void extended_state_save(struct thread *thread)
{
	void *area = extended_state_of(thread);

	if (cpu_features.xsave)
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(area), "a"((uint32_t)cpu_features.xsave_mask),
				   "d"((uint32_t)(cpu_features.xsave_mask >> 32))
				 : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

void extended_state_leave(struct thread *thread)
{
	char *area = extended_state_of(thread);

	if (!cpu_features.xsave) {
		extended_state_save(thread);
		return;
	}
	/*
	 * An area without components restores to the initial state (SDM volume 1, section 13.8):
	 * two stores instead of 800 bytes, and as many loads less on the way back. Most switches
	 * are of this kind.
	 */
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1"
			 : "=m"(*(uint32_t *)(area + 24)), "=m"(thread->float_control));
	*(uint64_t *)(area + XSAVE_PRESENT) = 0;
}

void extended_state_load(struct thread *thread)
{
	char *area = extended_state_of(thread);

	extended_restore(area, cpu_features.xsave_mask, cpu_features.xsave);
	if (cpu_features.xsave && thread->float_control != FLOAT_CONTROL_INITIAL &&
	    !(*(uint64_t *)(area + XSAVE_PRESENT) & XSAVE_X87))
		__asm__ volatile("fldcw %0" : : "m"(thread->float_control));
}

bool extended_state_load_checked(struct thread *thread)
{
	char *area = extended_state_of(thread);

	thread->float_control = FLOAT_CONTROL_INITIAL;
	if (!extended_restore(area, cpu_features.xsave_mask, cpu_features.xsave))
		return true;
	memset(area, 0, cpu_features.extended_size);
	extended_state_init(thread);
	extended_state_load(thread);
	return false;
}

void trap_frame_make_user(struct trap_frame *frame)
{
	frame->cs = SELECTOR_USER_CODE;
	frame->ss = SELECTOR_USER_DATA;
	frame->rflags = (frame->rflags & FLAGS_ALLOWED) | RFLAGS_IF | 2;
}
