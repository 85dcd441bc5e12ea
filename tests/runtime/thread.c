/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/thread.h: threads and their storage. */
#include "contract.h"

static _Thread_local uint64_t plain = 17;
static _Thread_local char aligned[64] __attribute__((aligned(256))) = "aligned";
static _Thread_local int zero;

/* ---- storage ---- */

CONTRACT(twz_rt_tls_size)
{
	size_t size = twz_rt_tls_size();
	CHECK(size % 64 == 0 && size > sizeof(struct twz_rt_tcb) + sizeof(aligned));
	CHECK(twz_rt_tls_size() == size);
}

static void check_storage(void *argument)
{
	struct twz_rt_tcb *tcb;
	(void)argument;
	__asm__ volatile("mov %%fs:0, %0" : "=r"(tcb));
	CHECK(tcb->self == tcb);
	CHECK(plain == 17 && zero == 0 && !strcmp(aligned, "aligned"));
	CHECK((uintptr_t)aligned % 256 == 0);
	plain = 18;
	zero = 1;
	aligned[0] = 'A';
}

CONTRACT(twz_rt_tls_init)
{
	size_t size = twz_rt_tls_size();
	/* at any 64-byte alignment, within its memory */
	char *memory = fresh_range(size + PAGE);
	for (size_t offset = 0; offset < 512; offset += 64) {
		memset(memory, 0, size + PAGE);
		struct twz_rt_tcb *tcb = twz_rt_tls_init(memory + offset), *own;
		CHECK((char *)tcb >= memory + offset);
		CHECK((char *)(tcb + 1) + twz_libc_thread_area <= memory + offset + size);
		__asm__ volatile("mov %%fs:0, %0" : "=r"(own));
		CHECK(tcb->self == tcb && tcb->canary == own->canary && tcb->dtv != NULL);
		CHECK((uintptr_t)tcb % 256 == (uintptr_t)own % 256);
		size_t touched = 0;
		for (size_t i = offset + size; i < size + PAGE; i++)
			touched += memory[i] != 0;
		CHECK(touched == 0);
		twz_rt_tls_fini(tcb);
	}
	GIVES(twz_rt_range_unmap(memory, size + PAGE), 0);
	/* each thread has its own */
	struct thread threads[3];
	for (int i = 0; i < 3; i++) {
		CHECK(thread_start(&threads[i], check_storage, NULL));
		thread_join(&threads[i]);
	}
	CHECK(plain == 17 && zero == 0 && aligned[0] == 'a');
}

CONTRACT(twz_rt_tls_fini)
{
	/* Of a block that no thread has used: nothing is left of it. */
	size_t size = twz_rt_tls_size();
	char *memory = fresh_range(size);
	for (int i = 0; i < 100; i++) {
		memset(memory, 0, size);
		struct twz_rt_tcb *tcb = twz_rt_tls_init(memory);
		CHECK(tcb != NULL);
		twz_rt_tls_fini(tcb);
	}
	GIVES(twz_rt_range_unmap(memory, size), 0);
}

static void general_dynamic(void *argument)
{
	struct twz_rt_image image;
	struct twz_rt_tcb *tcb;
	GIVES(twz_rt_image(0, &image), 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(tcb));
	uintptr_t offset = (uintptr_t)&plain - ((uintptr_t)tcb - image.tls_offset);
	struct twz_rt_tls_index index = {image.tls_module, offset};
	CHECK(twz_rt_tls_get_addr(&index) == &plain);
	*(uintptr_t *)argument = (uintptr_t)&plain;
}

CHILD(tls_bad_module)
{
	struct twz_rt_tls_index index = {1000, 0};
	twz_rt_tls_get_addr(&index);
}

CONTRACT(twz_rt_tls_get_addr)
{
	struct thread thread;
	uintptr_t here = 0, there = 0;
	general_dynamic(&here);
	CHECK(thread_start(&thread, general_dynamic, &there));
	thread_join(&thread);
	CHECK(here != 0 && there != 0 && here != there);
	CHECK(child_code("tls_bad_module") == 127); /* no module: the program is wrong, and ends */
}

/* ---- spawn, exit, join ---- */

static void note_number(void *argument)
{
	*(uint32_t *)argument = twz_rt_thread_number();
}

static uint32_t told_parent, told_child, seen_parent, seen_child, clear_word;

