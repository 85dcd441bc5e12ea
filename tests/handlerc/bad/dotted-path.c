/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: the output "/var/../etc/passwd" must be an absolute path */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
TWZ_MAY_APPEND("/var/../etc/passwd");
void tick(const struct twz_event *event) { (void)event; }
