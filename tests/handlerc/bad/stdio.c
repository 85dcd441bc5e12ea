/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: printf() needs stdio; use twz_append, or twz_format into a buffer (tick -> printf) */
#include <twizzler/handler.h>
#include <stdio.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; printf("hello\n"); }
