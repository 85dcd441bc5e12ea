/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler calls for each load, store and atomic operation under -fsanitize=thread (GCC's
 * and Clang's common interface, compiler-rt's tsan_interface.h), and the write-back functions of
 * <twz/persist.h>. A store's callback comes before the store.
 */
#include "explore.h"
#include <string.h>
#include <twz/lock.h>
#include <twz/persist.h>

static inline void load(const volatile void *address, size_t size)
{
	if (explore_mode == EXPLORE_RECOVER)
		explore_touch((uintptr_t)address, size, false);
	else if (explore_mode == EXPLORE_RECORD)
		medium_counts.loads++;
}

static inline void store(const volatile void *address, size_t size, bool copy)
{
	if (explore_mode == EXPLORE_RECOVER) {
		explore_touch((uintptr_t)address, size, true);
	} else if (explore_mode == EXPLORE_RECORD) {
		explore_turn(false);
		medium_store((uintptr_t)address, size, copy);
	}
}

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *address, size_t size);
void __tsan_write_range(void *address, size_t size);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *address, size_t size)
{
	if (size != 0)
		load(address, size);
}

void __tsan_write_range(void *address, size_t size)
{
	if (size != 0)
		store(address, size, true);
}

#define PLAIN(size)                             \
	void __tsan_read##size(void *address);  \
	void __tsan_read##size(void *address)   \
	{                                       \
		load(address, size);            \
	}                                       \
	void __tsan_write##size(void *address); \
	void __tsan_write##size(void *address)  \
	{                                       \
		store(address, size, size > 8); \
	}

#define UNALIGNED(size)                                   \
	void __tsan_unaligned_read##size(void *address);  \
	void __tsan_unaligned_read##size(void *address)   \
	{                                                 \
		load(address, size);                      \
	}                                                 \
	void __tsan_unaligned_write##size(void *address); \
	void __tsan_unaligned_write##size(void *address)  \
	{                                                 \
		store(address, size, true);               \
	}

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
UNALIGNED(2)
UNALIGNED(4)
UNALIGNED(8)
UNALIGNED(16)

#define RMW(bits, type, name, operation)                                                  \
	type __tsan_atomic##bits##_##name(volatile type *address, type value, int order); \
	type __tsan_atomic##bits##_##name(volatile type *address, type value, int order)  \
	{                                                                                 \
		(void)order;                                                              \
		load(address, sizeof(type));                                              \
		store(address, sizeof(type), false);                                      \
		return operation(address, value, __ATOMIC_SEQ_CST);                       \
	}

#define EXCHANGE(bits, type, name)                                                                \
	int __tsan_atomic##bits##_compare_exchange_##name(volatile type *address, type *expected, \
							  type value, int order, int failure);    \
	int __tsan_atomic##bits##_compare_exchange_##name(volatile type *address, type *expected, \
							  type value, int order, int failure)     \
	{                                                                                         \
		(void)order;                                                                      \
		(void)failure;                                                                    \
		load(address, sizeof(type));                                                      \
		store(address, sizeof(type), false);                                              \
		return __atomic_compare_exchange_n(address, expected, value, 0, __ATOMIC_SEQ_CST, \
						   __ATOMIC_SEQ_CST);                             \
	}

#define ATOMIC(bits, type)                                                               \
	type __tsan_atomic##bits##_load(const volatile type *address, int order);        \
	type __tsan_atomic##bits##_load(const volatile type *address, int order)         \
	{                                                                                \
		(void)order;                                                             \
		load(address, sizeof(type));                                             \
		return __atomic_load_n(address, __ATOMIC_SEQ_CST);                       \
	}                                                                                \
	void __tsan_atomic##bits##_store(volatile type *address, type value, int order); \
	void __tsan_atomic##bits##_store(volatile type *address, type value, int order)  \
	{                                                                                \
		(void)order;                                                             \
		store(address, sizeof(type), false);                                     \
		__atomic_store_n(address, value, __ATOMIC_SEQ_CST);                      \
	}                                                                                \
	RMW(bits, type, exchange, __atomic_exchange_n)                                   \
	RMW(bits, type, fetch_add, __atomic_fetch_add)                                   \
	RMW(bits, type, fetch_sub, __atomic_fetch_sub)                                   \
	RMW(bits, type, fetch_and, __atomic_fetch_and)                                   \
	RMW(bits, type, fetch_or, __atomic_fetch_or)                                     \
	RMW(bits, type, fetch_xor, __atomic_fetch_xor)                                   \
	EXCHANGE(bits, type, strong)                                                     \
	EXCHANGE(bits, type, weak)

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)

void __tsan_atomic_thread_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
	(void)order;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- copies (instrumented.h) ---- */

void *crash_memcpy(void *to, const void *from, size_t size);
void *crash_memmove(void *to, const void *from, size_t size);
void *crash_memset(void *to, int value, size_t size);
int crash_memcmp(const void *a, const void *b, size_t size);

void *crash_memcpy(void *to, const void *from, size_t size)
{
	return crash_memmove(to, from, size);
}

void *crash_memmove(void *to, const void *from, size_t size)
{
	if (size == 0)
		return to;
	load(from, size);
	store(to, size, size > 8);
	return memmove(to, from, size);
}

void *crash_memset(void *to, int value, size_t size)
{
	if (size == 0)
		return to;
	store(to, size, size > 8);
	return memset(to, value, size);
}

int crash_memcmp(const void *a, const void *b, size_t size)
{
	if (size == 0)
		return 0;
	load(a, size);
	load(b, size);
	return memcmp(a, b, size);
}

/* ---- write-back ---- */

void twz_flush(const void *address, size_t length)
{
	if (explore_mode == EXPLORE_RECORD && length != 0) {
		explore_turn(false);
		medium_flush((uintptr_t)address, length);
	}
}

void twz_fence(void)
{
	if (explore_mode == EXPLORE_RECORD) {
		explore_turn(false);
		explore_fence();
		medium_fence();
	}
}

void twz_persist(const void *address, size_t length)
{
	twz_flush(address, length);
	twz_fence();
}

/* ---- locks in objects: their cmpxchg16b is assembler, which no instrumentation sees ---- */

twz_result __real_twz_lock_take(struct twz_id *holder, uint32_t *waiters);
twz_result __wrap_twz_lock_take(struct twz_id *holder, uint32_t *waiters);
void __real_twz_lock_release(struct twz_id *holder, uint32_t *waiters);
void __wrap_twz_lock_release(struct twz_id *holder, uint32_t *waiters);
int __wrap_sched_yield(void);

static void watch(struct twz_id *holder)
{
	if (explore_mode == EXPLORE_RECOVER) {
		explore_touch((uintptr_t)holder, sizeof(*holder), false);
		explore_touch((uintptr_t)holder, sizeof(*holder), true);
	} else if (explore_mode == EXPLORE_RECORD) {
		medium_watch(holder, sizeof(*holder));
	}
}

twz_result __wrap_twz_lock_take(struct twz_id *holder, uint32_t *waiters)
{
	watch(holder);
	return __real_twz_lock_take(holder, waiters);
}

void __wrap_twz_lock_release(struct twz_id *holder, uint32_t *waiters)
{
	watch(holder);
	__real_twz_lock_release(holder, waiters);
}

/* Who waits for a lock gives way (libtwz/host). */
int __wrap_sched_yield(void)
{
	explore_turn(true);
	return 0;
}
