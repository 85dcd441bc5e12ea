/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: undeclared-path.c:6: error: twz_append to "/var/log/other", which is not declared; add TWZ_MAY_APPEND("/var/log/other") */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; twz_append("/var/log/other", "x"); }
TWZ_MAY_APPEND("/var/log/bad");
