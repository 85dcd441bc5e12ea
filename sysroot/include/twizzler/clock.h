/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock page: the time without a system call. */
#ifndef TWIZZLER_CLOCK_H
#define TWIZZLER_CLOCK_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The object TWZ_ID_CLOCK, readable by every program, has this at offset 0. The kernel changes it
 * seldom (a finer measure of the counter's rate, the first reading of the calendar) and under
 * `sequence`, a sequence lock: odd while it changes (Lameter, "Effective Synchronization on
 * Linux/NUMA Systems", 2005, section 3.4).
 */
struct twz_clock_page {
	uint32_t sequence;
	uint32_t flags;		  /* TWZ_CLOCK_PAGE_* */
	uint64_t base_ticks;	  /* time stamp counter at base_time */
	uint64_t base_time;	  /* monotonic nanoseconds */
	uint64_t rate;		  /* nanoseconds a tick, 32.32 fixed point */
	uint64_t realtime_offset; /* nanoseconds to add for the time since the epoch; 0: ask */
};

/* The counter runs at one rate, alike on all CPUs: the page may be used. */
#define TWZ_CLOCK_PAGE_VALID 0x1u

#define TWZ_ID_CLOCK_HI 0ull
#define TWZ_ID_CLOCK_LO 1ull

/*
 * Nanoseconds of TWZ_CLOCK_MONOTONIC or TWZ_CLOCK_REALTIME, or 0 when only the system call
 * clock_read can tell. On all CPUs together the monotonic clock never goes back.
 */
static inline uint64_t twz_clock_page_read(const struct twz_clock_page *page, uint32_t clock)
{
	uint32_t sequence, flags, low, high;
	uint64_t ticks, time, rate, offset;

	do {
		sequence = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
		flags = page->flags;
		time = page->base_time;
		rate = page->rate;
		offset = clock == TWZ_CLOCK_REALTIME ? page->realtime_offset : 0;
		ticks = page->base_ticks;
		/* not before what the thread has read already */
		__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	} while (sequence & 1 || __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE) != sequence);
	if (!(flags & TWZ_CLOCK_PAGE_VALID) || (clock == TWZ_CLOCK_REALTIME && !offset))
		return 0;
	ticks = ((uint64_t)high << 32 | low) - ticks;
	if ((int64_t)ticks <
	    0) /* this CPU's counter is a little behind the one that set the base */
		ticks = 0;
	return time + offset + (uint64_t)((unsigned __int128)ticks * rate >> 32);
}

#ifdef __cplusplus
}
#endif
#endif
