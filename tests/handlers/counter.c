/* SPDX-License-Identifier: BSD-2-Clause */
/* The counter of docs/handlers.md, with a version and a period that the tests choose, and an event
 * that shows the globals. */
#include <twizzler/handler.h>

#ifndef VERSION
#define VERSION "1.0"
#endif
#ifndef PERIOD
#define PERIOD 1000
#endif

TWZ_HANDLER("counter", .version = VERSION, .budget_ms = 500, .memory_kb = 64);
TWZ_ON_TIMER(tick, .period_ms = PERIOD);
TWZ_ON_EVENT(mark, "counter.mark");
TWZ_MAY_APPEND("/var/log/counter");

static uint64_t ticks; /* persists across runs and reboots */

void tick(const struct twz_event *event)
{
	(void)event;
	twz_append("/var/log/counter", "%lu\n", ++ticks);
}

void mark(const struct twz_event *event)
{
	twz_append("/var/log/counter", "%s: %.*s\n", VERSION, (int)event->size,
		   (const char *)twz_event_payload(event));
}
