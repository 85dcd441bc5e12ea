/* SPDX-License-Identifier: BSD-2-Clause */
/* Upcalls become signals: faults as SIGSEGV and the like, interrupts as what another thread sent.
 */

#include <string.h>
#include "ksigaction.h"
#include "signals.h"

static void registers_to(const struct twz_registers *from, gregset_t to)
{
	to[REG_R8] = (greg_t)from->r8;
	to[REG_R9] = (greg_t)from->r9;
	to[REG_R10] = (greg_t)from->r10;
	to[REG_R11] = (greg_t)from->r11;
	to[REG_R12] = (greg_t)from->r12;
	to[REG_R13] = (greg_t)from->r13;
	to[REG_R14] = (greg_t)from->r14;
	to[REG_R15] = (greg_t)from->r15;
	to[REG_RDI] = (greg_t)from->rdi;
	to[REG_RSI] = (greg_t)from->rsi;
	to[REG_RBP] = (greg_t)from->rbp;
	to[REG_RBX] = (greg_t)from->rbx;
	to[REG_RDX] = (greg_t)from->rdx;
	to[REG_RAX] = (greg_t)from->rax;
	to[REG_RCX] = (greg_t)from->rcx;
	to[REG_RSP] = (greg_t)from->rsp;
	to[REG_RIP] = (greg_t)from->rip;
	to[REG_EFL] = (greg_t)from->rflags;
}

static void registers_from(const gregset_t from, struct twz_registers *to)
{
	to->r8 = (uint64_t)from[REG_R8];
	to->r9 = (uint64_t)from[REG_R9];
	to->r10 = (uint64_t)from[REG_R10];
	to->r11 = (uint64_t)from[REG_R11];
	to->r12 = (uint64_t)from[REG_R12];
	to->r13 = (uint64_t)from[REG_R13];
	to->r14 = (uint64_t)from[REG_R14];
	to->r15 = (uint64_t)from[REG_R15];
	to->rdi = (uint64_t)from[REG_RDI];
	to->rsi = (uint64_t)from[REG_RSI];
	to->rbp = (uint64_t)from[REG_RBP];
	to->rbx = (uint64_t)from[REG_RBX];
	to->rdx = (uint64_t)from[REG_RDX];
	to->rax = (uint64_t)from[REG_RAX];
	to->rcx = (uint64_t)from[REG_RCX];
	to->rsp = (uint64_t)from[REG_RSP];
	to->rip = (uint64_t)from[REG_RIP];
	to->rflags = (uint64_t)from[REG_EFL];
}

/* Which exception, of those that are not masked, the processor has stopped at. */
static int float_code(const struct _fpstate *state)
{
	unsigned raised = state->mxcsr & ~(state->mxcsr >> 7) & 0x3f;

	if (!raised)
		raised = state->swd & ~state->cwd & 0x3f;
	if (raised & 0x01)
		return FPE_FLTINV;
	if (raised & 0x04)
		return FPE_FLTDIV;
	if (raised & 0x08)
		return FPE_FLTOVF;
	return raised & 0x12 ? FPE_FLTUND : FPE_FLTRES;
}

/* The signal of a fault and the code that tells its kind; 0 for what is none. */
static int signal_of(const struct twz_fault *fault, uint64_t extended_state, int *code)
{
	switch (fault->kind) {
	case TWZ_FAULT_PAGE:
		*code = SEGV_MAPERR;
		return SIGSEGV;
	case TWZ_FAULT_PROTECTION:
		*code = SEGV_ACCERR;
		return SIGSEGV;
	case TWZ_FAULT_OBJECT:
	case TWZ_FAULT_MEMORY:
		*code = fault->error == TWZ_ERR_CORRUPT || fault->error == TWZ_ERR_IO ? BUS_OBJERR
										      : BUS_ADRERR;
		return SIGBUS;
	case TWZ_FAULT_ILLEGAL:
		*code = ILL_ILLOPN;
		return SIGILL;
	case TWZ_FAULT_DIVIDE:
		*code = FPE_INTDIV;
		return SIGFPE;
	case TWZ_FAULT_FLOAT:
		*code = float_code((const void *)extended_state);
		return SIGFPE;
	case TWZ_FAULT_BREAKPOINT:
		*code = TRAP_BRKPT;
		return SIGTRAP;
	case TWZ_FAULT_GENERAL:
		*code = SI_KERNEL;
		return SIGSEGV;
	default:
		return 0;
	}
}

