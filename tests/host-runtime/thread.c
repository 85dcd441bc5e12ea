/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads, upcalls, clocks, programs: the Runtime ABI over Linux. */

#include "linux.h"

long host_clone(unsigned long flags, void *stack, void *parent_number, void *clear_word, void *tls,
		void (*entry)(void *), void *argument);
__asm__(".text\n"
	".type host_clone, @function\n"
	"host_clone:\n"
	"	mov %rcx, %r10\n"
	"	mov 8(%rsp), %rax\n"
	"	mov %rax, -8(%rsi)\n"
	"	mov %r9, -16(%rsi)\n"
	"	sub $16, %rsi\n"
	"	mov $56, %eax\n"
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jnz 1f\n"
	"	xor %ebp, %ebp\n"
	"	pop %rax\n"
	"	pop %rdi\n"
	"	call *%rax\n"
	"	ud2\n"
	"1:	ret\n"
	".global host_restore\n"
	"host_restore:\n"
	"	mov $15, %eax\n"
	"	syscall\n");
void host_restore(void);

twz_result twz_rt_thread_spawn(const struct twz_rt_thread_args *args)
{
	const unsigned long flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x80000;

	return linux_result(host_clone(flags | (args->parent_number ? 0x100000 : 0) |
					       (args->clear_word ? 0x200000 : 0),
				       args->stack, args->parent_number, args->clear_word,
				       args->tcb, args->entry, args->argument));
}

void twz_rt_thread_exit(void *stack, size_t length)
{
	if (length)
		__asm__ __volatile__("syscall\n\tmov $60, %%eax\n\txor %%edi, %%edi\n\tsyscall"
				     :
				     : "a"(LINUX_munmap), "D"(stack), "S"(length)
				     : "rcx", "r11", "memory");
	for (;;)
		CALL(exit, 0);
}

twz_result twz_rt_thread_set_clear_word(uint32_t *word)
{
	return CALL(set_tid_address, word);
}

uint32_t twz_rt_thread_number(void)
{
	return (uint32_t)CALL(gettid);
}

twz_result twz_rt_thread_set_name(const char *name)
{
	return linux_result(CALL(prctl, 15, name));
}

twz_result twz_rt_thread_yield(void)
{
	return linux_result(CALL(sched_yield));
}

twz_result twz_rt_thread_robust_list(void *head)
{
	return linux_result(CALL(set_robust_list, head, 24));
}

enum { FUTEX_WAKE = 1, FUTEX_REQUEUE = 3, FUTEX_WAIT_BITSET = 9 };

twz_result twz_rt_futex_wait(uint32_t *word, uint32_t expected, uint64_t deadline)
{
	struct linux_timespec time = linux_time(deadline);
	return linux_result(CALL(futex, word, FUTEX_WAIT_BITSET, expected,
				 deadline == TWZ_FOREVER ? 0 : &time, 0, ~0u));
}

twz_result twz_rt_futex_wake(uint32_t *word, uint32_t count)
{
	return linux_result(CALL(futex, word, FUTEX_WAKE, count > 0x7fffffff ? 0x7fffffff : count));
}

twz_result twz_rt_futex_requeue(uint32_t *word, uint32_t wake, uint32_t move, uint32_t *target)
{
	return linux_result(CALL(futex, word, FUTEX_REQUEUE, wake, move, target));
}

twz_result twz_rt_sleep_until(uint64_t deadline)
{
	struct linux_timespec time = linux_time(deadline);
	return linux_result(CALL(clock_nanosleep, 1, 1, &time, 0));
}

twz_result twz_rt_stack_bounds(void **base, size_t *size)
{
	*size = 1 << 20;
	*base = (void *)((host_program.stack & -4096ul) - *size + 4096);
	return 0;
}

size_t twz_rt_default_stack_size(void)
{
	return 256 << 10;
}

/* ---- upcalls: Linux's signals, turned into frames ---- */

enum { INTERRUPT = 10, SIGINFO = 4, RESTORER = 0x4000000, NODEFER = 0x40000000 };
static twz_rt_upcall_handler upcall_handler;