static void look_at_numbers(void *argument)
{
	(void)argument;
	seen_parent = __atomic_load_n(&told_parent, __ATOMIC_ACQUIRE);
	seen_child = __atomic_load_n(&told_child, __ATOMIC_ACQUIRE);
	twz_rt_thread_exit(NULL, 0);
}

CONTRACT(twz_rt_thread_spawn)
{
	size_t size = twz_rt_tls_size();
	char *stack = fresh_range(16 * PAGE), *memory = fresh_range(size);
	struct twz_rt_tcb *tcb = twz_rt_tls_init(memory);
	struct twz_rt_thread_args args = {
		.entry = look_at_numbers,
		.stack = stack + 16 * PAGE,
		.tcb = tcb,
		.clear_word = &clear_word,
		.parent_number = &told_parent,
		.child_number = &told_child,
	};
	struct twz_system_info before, later;
	told_parent = told_child = 0;
	clear_word = 1;
	twz_result number = GOOD(twz_rt_thread_spawn(&args));
	CHECK(number >= 1 && told_parent == number && number != twz_rt_thread_number());
	GIVES(twz_rt_thread_join(&clear_word, after(30000 * MS)), 0);
	CHECK(seen_parent == number && seen_child == number && told_child == number);

	nap(5 * MS);
	twz_sys_system_info(&before);
	struct twz_rt_thread_args bad = args;
	bad.entry = NULL;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.stack = NULL;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.stack = stack + 8;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.stack = KERNEL_HALF;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.tcb = NULL;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.tcb = (void *)((uintptr_t)tcb + 1);
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.clear_word = (uint32_t *)((uintptr_t)&clear_word + 2);
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.clear_word = KERNEL_HALF;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.child_number = KERNEL_HALF;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	bad = args;
	bad.parent_number = KERNEL_HALF;
	FAILS(twz_rt_thread_spawn(&bad), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_spawn(NULL), BAD_ADDRESS);
	FAILS(twz_rt_thread_spawn(KERNEL_HALF), BAD_ADDRESS);
	/* a spawn that fails leaves nothing behind */
	twz_sys_system_info(&later);
	CHECK(later.threads <= before.threads && later.objects <= before.objects);
	twz_rt_tls_fini(tcb);
	GIVES(twz_rt_range_unmap(stack, 16 * PAGE), 0);
	GIVES(twz_rt_range_unmap(memory, size), 0);
}

static void *left_stack;

static void exit_with_stack(void *argument)
{
	(void)argument;
	twz_rt_thread_exit(left_stack, 16 * PAGE);
}

CONTRACT(twz_rt_thread_exit)
{
	/* It frees the stack that it stands on. */
	size_t size = twz_rt_tls_size();
	for (int round = 0; round < 20; round++) {
		char *stack = fresh_range(16 * PAGE), *memory = fresh_range(size);
		struct twz_rt_thread_args args = {
			.entry = exit_with_stack,
			.stack = stack + 16 * PAGE,
			.tcb = twz_rt_tls_init(memory),
			.clear_word = &clear_word,
		};
		left_stack = stack;
		clear_word = 1;
		GOOD(twz_rt_thread_spawn(&args));
		GIVES(twz_rt_thread_join(&clear_word, after(30000 * MS)), 0);
		CHECK(read_faults(stack) && read_faults(stack + 16 * PAGE - 1));
		twz_rt_tls_fini(args.tcb);
		GIVES(twz_rt_range_unmap(memory, size), 0);
	}
}

static void wait_for_word(void *argument)
{
	while (__atomic_load_n((uint32_t *)argument, __ATOMIC_ACQUIRE) == 0)
		twz_rt_futex_wait(argument, 0, TWZ_FOREVER);
}

static void set_word(uint32_t *word)
{
	__atomic_store_n(word, 1, __ATOMIC_RELEASE);
	GOOD(twz_rt_futex_wake(word, ~0u));
}

