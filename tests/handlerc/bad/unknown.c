/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: frobnicate() is not among the functions that a handler may call (tick -> frobnicate) */
#include <twizzler/handler.h>
int frobnicate(int);
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
static int x;
void tick(const struct twz_event *event) { x = frobnicate((int)event->size); }
