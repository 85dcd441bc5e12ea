/* SPDX-License-Identifier: BSD-2-Clause */
/* The boot's time line. */
#include <boot.h>
#include <log.h>
#include <timeline.h>
#include <timer.h>
#include <x86.h>

#define MARKS_MAX 32

static struct mark {
	const char *what;
	uint64_t tsc;
} marks[MARKS_MAX];
static uint32_t mark_count;
static bool printed;

void timeline_mark(const char *what)
{
	uint32_t index = __atomic_load_n(&mark_count, __ATOMIC_RELAXED);

	while (index < MARKS_MAX)
		if (__atomic_compare_exchange_n(&mark_count, &index, index + 1, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
			marks[index] = (struct mark){what, rdtsc()};
			return;
		}
}

void timeline_print(void)
{
	size_t length;
	/* the counter starts at the reset */
	uint64_t firmware = clock_from_tsc(2 * boot_info.entry_tsc);

	if (boot_option("timeline", &length) == NULL ||
	    __atomic_test_and_set(&printed, __ATOMIC_RELAXED))
		return;
	log_alert("timeline: %lu us kernel entered", firmware / 1000);
	for (uint32_t i = 0; i < mark_count && i < MARKS_MAX; i++)
		log_alert("timeline: %lu us %s", (firmware + clock_from_tsc(marks[i].tsc)) / 1000,
			  marks[i].what);
}