CONTRACT(twz_rt_thread_join)
{
	struct thread thread;
	uint32_t go = 0, gone = 0;
	CHECK(thread_start(&thread, wait_for_word, &go));
	FAILS(twz_rt_thread_join(&thread.alive, 0), TIMED_OUT);
	uint64_t until = after(20 * MS);
	FAILS(twz_rt_thread_join(&thread.alive, until), TIMED_OUT);
	CHECK(now() >= until);
	set_word(&go);
	thread_join(&thread);
	CHECK(thread.alive == 0);
	GIVES(twz_rt_thread_join(&gone, 0), 0); /* gone already */
	FAILS(twz_rt_thread_join(NULL, 0), BAD_ADDRESS);
	FAILS(twz_rt_thread_join(KERNEL_HALF, 0), BAD_ADDRESS);
	FAILS(twz_rt_thread_join((uint32_t *)((uintptr_t)&gone + 2), 0), INVALID_ARGUMENT);
}

static uint32_t replaced_word;

static void replace_clear_word(void *argument)
{
	uint32_t number = twz_rt_thread_number();
	(void)argument;
	GIVES(twz_rt_thread_set_clear_word(&replaced_word), number);
	FAILS(twz_rt_thread_set_clear_word((uint32_t *)((uintptr_t)&replaced_word + 1)),
	      INVALID_ARGUMENT);
	FAILS(twz_rt_thread_set_clear_word(KERNEL_HALF), INVALID_ARGUMENT);
}

static void drop_clear_word(void *argument)
{
	GIVES(twz_rt_thread_set_clear_word(NULL), twz_rt_thread_number());
	set_word(argument);
}

CONTRACT(twz_rt_thread_set_clear_word)
{
	struct thread thread;
	uint32_t done = 0;
	replaced_word = 1;
	CHECK(thread_start(&thread, replace_clear_word, NULL));
	GIVES(twz_rt_thread_join(&replaced_word, after(30000 * MS)), 0);
	CHECK(thread.alive == 1); /* the old one is left alone */
	thread.alive = 0;
	thread_join(&thread);
	CHECK(thread_start(&thread, drop_clear_word, &done));
	wait_for_word(&done);
	nap(20 * MS);
	CHECK(thread.alive == 1);
	thread.alive = 0;
	thread_join(&thread);
	FAILS(twz_rt_thread_set_clear_word(KERNEL_HALF), INVALID_ARGUMENT);
}

CONTRACT(twz_rt_thread_number)
{
	struct thread thread;
	uint32_t own = twz_rt_thread_number(), other = 0;
	CHECK(own >= 1 && own == twz_rt_thread_number());
	CHECK(thread_start(&thread, note_number, &other));
	thread_join(&thread);
	CHECK(other >= 1 && other != own && other == thread.number);
}

CONTRACT(twz_rt_thread_set_name)
{
	GIVES(twz_rt_thread_set_name("contract"), 0);
	GIVES(twz_rt_thread_set_name(""), 0);
	GIVES(twz_rt_thread_set_name("a name that is longer than what the kernel keeps"), 0);
	FAILS(twz_rt_thread_set_name(NULL), BAD_ADDRESS);
	FAILS(twz_rt_thread_set_name(KERNEL_HALF), BAD_ADDRESS);
	FAILS(twz_rt_thread_set_name(NO_PAGE), BAD_ADDRESS);
}

CONTRACT(twz_rt_thread_priority)
{
	uint32_t number = twz_rt_thread_number();
	GIVES(twz_rt_thread_priority(0), TWZ_PRIORITY_DEFAULT);
	GIVES(twz_rt_thread_priority(number), TWZ_PRIORITY_DEFAULT);
	FAILS(twz_rt_thread_priority(0x7fffffff), NO_SUCH_THREAD);
}

CONTRACT(twz_rt_thread_set_priority)
{
	uint32_t number = twz_rt_thread_number();
	GIVES(twz_rt_thread_set_priority(0, TWZ_PRIORITY_DEFAULT + 1), 0);
	GIVES(twz_rt_thread_priority(number), TWZ_PRIORITY_DEFAULT + 1);
	GIVES(twz_rt_thread_set_priority(number, TWZ_PRIORITY_REALTIME | TWZ_PRIORITY_FIFO), 0);
	GIVES(twz_rt_thread_priority(0), TWZ_PRIORITY_REALTIME | TWZ_PRIORITY_FIFO);
	GIVES(twz_rt_thread_set_priority(0, TWZ_PRIORITY_DEFAULT), 0);
	FAILS(twz_rt_thread_set_priority(0, TWZ_PRIORITIES), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_set_priority(0x7fffffff, TWZ_PRIORITY_DEFAULT), NO_SUCH_THREAD);
}

