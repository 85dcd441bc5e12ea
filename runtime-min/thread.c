/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of the program: start, end, wait words, sleep. */
#include "start.h"

/* Lies at the top of the new thread's stack until the thread has read it. */
struct thread_start {
	struct twz_rt_thread_args args;
};

RT_BEGIN
void rt_thread_entry(void);
void rt_thread_main(struct thread_start *start) __attribute__((noreturn, used));
void rt_on_exit_stack(void *stack, size_t length, uintptr_t top) __attribute__((noreturn));
void rt_leave_stack(void *stack, size_t length) __attribute__((noreturn, used));
RT_END

/* The kernel enters with an aligned rsp; a call leaves it as a C function expects. */
__asm__(".pushsection .text\n"
	".hidden rt_thread_entry\n"
	".globl rt_thread_entry\n"
	".type rt_thread_entry, @function\n"
	"rt_thread_entry:\n"
	"	xorl %ebp, %ebp\n"
	"	call rt_thread_main\n"
	"	ud2\n"
	".size rt_thread_entry, . - rt_thread_entry\n"
	".hidden rt_on_exit_stack\n"
	".globl rt_on_exit_stack\n"
	".type rt_on_exit_stack, @function\n"
	"rt_on_exit_stack:\n"
	"	movq %rdx, %rsp\n"
	"	xorl %ebp, %ebp\n"
	"	call rt_leave_stack\n"
	"	ud2\n"
	".size rt_on_exit_stack, . - rt_on_exit_stack\n"
	".popsection\n");

void rt_thread_main(struct thread_start *start)
{
	struct twz_rt_thread_args args = start->args;
	uint32_t number = twz_rt_thread_number();
	if (args.clear_word != NULL)
		twz_sys_thread_control(TWZ_THREAD_CLEAR_WORD, (uint64_t)args.clear_word);
	/* The parent stores the same number; this thread must not run without it. */
	if (args.parent_number != NULL)
		__atomic_store_n(args.parent_number, number, __ATOMIC_RELEASE);
	if (args.child_number != NULL)
		__atomic_store_n(args.child_number, number, __ATOMIC_RELEASE);
	args.entry(args.argument);
	twz_rt_thread_exit(NULL, 0);
}

static bool good_word(const uint32_t *word)
{
	return (uintptr_t)word % 4 == 0 && word != NULL && rt_user_pointer(word, sizeof(*word));
}

static bool no_or_good_word(const uint32_t *word)
{
	return word == NULL || good_word(word);
}

twz_result twz_rt_thread_spawn(const struct twz_rt_thread_args *args)
{
	if (!rt_user_pointer(args, sizeof(*args)))
		return RT_ERROR(BAD_ADDRESS);
	uintptr_t top = (uintptr_t)args->stack;
	size_t start_size = rt_round_up(sizeof(struct thread_start), 16);
	if (!rt_user_pointer((const void *)args->entry, 1) || args->stack == NULL ||
	    top % 16 != 0 || !rt_user_range(top - start_size, start_size) ||
	    (uintptr_t)args->tcb % 8 != 0 || args->tcb == NULL ||
	    !rt_user_pointer(args->tcb, sizeof(*args->tcb)) || !no_or_good_word(args->clear_word) ||
	    !no_or_good_word(args->parent_number) || !no_or_good_word(args->child_number))
		return RT_ERROR(INVALID_ARGUMENT);

	struct thread_start *start = (struct thread_start *)(top - start_size);
	start->args = *args;
	struct twz_thread_spec spec = {
		.entry = (uint64_t)rt_thread_entry,
		.stack = (uint64_t)start,
		.argument = (uint64_t)start,
		.fs_base = (uint64_t)args->tcb,
	};
	struct twz_id id;
	twz_result number = twz_sys_thread_spawn(&spec, &id);
	if (number > 0 && args->parent_number != NULL)
		__atomic_store_n(args->parent_number, (uint32_t)number, __ATOMIC_RELEASE);
	return number;
}

/*
 * A thread cannot stand on the stack that it frees: it goes to this one. The kernel clears the word
 * when the thread has left it, which hands the stack to the next.
 */
static _Alignas(16) unsigned char exit_stack[16384];

void rt_leave_stack(void *stack, size_t length)
{
	twz_rt_range_unmap(stack, length);
	for (;;)
		twz_sys_thread_exit(&rt_locks[RT_LOCK_EXIT_STACK].word, 0, 0);
}

void twz_rt_thread_exit(void *stack, size_t length)
{
	if (length == 0) {
		for (;;)
			twz_sys_thread_exit(NULL, 0, 0);
	}
	/* The kernel must not look for these in memory that is about to be another's. */
	twz_sys_thread_control(TWZ_THREAD_ROBUST_LIST, 0);
	twz_sys_thread_control(TWZ_THREAD_UPCALL_STACK, 0);
	rt_lock(&rt_locks[RT_LOCK_EXIT_STACK]);
	/* Contended from here on: whoever waits is woken by the kernel's store, not by an unlock.
	 */
	__atomic_store_n(&rt_locks[RT_LOCK_EXIT_STACK].word, 2, __ATOMIC_RELAXED);
	rt_on_exit_stack(stack, length, (uintptr_t)exit_stack + sizeof(exit_stack));
}

twz_result twz_rt_thread_set_clear_word(uint32_t *word)
{
	if (!no_or_good_word(word))
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result result = twz_sys_thread_control(TWZ_THREAD_CLEAR_WORD, (uint64_t)word);
	return result < 0 ? result : (twz_result)twz_rt_thread_number();
}

