/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot option race=NAME,... of the debug variant: who comes to a place of such a name waits there
 * until another thread has deleted an object, so that a test has it happen just in between.
 */
#include <boot.h>
#include <main.h>
#include <string.h>
#include <thread.h>
#include <timer.h>

#ifdef KERNEL_DEBUG

#define PATIENCE_NS 5000000000ull /* a test whose other thread does nothing ends all the same */

static volatile uint64_t events;

static bool is_wanted(const char *name)
{
	size_t left, length = strlen(name);
	const char *wanted = boot_option("race", &left);

	while (wanted && left >= length) {
		if (memcmp(name, wanted, length) == 0 && (left == length || wanted[length] == ','))
			return true;
		while (left && *wanted != ',')
			wanted++, left--;
		if (left)
			wanted++, left--;
	}
	return false;
}

void race_window(const char *name)
{
	uint64_t before = events, end;

	if (!is_wanted(name))
		return;
	end = clock_monotonic() + PATIENCE_NS;
	while (events == before && clock_monotonic() < end)
		thread_yield();
}

void race_event(void)
{
	__atomic_add_fetch(&events, 1, __ATOMIC_RELAXED);
}

#endif