static uint32_t turns;

static void take_turns(void *argument)
{
	(void)argument;
	for (int i = 0; i < 100; i++) {
		__atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED);
		GIVES(twz_rt_thread_yield(), 0);
	}
}

CONTRACT(twz_rt_thread_yield)
{
	struct thread thread;
	turns = 0;
	CHECK(thread_start(&thread, take_turns, NULL));
	/* With one processor only a yield lets the other go on. */
	uint64_t late = after(30000 * MS);
	while (__atomic_load_n(&turns, __ATOMIC_RELAXED) < 100 && now() < late)
		GIVES(twz_rt_thread_yield(), 0);
	thread_join(&thread);
	CHECK(turns == 100);
	NEVER_FAILS();
}

/* As Linux lays it out: struct robust_list_head. */
static struct robust {
	void *list;
	long offset;
	void *pending;
	void *entry;
	uint32_t word;
} robust;

static void die_with_lock(void *argument)
{
	(void)argument;
	robust.entry = &robust.list;
	robust.list = &robust.entry;
	robust.offset = (char *)&robust.word - (char *)&robust.entry;
	robust.word = twz_rt_thread_number();
	GIVES(twz_rt_thread_robust_list(&robust), 0);
}

CONTRACT(twz_rt_thread_robust_list)
{
	struct thread thread;
	memset(&robust, 0, sizeof(robust));
	CHECK(thread_start(&thread, die_with_lock, NULL));
	thread_join(&thread);
	CHECK(robust.word & 0x40000000); /* FUTEX_OWNER_DIED */
	GIVES(twz_rt_thread_robust_list(NULL), 0);
	FAILS(twz_rt_thread_robust_list(KERNEL_HALF), INVALID_ARGUMENT);
}

static void change_tcb(void *argument)
{
	struct twz_rt_tcb *own, *now_;
	size_t size = twz_rt_tls_size();
	(void)argument;
	__asm__ volatile("mov %%fs:0, %0" : "=r"(own));
	char *memory = fresh_range(size);
	struct twz_rt_tcb *other = twz_rt_tls_init(memory);
	GIVES(twz_rt_thread_set_tcb(other), 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(now_));
	CHECK(now_ == other);
	GIVES(twz_rt_thread_set_tcb(own), 0);
	__asm__ volatile("mov %%fs:0, %0" : "=r"(now_));
	CHECK(now_ == own);
	twz_rt_tls_fini(other);
	GIVES(twz_rt_range_unmap(memory, size), 0);
}

CONTRACT(twz_rt_thread_set_tcb)
{
	struct thread thread;
	CHECK(thread_start(&thread, change_tcb, NULL));
	thread_join(&thread);
	FAILS(twz_rt_thread_set_tcb(NULL), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_set_tcb(KERNEL_HALF), INVALID_ARGUMENT);
	FAILS(twz_rt_thread_set_tcb((void *)((uintptr_t)&robust + 1)), INVALID_ARGUMENT);
}

static void ask_bounds(void *argument)
{
	void *base;
	size_t size;
	FAILS(twz_rt_stack_bounds(&base, &size), NOT_FOUND);
	*(bool *)argument = true;
}

CONTRACT(twz_rt_stack_bounds)
{
	struct thread thread;
	void *base = NULL;
	size_t size = 0;
	bool asked = false;
	GIVES(twz_rt_stack_bounds(&base, &size), 0);
	uintptr_t here = (uintptr_t)&base;
	CHECK(here > (uintptr_t)base && here - (uintptr_t)base < size);
	CHECK((uintptr_t)base % PAGE == 0 && size % PAGE == 0 && size >= 64 * PAGE);
	CHECK(thread_start(&thread, ask_bounds, &asked));
	thread_join(&thread);
	CHECK(asked);
	FAILS(twz_rt_stack_bounds(NULL, &size), BAD_ADDRESS);
	FAILS(twz_rt_stack_bounds(&base, NULL), BAD_ADDRESS);
	FAILS(twz_rt_stack_bounds(KERNEL_HALF, &size), BAD_ADDRESS);
}

CONTRACT(twz_rt_default_stack_size)
{
	size_t size = twz_rt_default_stack_size();
	CHECK(size >= 16 * PAGE && size % PAGE == 0 && size <= TWZ_SLOT_SIZE);
}
