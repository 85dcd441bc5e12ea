/* SPDX-License-Identifier: BSD-2-Clause */
/* What the clock's files share. */
#ifndef PLATFORM_CLOCK_H
#define PLATFORM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A counter of known frequency: `mask` has its bits, `frequency` is in ticks a second. */
struct reference {
	const char *name;
	uint64_t (*read)(void);
	uint64_t mask, frequency;
};

/* The best counter that counts; false when there is none. */
bool reference_find(struct reference *reference);

/*
 * The time stamp counter runs at one rate and alike on all CPUs, as far as the processor or the
 * hypervisor says.
 */
bool tsc_promised(void);

/* Seconds since the epoch from the CMOS clock, read twice alike; 0 when it holds no date. */
uint64_t calendar_read(void);

#endif
