/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: format */
#pragma GCC diagnostic error "-Wformat"
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
TWZ_MAY_APPEND("/var/log/a");
void tick(const struct twz_event *event) { (void)event; twz_append("/var/log/a", "%s", 5); }
