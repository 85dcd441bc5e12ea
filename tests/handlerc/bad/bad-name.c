/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: bad-name.c:4: error: the handler's name "no blanks" must be letters, digits */
#include <twizzler/handler.h>
TWZ_HANDLER("no blanks", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; }
