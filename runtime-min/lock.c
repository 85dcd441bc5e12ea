/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtime's lock: the three-state mutex of "Futexes Are Tricky" (Drepper, 2011), section 5. */
#include "internal.h"

void rt_lock_slow(struct rt_lock *lock)
{
	for (int spin = 0; spin < 100; spin++) {
		uint32_t expected = 0;
		if (__atomic_compare_exchange_n(&lock->word, &expected, 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return;
		if (expected == 2)
			break;
		__builtin_ia32_pause();
	}
	while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0) {
		struct twz_sync_op op = {.word = &lock->word,
					 .value = 2,
					 .kind = TWZ_SYNC_WAIT,
					 .flags = TWZ_SYNC_FIRM};
		twz_sys_thread_sync(&op, 1, TWZ_FOREVER);
	}
}

void rt_lock_wake(struct rt_lock *lock)
{
	struct twz_sync_op op = {.word = &lock->word, .value = 1, .kind = TWZ_SYNC_WAKE};
	twz_sys_thread_sync(&op, 1, 0);
}
