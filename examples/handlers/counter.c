/* SPDX-License-Identifier: BSD-2-Clause */
/* The counter of docs/handlers.md. */
#include <twizzler/handler.h>
TWZ_HANDLER("counter", .version = "1.0", .budget_ms = 500, .memory_kb = 64);
TWZ_ON_TIMER(tick, .period_ms = 1000);
TWZ_ON_EVENT(reset, "counter.reset");
TWZ_MAY_APPEND("/var/log/counter");
static uint64_t ticks; /* persists across runs and reboots */
void tick(const struct twz_event *ev)
{
	(void)ev;
	twz_append("/var/log/counter", "%lu\n", ++ticks);
}
void reset(const struct twz_event *ev)
{
	(void)ev;
	ticks = 0;
}
