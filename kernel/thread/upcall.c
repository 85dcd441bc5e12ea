/* SPDX-License-Identifier: BSD-2-Clause */
/* Upcalls: faults and interrupts that a program handles itself, and the way back. */
#include <cpu.h>
#include <log.h>
#include <platform.h>
#include <string.h>
#include <syscall.h>
#include <user.h>
#include <view.h>
#include "internal.h"
#include "state.h"

/* POSIX signal numbers that a program ends with when it handles nothing. */
static int32_t signal_of(const struct twz_fault *fault)
{
	switch (fault->kind) {
	case TWZ_FAULT_OBJECT:
	case TWZ_FAULT_MEMORY:
		return 7; /* SIGBUS */
	case TWZ_FAULT_ILLEGAL:
		return 4; /* SIGILL */
	case TWZ_FAULT_DIVIDE:
	case TWZ_FAULT_FLOAT:
		return 8; /* SIGFPE */
	case TWZ_FAULT_BREAKPOINT:
		return 5; /* SIGTRAP */
	case TWZ_FAULT_INTERRUPT:
		return (int32_t)fault->code;
	default:
		return 11; /* SIGSEGV */
	}
}

void registers_from_frame(struct twz_registers *r, const struct trap_frame *frame)
{
	*r = (struct twz_registers){
		frame->r15,
		frame->r14,
		frame->r13,
		frame->r12,
		frame->r11,
		frame->r10,
		frame->r9,
		frame->r8,
		frame->rbp,
		frame->rdi,
		frame->rsi,
		frame->rdx,
		frame->rcx,
		frame->rbx,
		frame->rax,
		frame->rip,
		frame->rflags,
		frame->rsp,
		platform->get_fs_base(),
	};
}

/*
 * Where the frame's block ends: the upcall stack, unless the thread is on it already. *lowest: what
 * it must not reach below.
 */
static uint64_t upcall_top(const struct thread *thread, uint64_t rsp, uint64_t *lowest)
{
	uint64_t base = thread->upcall_stack, end = base + thread->upcall_stack_length;
	bool given = thread->upcall_stack_length != 0;

	*lowest = given ? base : 0;
	return given && (rsp <= base || rsp > end) ? end : (rsp - 128) & ~127ull;
}

/* Copy the block to the program's stack and redirect the thread. */
static twz_result deliver(struct trap_frame *frame, const struct twz_fault *fault, uint64_t entry)
{
	struct thread *thread = current_thread();
	struct twz_upcall_frame block = {.fault = *fault};
	const uint64_t zero = 0;
	uint64_t at, lowest, interrupts;
	twz_result result;

	at = upcall_top(thread, frame->rsp, &lowest);
	if (at >= USER_END || at < PAGE_SIZE + cpu_features.extended_size + sizeof(block) + 128 ||
	    at - cpu_features.extended_size - sizeof(block) - 128 < lowest)
		return -TWZ_ERR_BAD_ADDRESS;
	at = (at - cpu_features.extended_size) & ~63ull;
	block.extended_state = at;
	block.extended_size = cpu_features.extended_size;
	interrupts = platform->interrupts_save();
	thread->vectors_dead = false; /* the area must hold them until it is copied */
	extended_state_save(thread);
	platform->interrupts_restore(interrupts);
	result = copy_to_user((void *)at, extended_state_of(thread), cpu_features.extended_size);
	at = (at - sizeof(block)) & ~15ull;
	if (result >= 0)
		result = copy_to_user((void *)at, &block, sizeof(block));
	if (result >= 0) /* as if called: a return address of 0 */
		result = copy_to_user((void *)(at - 8), &zero, sizeof(zero));
	if (result < 0)
		return result;
	frame->rip = entry;
	frame->rsp = at - 8;
	frame->rdi = at;
	frame->rbp = 0;
	frame->rflags = 0;
	trap_frame_make_user(frame);
	return TWZ_OK;
}

