/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: blocking.c:9: error: sleep() blocks; a handler runs to completion (tick -> helper -> sleep) */
#include <twizzler/handler.h>
#include <unistd.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
static uint64_t ticks;
static void helper(void)
{ sleep((unsigned)ticks); }
void tick(const struct twz_event *event)
{ if (event->size) helper(); ticks++; }
