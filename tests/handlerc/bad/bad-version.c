/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: the version must be printable text without blanks */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1 0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; }
