/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: the version is longer than 31 bytes */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "12345678901234567890123456789012");
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; }