void upcall_fault(struct trap_frame *frame, struct twz_fault *fault)
{
	struct thread *thread = current_thread();
	struct view *view = thread->view;
	uint64_t entry = view->upcall_entry;

	registers_from_frame(&fault->registers, frame);
	if (thread->handler && handler_faulted)
		handler_faulted(fault);
	if (entry && deliver(frame, fault, entry) >= 0)
		return;
	log_line("program ends: fault %u at %lx, rip %lx rsp %lx, code %lx", fault->kind,
		 fault->address, frame->rip, frame->rsp, fault->code);
	/* What cannot be read stays zero: the program jumped to where nothing is. */
	copy_from_user(fault->instruction, (const void *)frame->rip, sizeof(fault->instruction));
	view_keep_crash(view, frame, signal_of(fault));
	view_end(view, TWZ_VIEW_KILLED, signal_of(fault), fault);
}

void upcall_interrupt(struct trap_frame *frame, uint64_t codes)
{
	struct twz_fault fault = {
		.kind = TWZ_FAULT_INTERRUPT,
		.code = (uint64_t)__builtin_ctzll(codes) + 1,
		.address = codes,
	};

	upcall_fault(frame, &fault);
}

twz_result sys_view_set_upcall(const struct twz_upcall_target *user)
{
	struct twz_upcall_target target = {0};
	twz_result result;

	if (user) {
		result = copy_from_user(&target, user, sizeof(target));
		if (result < 0)
			return result;
		if (target.flags || !target.entry || target.entry >= USER_END)
			return -TWZ_ERR_INVALID_ARGUMENT;
	}
	current_thread()->view->upcall_entry = target.entry;
	return TWZ_OK;
}

/* Where FXSAVE's area holds MXCSR, and its bits that no processor has. */
#define MXCSR_OFFSET   24
#define MXCSR_RESERVED 0xffff0000

/* The header of an XSAVE area, after the 512 bytes of FXSAVE's. */
struct xsave_header {
	uint64_t present, compacted, reserved[6];
};

/* Take over extended state that a program has had in its hands. */
static twz_result restore_extended(struct thread *thread, uint64_t address, uint64_t size)
{
	_Alignas(64) char copy[1024]; /* x87, SSE and AVX take 832; no allocation may fail here */
	uint64_t interrupts;
	twz_result result;
	bool good;

	if (size != cpu_features.extended_size || size > sizeof(copy))
		return -TWZ_ERR_INVALID_ARGUMENT;
	result = copy_from_user(copy, (void *)address, size);
	if (result < 0)
		return result;
	/* processors refuse these bits when they load them, emulators may not */
	if (*(uint32_t *)(copy + MXCSR_OFFSET) & MXCSR_RESERVED)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (cpu_features.xsave) {
		struct xsave_header *header = (void *)(copy + 512);
		struct xsave_header clean = {.present = header->present & cpu_features.xsave_mask};

		*header = clean;
	}
	interrupts = platform->interrupts_save();
	thread->vectors_dead = false; /* from here on they are the program's again */
	memcpy(extended_state_of(thread), copy, size);
	good = extended_state_load_checked(thread);
	platform->interrupts_restore(interrupts);
	return good ? TWZ_OK : -TWZ_ERR_INVALID_ARGUMENT;
}

static void frame_from_registers(struct trap_frame *frame, const struct twz_registers *r)
{
	frame->r15 = r->r15;
	frame->r14 = r->r14;
	frame->r13 = r->r13;
	frame->r12 = r->r12;
	frame->r11 = r->r11;
	frame->r10 = r->r10;
	frame->r9 = r->r9;
	frame->r8 = r->r8;
	frame->rbp = r->rbp;
	frame->rdi = r->rdi;
	frame->rsi = r->rsi;
	frame->rdx = r->rdx;
	frame->rcx = r->rcx;
	frame->rbx = r->rbx;
	frame->rax = r->rax;
	frame->rip = r->rip;
	frame->rsp = r->rsp;
	frame->rflags = r->rflags;
	trap_frame_make_user(frame);
}

twz_result sys_upcall_return(const struct twz_upcall_frame *user)
{
	struct thread *thread = current_thread();
	struct twz_upcall_frame block;
	twz_result result = copy_from_user(&block, user, sizeof(block));
	const struct twz_registers *r = &block.fault.registers;

	if (result < 0)
		return result;
	if (r->rip >= USER_END || r->rsp >= USER_END || r->fs_base >= USER_END)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (block.extended_state) {
		result = restore_extended(thread, block.extended_state, block.extended_size);
		if (result < 0)
			return result;
	}
	frame_from_registers(thread->frame, r);
	platform->set_fs_base(r->fs_base);
	return (twz_result)r->rax;
}