struct linux_context {
	uint64_t flags, link, stack[3];
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip,
		eflags;
	uint64_t segments, error, trap, mask, cr2, float_state;
};

static uint32_t kind_of(int signal, uint64_t trap, uint64_t error)
{
	if (signal == INTERRUPT)
		return TWZ_FAULT_INTERRUPT;
	switch (trap) {
	case 0:
		return TWZ_FAULT_DIVIDE;
	case 3:
		return TWZ_FAULT_BREAKPOINT;
	case 6:
		return TWZ_FAULT_ILLEGAL;
	case 14:
		return error & 1 ? TWZ_FAULT_PROTECTION : TWZ_FAULT_PAGE;
	default:
		return TWZ_FAULT_GENERAL;
	}
}

#define EACH_REGISTER(x)                                                                         \
	x(r8) x(r9) x(r10) x(r11) x(r12) x(r13) x(r14) x(r15) x(rdi) x(rsi) x(rbp) x(rbx) x(rdx) \
		x(rax) x(rcx) x(rsp) x(rip)

static uint64_t interrupts; /* codes on their way to an upcall */

static void on_signal(int signal, void *info, struct linux_context *context)
{
	struct twz_upcall_frame frame = {
		.fault = {.kind = kind_of(signal, context->trap, context->error),
			  .address = context->cr2,
			  .code = context->error},
		.extended_state = context->float_state,
	};

	if (signal == INTERRUPT)
		frame.fault.address = __atomic_exchange_n(&interrupts, 0, __ATOMIC_ACQ_REL);

	(void)info;
#define TO_FRAME(r) frame.fault.registers.r = context->r;
	EACH_REGISTER(TO_FRAME)
	frame.fault.registers.rflags = context->eflags;
	if (!upcall_handler || !upcall_handler(&frame))
		twz_rt_exit_signal(signal);
#define FROM_FRAME(r) context->r = frame.fault.registers.r;
	EACH_REGISTER(FROM_FRAME)
	context->eflags = frame.fault.registers.rflags;
}

twz_result twz_rt_set_upcall_handler(twz_rt_upcall_handler handler)
{
	static const int signals[] = {INTERRUPT, 4, 5, 7, 8, 11};
	struct {
		void (*handler)(int, void *, struct linux_context *);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} action = {on_signal, SIGINFO | RESTORER | NODEFER, host_restore, 0};

	upcall_handler = handler;
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
		CALL(rt_sigaction, signals[i], &action, 0, 8);
	return 0;
}

twz_result twz_rt_thread_interrupt(uint32_t number, uint64_t code)
{
	__atomic_fetch_or(&interrupts, 1ull << (code - 1), __ATOMIC_ACQ_REL);
	return linux_result(CALL(tkill, number, INTERRUPT));
}

/* Linux knows nothing of the words: what comes just before a sleep does not end it here. */
twz_result twz_rt_thread_interrupt_words(struct twz_interrupt_words *words)
{
	(void)words;
	return 0;
}

/* Upcalls stay on the stack that was interrupted. */
twz_result twz_rt_thread_set_upcall_stack(void *base, size_t length)
{
	(void)base;
	(void)length;
	return 0;
}

void twz_rt_upcall_resume(struct twz_upcall_frame *frame)
{
	(void)frame;
	twz_rt_abort();
}

/* ---- time, information, randomness ---- */

uint64_t twz_rt_clock(uint32_t clock)
{
	static const int clocks[] = {1, 0, 3, 2};
	struct linux_timespec time;

	CALL(clock_gettime, clocks[clock], &time);
	return (uint64_t)time.seconds * 1000000000 + (uint64_t)time.nanoseconds;
}

uint64_t twz_rt_clock_resolution(uint32_t clock)
{
	(void)clock;
	return 1;
}

twz_result twz_rt_info(struct twz_rt_info *out)
{
	*out = (struct twz_rt_info){
		.cpus = 1, .page_size = 4096, .pages_total = 65536, .pages_free = 32768};
	return 0;
}

twz_result twz_rt_random(void *buffer, size_t length)
{
	return linux_result(CALL(getrandom, buffer, length, 0));
}

/* ---- programs ---- */

