/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: malloc() needs a heap */
#include <twizzler/handler.h>
#include <stdlib.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
static void *volatile p;
void tick(const struct twz_event *event) { p = malloc(event->size); }
