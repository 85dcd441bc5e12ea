/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: thread-local.c:6: error: 'count' is thread-local; a handler has one thread */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
static __thread int count;
void tick(const struct twz_event *event) { (void)event; count++; }