uint32_t twz_rt_exec_self(void)
{
	return (uint32_t)CALL(getpid);
}

uint32_t twz_rt_exec_parent(void)
{
	return (uint32_t)CALL(getppid);
}

twz_result twz_rt_exec_fork(void)
{
	return linux_result(CALL(fork));
}

twz_result twz_rt_exec_replace(const struct twz_rt_spawn_args *args)
{
	return linux_result(CALL(execve, args->path, args->argv, args->envp));
}

twz_result twz_rt_exec_kill(uint32_t number, int signal)
{
	return linux_result(CALL(kill, number, signal));
}

static void act(const struct twz_rt_spawn_action *action)
{
	long fd;

	switch (action->kind) {
	case TWZ_SPAWN_DUP:
		if (action->from == action->to)
			CALL(fcntl, action->to, 2, 0);
		else
			CALL(dup3, action->from, action->to, 0);
		break;
	case TWZ_SPAWN_CLOSE:
		CALL(close, action->to);
		break;
	case TWZ_SPAWN_OPEN:
		fd = twz_rt_fd_open(TWZ_RT_AT_CWD, action->path, strlen(action->path),
				    action->flags, action->mode);
		if (fd != action->to) {
			CALL(dup3, fd, action->to, 0);
			CALL(close, fd);
		}
		break;
	case TWZ_SPAWN_CHDIR:
		CALL(chdir, action->path);
		break;
	case TWZ_SPAWN_FCHDIR:
		CALL(fchdir, action->from);
		break;
	}
}

/* A pipe that closes with a successful exec brings an error back. */
twz_result twz_rt_exec_spawn(const struct twz_rt_spawn_args *args)
{
	long error = 0;
	int fds[2];

	CALL(pipe2, fds, 02000000);
	long child = CALL(fork);
	if (child == 0) {
		for (size_t i = 0; i < args->action_count; i++)
			act(&args->actions[i]);
		error = CALL(execve, args->path, args->argv, args->envp);
		CALL(write, fds[1], &error, sizeof error);
		CALL(exit_group, 127);
	}
	CALL(close, fds[1]);
	CALL(read, fds[0], &error, sizeof error);
	CALL(close, fds[0]);
	if (error < 0)
		CALL(wait4, child, 0, 0, 0);
	return linux_result(error < 0 ? error : child);
}

/* Ends only; `who` as twz_rt_exec_wait_event has it. */
static twz_result wait_for(int64_t who, uint64_t deadline, struct twz_rt_wait_result *out)
{
	int status = 0;
	long child = CALL(wait4, who ? (long)who : -1l, &status, deadline == 0 ? 1 : 0, 0);

	if (child <= 0)
		return child ? linux_result(child) : -TWZ_ERR_TIMED_OUT;
	*out = (struct twz_rt_wait_result){
		.number = (uint32_t)child,
		.state = status & 0x7f ? TWZ_VIEW_KILLED : TWZ_VIEW_EXITED,
		.code = status & 0x7f ? status & 0x7f : status >> 8 & 0xff,
	};
	return child;
}

twz_result twz_rt_exec_wait(uint32_t number, uint64_t deadline, struct twz_rt_wait_result *out)
{
	return wait_for(number, deadline, out);
}

twz_result twz_rt_exec_wait_event(int64_t who, uint32_t events, uint64_t deadline,
				  struct twz_rt_wait_result *out)
{
	return events == TWZ_RT_WAIT_ENDED ? wait_for(who, deadline, out) : -TWZ_ERR_NOT_SUPPORTED;
}

/* Linux delivers what is sent. */
twz_result twz_rt_exec_send(int64_t target, const struct twz_message *message, uint32_t flags)
{
	(void)flags;
	return linux_result(CALL(kill, target, message->signal));
}

twz_result twz_rt_exec_take(struct twz_message *out)
{
	(void)out;
	return -TWZ_ERR_WOULD_BLOCK;
}

twz_result twz_rt_exec_control(uint32_t number, uint32_t command, uint64_t argument)
{
	(void)number;
	(void)argument;
	return command == TWZ_PROGRAM_TAKES ? TWZ_OK : -TWZ_ERR_NOT_SUPPORTED;
}
