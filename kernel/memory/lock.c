/* SPDX-License-Identifier: BSD-2-Clause */
/* Spinlocks with interrupts off, and the lock order check of the debug variant. */
#include <cpu.h>
#include <lock.h>
#include <log.h>
#include <platform.h>
#include <tlb.h>
#include <x86.h>

enum how { FIRST, SECOND, TRIED };

static void remember(struct cpu *cpu, const struct spinlock *lock, enum how how)
{
#ifdef KERNEL_DEBUG
	ASSERT(cpu->lock_depth < sizeof(cpu->lock_ranks) / sizeof(cpu->lock_ranks[0]));
	for (uint32_t i = 0; i < cpu->lock_depth; i++) {
		/* a lock that is only tried cannot close a circle of waiters */
		if (how != TRIED && (cpu->lock_ranks[i] > lock->rank ||
				     (cpu->lock_ranks[i] == lock->rank && how == FIRST)))
			panic("lock order: rank %u taken with rank %u held", lock->rank,
			      cpu->lock_ranks[i]);
	}
	cpu->lock_ranks[cpu->lock_depth] = lock->rank;
#else
	(void)lock;
	(void)how;
#endif
	cpu->lock_depth++;
}

static void forget(struct cpu *cpu, const struct spinlock *lock)
{
#ifdef KERNEL_DEBUG
	uint32_t i = cpu->lock_depth;

	ASSERT(lock->held);
	while (i > 0 && cpu->lock_ranks[i - 1] != lock->rank)
		i--;
	ASSERT(i > 0);
	for (; i < cpu->lock_depth; i++)
		cpu->lock_ranks[i - 1] = cpu->lock_ranks[i];
#else
	(void)lock;
#endif
	cpu->lock_depth--;
}

static __attribute__((noinline, cold)) void wait_for(struct spinlock *lock)
{
	do {
		while (lock->held) {
			cpu_pause();
			tlb_answer();
		}
	} while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE));
}

static inline uint64_t acquire(struct spinlock *lock, enum how how)
{
	uint64_t flags = platform->interrupts_save();

	remember(this_cpu(), lock, how);
	if (__builtin_expect(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE), 0))
		wait_for(lock);
	return flags;
}

uint64_t spin_lock(struct spinlock *lock)
{
	return acquire(lock, FIRST);
}

uint64_t spin_lock_second(struct spinlock *lock)
{
	return acquire(lock, SECOND);
}

bool spin_try_lock(struct spinlock *lock, uint64_t *flags)
{
	*flags = platform->interrupts_save();
	if (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
		platform->interrupts_restore(*flags);
		return false;
	}
	remember(this_cpu(), lock, TRIED);
	return true;
}

void spin_unlock(struct spinlock *lock, uint64_t flags)
{
	forget(this_cpu(), lock);
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
	platform->interrupts_restore(flags);
}

bool may_sleep(void)
{
	return this_cpu()->lock_depth == 0;
}
