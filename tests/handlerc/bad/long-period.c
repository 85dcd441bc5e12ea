/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: the timer tick needs a .period_ms */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 99999999999ull);
void tick(const struct twz_event *event) { (void)event; }