uint32_t twz_rt_thread_number(void)
{
	return (uint32_t)twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);
}

twz_result twz_rt_thread_set_name(const char *name)
{
	if (!rt_user_pointer(name, 1))
		return RT_ERROR(BAD_ADDRESS);
	return twz_sys_thread_control(TWZ_THREAD_SET_NAME, (uint64_t)name);
}

twz_result twz_rt_thread_priority(uint32_t number)
{
	return twz_sys_thread_control(TWZ_THREAD_PRIORITY, (uint64_t)number << 32);
}

twz_result twz_rt_thread_set_priority(uint32_t number, uint32_t priority)
{
	return twz_sys_thread_control(TWZ_THREAD_SET_PRIORITY, (uint64_t)number << 32 | priority);
}

twz_result twz_rt_thread_yield(void)
{
	return twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
}

twz_result twz_rt_thread_join(uint32_t *clear_word, uint64_t deadline)
{
	for (;;) {
		if (!rt_user_pointer(clear_word, sizeof(*clear_word)))
			return RT_ERROR(BAD_ADDRESS);
		uint32_t value = __atomic_load_n(clear_word, __ATOMIC_ACQUIRE);
		if (value == 0)
			return 0;
		twz_result result = twz_rt_futex_wait(clear_word, value, deadline);
		if (result < 0 && result != RT_ERROR(WOULD_BLOCK))
			return result;
	}
}

twz_result twz_rt_thread_robust_list(void *head)
{
	return twz_sys_thread_control(TWZ_THREAD_ROBUST_LIST, (uint64_t)head);
}

twz_result twz_rt_thread_interrupt(uint32_t number, uint64_t code)
{
	return twz_sys_thread_interrupt(number, code);
}

twz_result twz_rt_thread_interrupt_words(struct twz_interrupt_words *words)
{
	if ((uintptr_t)words % 8 != 0 ||
	    !rt_user_pointer(words, words == NULL ? 0 : sizeof(*words)))
		return RT_ERROR(INVALID_ARGUMENT);
	return twz_sys_thread_control(TWZ_THREAD_INTERRUPT_WORDS, (uint64_t)words);
}

twz_result twz_rt_thread_set_upcall_stack(void *base, size_t length)
{
	const uint64_t range[2] = {(uint64_t)base, length};
	if (!rt_user_pointer(base, length))
		return RT_ERROR(INVALID_ARGUMENT);
	return twz_sys_thread_control(TWZ_THREAD_UPCALL_STACK, length != 0 ? (uint64_t)range : 0);
}

twz_result twz_rt_thread_set_tcb(struct twz_rt_tcb *tcb)
{
	if (tcb == NULL || !rt_user_pointer(tcb, sizeof(*tcb)) || (uintptr_t)tcb % 8 != 0)
		return RT_ERROR(INVALID_ARGUMENT);
	return twz_sys_thread_control(TWZ_THREAD_SET_FS, (uint64_t)tcb);
}

twz_result twz_rt_futex_wait(uint32_t *word, uint32_t expected, uint64_t deadline)
{
	if (!good_word(word))
		return RT_ERROR(INVALID_ARGUMENT);
	if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != expected)
		return RT_ERROR(WOULD_BLOCK);
	struct twz_sync_op op = {.word = word, .value = expected, .kind = TWZ_SYNC_WAIT};
	twz_result result = twz_sys_thread_sync(&op, 1, deadline);
	return result < 0 ? result : 0;
}

twz_result twz_rt_futex_wake(uint32_t *word, uint32_t count)
{
	if (!good_word(word))
		return RT_ERROR(INVALID_ARGUMENT);
	struct twz_sync_op op = {.word = word, .value = count, .kind = TWZ_SYNC_WAKE};
	return twz_sys_thread_sync(&op, 1, 0);
}

twz_result twz_rt_futex_requeue(uint32_t *word, uint32_t wake, uint32_t move, uint32_t *target)
{
	if (!good_word(word) || !good_word(target))
		return RT_ERROR(INVALID_ARGUMENT);
	if (wake == 0 && move == 0)
		return 0;
	/* The kernel's operation wakes one and moves the rest; a wake more than asked is harmless.
	 */
	uint32_t more = wake > 1 ? wake - 1 : 0;
	struct twz_sync_op ops[2] = {
		{.word = word, .value = more, .kind = TWZ_SYNC_WAKE},
		{.word = word,
		 .value = wake == 0 ? move - 1 : move,
		 .kind = TWZ_SYNC_REQUEUE,
		 .word2 = target},
	};
	return more != 0 ? twz_sys_thread_sync(ops, 2, 0) : twz_sys_thread_sync(ops + 1, 1, 0);
}

twz_result twz_rt_sleep_until(uint64_t deadline)
{
	twz_result result = twz_sys_thread_sync(NULL, 0, deadline);
	if (result == RT_ERROR(TIMED_OUT))
		return 0;
	if (result < 0)
		return result;
	return 0;
}

twz_result twz_rt_stack_bounds(void **base, size_t *size)
{
	if (!rt_user_pointer(base, sizeof(*base)) || !rt_user_pointer(size, sizeof(*size)))
		return RT_ERROR(BAD_ADDRESS);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	if (rt_start.stack == 0 || here < rt_start.stack ||
	    here - rt_start.stack >= rt_start.stack_size)
		return RT_ERROR(NOT_FOUND);
	*base = (void *)rt_start.stack;
	*size = rt_start.stack_size;
	return 0;
}

size_t twz_rt_default_stack_size(void)
{
	return 1u << 20;
}
