/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: no-handler.c: error: no TWZ_HANDLER */
#include <twizzler/handler.h>
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; }
