/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/core.h: the start and end of a program, upcalls, constructors. */
#include "contract.h"

static uintptr_t start_stack[2]; /* the stack pointer that a constructor saw, and its argc */
static char **start_environment;
static int constructed;

__attribute__((constructor)) static void construct(int argc, char **argv, char **envp)
{
	start_stack[0] = (uintptr_t)argv;
	start_stack[1] = (uintptr_t)argc;
	start_environment = envp;
	constructed++;
}

static int *destructor_count; /* in memory that a parent reads */

__attribute__((destructor)) static void destruct(void)
{
	if (destructor_count != NULL)
		++*destructor_count;
}

static const uintptr_t *auxiliary(uintptr_t type)
{
	const uintptr_t *at = (const uintptr_t *)start_environment;
	while (*at != 0)
		at++;
	for (at++; at[0] != 0; at += 2) {
		if (at[0] == type)
			return at;
	}
	return NULL;
}

/* The process start contract, by what the program found. */
CONTRACT(twz_rt_entry)
{
	static const uintptr_t present[] = {
		3, 4, 5, 6, 7, 9, 25, 31, AT_TWZ_SPAWN, AT_TWZ_STACK, AT_TWZ_STACK_SIZE};
	CHECK(start_stack[1] >= 1 && ((char **)start_stack[0])[start_stack[1]] == NULL);
	CHECK((uintptr_t)start_environment == start_stack[0] + (start_stack[1] + 1) * 8);
	for (size_t i = 0; i < sizeof(present) / sizeof(present[0]); i++)
		CHECK(auxiliary(present[i]) != NULL);
	CHECK(auxiliary(33) == NULL); /* AT_SYSINFO_EHDR */
	CHECK(auxiliary(6) != NULL && auxiliary(6)[1] == PAGE);
	CHECK(auxiliary(25) != NULL && !read_faults((void *)auxiliary(25)[1]));
	CHECK(auxiliary(23) == NULL || auxiliary(23)[1] == 0); /* AT_SECURE */
	/* the interpreter's base, in a dynamic program */
	CHECK(auxiliary(7) != NULL && (auxiliary(7)[1] != 0) == is_reference());
	/* the stack is where auxv says */
	uintptr_t low = auxiliary(AT_TWZ_STACK)[1], size = auxiliary(AT_TWZ_STACK_SIZE)[1];
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	CHECK(here >= low && here - low < size);
	/* the thread control block */
	struct twz_rt_tcb *tcb;
	uintptr_t canary;
	__asm__("mov %%fs:0, %0" : "=r"(tcb));
	__asm__("mov %%fs:0x28, %0" : "=r"(canary));
	CHECK(tcb->self == tcb && tcb->canary == canary);
	CHECK(((uintptr_t)tcb & 63) == 0);
	/* the descriptors */
	struct twz_rt_stat stat;
	for (int fd = 0; fd < 3; fd++)
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
}

CHILD(exit_with)
{
	twz_rt_exit((int)number_of(child_argv[0]));
}

static void exit_from_thread(void *argument)
{
	(void)argument;
	twz_rt_exit(33);
}

CHILD(exit_thread)
{
	struct thread thread;
	thread_start(&thread, exit_from_thread, NULL);
	nap(60000 * MS);
	twz_rt_exit(99);
}

CONTRACT(twz_rt_exit)
{
	static const char *const codes[] = {"0", "1", "77", "255"};
	for (size_t i = 0; i < 4; i++) {
		const char *arguments[] = {codes[i], NULL};
		CHECK(child_end(child_start("exit_with", arguments)) == (int)number_of(codes[i]));
	}
	/* any thread ends the whole program */
	CHECK(child_code("exit_thread") == 33);
}

CHILD(abort)
{
	twz_rt_abort();
}

CONTRACT(twz_rt_abort)
{
	CHECK(child_code("abort") == -6);
}

CHILD(exit_signal)
{
	twz_rt_exit_signal((int)number_of(child_argv[0]));
}

CONTRACT(twz_rt_exit_signal)
{
	static const char *const signals[] = {"1", "9", "15", "64"};
	for (size_t i = 0; i < 4; i++) {
		const char *arguments[] = {signals[i], NULL};
		CHECK(child_end(child_start("exit_signal", arguments)) ==
		      -(int)number_of(signals[i]));
	}
	/* no signal's number: as if by SIGABRT */
	const char *none[] = {"65", NULL}, *zero[] = {"0", NULL};
	CHECK(child_end(child_start("exit_signal", none)) == -6);
	CHECK(child_end(child_start("exit_signal", zero)) == -6);
}