/* The action that takes a fault: none where it is blocked, ignored or has no handler. */
static int has_handler(int signal, struct k_sigaction *action)
{
	if (!signal || (twix_self()->words.blocked & BIT(signal)))
		return 0;
	*action = twix_action(signal);
	return action->handler != SIG_DFL && action->handler != SIG_IGN;
}

static void take_fault(struct twz_upcall_frame *frame, ucontext_t *context)
{
	struct twix_thread *self = twix_self();
	siginfo_t info = {0};
	int signal = signal_of(&frame->fault, frame->extended_state, &info.si_code);
	uint32_t depth = self->depth;

	info.si_signo = signal;
	info.si_addr = (void *)(signal == SIGSEGV || signal == SIGBUS ? frame->fault.address
								      : frame->fault.registers.rip);
	context->uc_mcontext.gregs[REG_CR2] = (greg_t)frame->fault.address;
	context->uc_mcontext.gregs[REG_ERR] = (greg_t)frame->fault.code;
	/* A bad address given to a call faults inside it; the handler often leaves by siglongjmp.
	 */
	self->depth = 0;
	twix_run_handler(signal, &info, context);
	twix_deliver_with(context);
	self->depth = depth;
}

static void handle(struct twz_upcall_frame *frame)
{
	ucontext_t context = {0};

	registers_to(&frame->fault.registers, context.uc_mcontext.gregs);
	context.uc_mcontext.fpregs = (void *)frame->extended_state;
	if (frame->fault.kind == TWZ_FAULT_INTERRUPT)
		twix_deliver_with(&context);
	else
		take_fault(frame, &context);
	registers_from(context.uc_mcontext.gregs, &frame->fault.registers);
}

static void handle_moved(void *frame)
{
	handle(frame);
	twz_rt_upcall_resume(frame);
}

/*
 * Goes on with a copy of the frame on the stack that was interrupted, so that the alternate stack
 * is free for the next upcall. There is no red zone to keep clear of.
 */
static _Noreturn void move(const struct twz_upcall_frame *frame)
{
	uintptr_t state = (frame->fault.registers.rsp - frame->extended_size) & -64ul;
	struct twz_upcall_frame *copy = (void *)((state - sizeof *copy) & -16ul);

	memcpy((void *)state, (const void *)frame->extended_state, frame->extended_size);
	*copy = *frame;
	copy->extended_state = state;
	twix_call_on(copy, handle_moved, copy);
	__builtin_unreachable();
}

/*
 * On the thread that faulted or was interrupted. Inside a call its end delivers what is pending; a
 * fault that nothing handles ends the program as it would without libstd-c.
 */
static int upcall(struct twz_upcall_frame *frame)
{
	struct twix_thread *self = twix_self();
	struct k_sigaction action = {0};
	int unused;

	if (twix_trampoline(&frame->fault))
		return 1;
	if (frame->fault.kind == TWZ_FAULT_INTERRUPT) {
		const uint64_t mail = BIT(TWZ_INTERRUPT_MESSAGE);

		if (frame->fault.address & ~(BIT(LOOK) | mail))
			twix_note_foreign(frame->fault.address & ~(BIT(LOOK) | mail));
		if (frame->fault.address & mail)
			twix_note_mail();
		if (self->depth)
			return 1;
	} else if (!has_handler(signal_of(&frame->fault, frame->extended_state, &unused),
				&action)) {
		return 0;
	}
	if (!(action.flags & SA_ONSTACK) && twix_on_alternate((uintptr_t)frame) &&
	    !twix_on_alternate(frame->fault.registers.rsp))
		move(frame);
	handle(frame);
	return 1;
}

void twix_use_upcalls(void)
{
	static int used;

	if (__atomic_exchange_n(&used, 1, __ATOMIC_ACQ_REL))
		return;
	twz_rt_set_upcall_handler(upcall);
	twz_rt_exec_control(0, TWZ_PROGRAM_TAKES, TWZ_TAKES_MESSAGES);
}
