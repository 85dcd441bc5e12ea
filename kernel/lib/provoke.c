/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot option provoke=NAME of the debug variant: does on purpose what one of its checks is there to
 * find, so that a test sees the check fire. Each ends in a panic.
 */
#include <boot.h>
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <main.h>
#include <page.h>
#include <platform.h>
#include <string.h>
#include <thread.h>

#ifdef KERNEL_DEBUG

static volatile int number = 0x7fffffff;

static void overflow(void)
{
	number = number + 1;
}

static void shift(void)
{
	number = 1 << (number & 63);
}

static void bounds(void)
{
	static const volatile int array[4];

	number = array[number & 7];
}

static void lock_order(void)
{
	static struct spinlock inner = SPINLOCK_INIT(LOCK_FRAME), outer = SPINLOCK_INIT(LOCK_VIEW);

	spin_lock(&inner);
	spin_lock(&outer);
}

/* Two of one rank, without telling that they are taken in the order of their addresses. */
static void lock_twice(void)
{
	static struct spinlock one = SPINLOCK_INIT(LOCK_OBJECT), two = SPINLOCK_INIT(LOCK_OBJECT);

	spin_lock(&one);
	spin_lock(&two);
}

static void lock_free(void)
{
	static struct spinlock lock = SPINLOCK_INIT(LOCK_OBJECT);

	spin_unlock(&lock, 0);
}

static void sleep_locked(void)
{
	static struct spinlock lock = SPINLOCK_INIT(LOCK_OBJECT);

	spin_lock(&lock);
	thread_yield();
}

/* An entry was removed, and its frame is given up before any CPU has flushed. */
static void stale(void)
{
	physical_address frame = frame_alloc();

	frame_mark_stale(frame, true);
	frame_unref(frame);
}

static void free_twice(void)
{
	physical_address frame = frame_alloc();

	frame_unref(frame);
	frame_unref(frame);
}

/* A page table is given back that still names a frame. */
static void full_table(void)
{
	physical_address table = platform->table_alloc();

	*(uint64_t *)phys_to_virt(table) = PTE_PRESENT;
	platform->table_free(table);
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{"overflow", overflow},		{"shift", shift},	    {"bounds", bounds},
	{"lock-order", lock_order},	{"lock-twice", lock_twice}, {"lock-free", lock_free},
	{"sleep-locked", sleep_locked}, {"stale", stale},	    {"free-twice", free_twice},
	{"full-table", full_table},
};

void provoke(void)
{
	size_t length;
	const char *name = boot_option("provoke", &length);

	if (!name)
		return;
	for (unsigned i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (strlen(acts[i].name) == length && memcmp(acts[i].name, name, length) == 0) {
			acts[i].act();
			panic("provoke=%s went unnoticed", acts[i].name);
		}
	}
	panic("provoke names nothing that this kernel can do (kernel/lib/provoke.c)");
}

#else

void provoke(void)
{
	size_t length;

	if (boot_option("provoke", &length))
		panic("provoke wants the debug kernel");
}

#endif