/* ---- upcalls ---- */

static uint32_t upcalls;
static struct twz_fault seen;

static int skip_instruction(struct twz_upcall_frame *frame)
{
	upcalls++;
	seen = frame->fault;
	frame->fault.registers.rip += 2; /* ud2 */
	return 1;
}

static int refuse(struct twz_upcall_frame *frame)
{
	(void)frame;
	return 0;
}

CHILD(fault_default)
{
	twz_rt_set_upcall_handler(skip_instruction);
	__asm__ volatile("ud2");
	if (upcalls != 1)
		twz_rt_exit(98);
	twz_rt_set_upcall_handler(NULL);
	__asm__ volatile("ud2");
}

CHILD(fault_refused)
{
	twz_rt_set_upcall_handler(refuse);
	probe_write(NO_PAGE);
}

CONTRACT(twz_rt_set_upcall_handler)
{
	upcalls = 0;
	GIVES(twz_rt_set_upcall_handler(skip_instruction), 0);
	__asm__ volatile("ud2");
	CHECK(upcalls == 1 && seen.kind == TWZ_FAULT_ILLEGAL);
	GIVES(twz_rt_set_upcall_handler(NULL), 0);
	GIVES(twz_rt_set_upcall_handler(NULL), 0);
	FAILS(twz_rt_set_upcall_handler((twz_rt_upcall_handler)(uintptr_t)NO_PAGE), BAD_ADDRESS);
	FAILS(twz_rt_set_upcall_handler((twz_rt_upcall_handler)(uintptr_t)KERNEL_HALF),
	      BAD_ADDRESS);
	/* no handler, or one that refuses: the program ends, and its parent sees the fault */
	struct twz_rt_wait_result end = {0};
	twz_result child = child_start("fault_default", NULL);
	GIVES(twz_rt_exec_wait((uint32_t)child, TWZ_FOREVER, &end), child);
	CHECK(end.state == TWZ_VIEW_KILLED && end.code == 4 && end.fault.kind == TWZ_FAULT_ILLEGAL);
	child = child_start("fault_refused", NULL);
	GIVES(twz_rt_exec_wait((uint32_t)child, TWZ_FOREVER, &end), child);
	CHECK(end.state == TWZ_VIEW_KILLED && end.code == 11);
	CHECK(end.fault.kind != TWZ_FAULT_NONE && end.fault.address == (uint64_t)NO_PAGE);
}

static char other_stack[16384] __attribute__((aligned(64)));
static struct twz_upcall_frame *moved_frame;

/* On another stack, with a copy of the frame. */
static void resume_from_copy(void)
{
	static struct twz_upcall_frame copy;
	static char extended[8192] __attribute__((aligned(64)));
	copy = *moved_frame;
	if (copy.extended_size > sizeof(extended))
		twz_rt_exit(97);
	memcpy(extended, (void *)copy.extended_state, copy.extended_size);
	copy.extended_state = (uint64_t)extended;
	copy.fault.registers.rip += 2;
	copy.fault.registers.rbx = 0x1234;
	twz_rt_upcall_resume(&copy);
}

static int move_stack(struct twz_upcall_frame *frame)
{
	moved_frame = frame;
	__asm__ volatile("mov %0, %%rsp\n\tcall *%1\n\tud2"
			 :
			 : "r"(other_stack + sizeof(other_stack)), "r"(resume_from_copy)
			 : "memory");
	return 0;
}

CONTRACT(twz_rt_upcall_resume)
{
	uint64_t rbx = 1;
	double kept = 1.5;
	GIVES(twz_rt_set_upcall_handler(move_stack), 0);
	__asm__ volatile("ud2" : "+b"(rbx), "+x"(kept) : : "memory");
	CHECK(rbx == 0x1234 && kept == 1.5);
	GIVES(twz_rt_set_upcall_handler(NULL), 0);
}

/* ---- constructors ---- */

CONTRACT(twz_rt_run_constructors)
{
	/* libstd-c has called it: once, before main, with the program's arguments. */
	CHECK(constructed == 1 && start_stack[0] != 0);
}

CHILD(destructors)
{
	int calls = 0;
	destructor_count = &calls;
	twz_rt_run_destructors();
	twz_rt_run_destructors();
	destructor_count = NULL;
	twz_rt_exit(40 + calls);
}

CONTRACT(twz_rt_run_destructors)
{
	CHECK(child_code("destructors") == 41); /* once, however often it is called */
}
