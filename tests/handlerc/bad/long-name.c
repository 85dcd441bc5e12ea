/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: is longer than 63 bytes */
#include <twizzler/handler.h>
TWZ_HANDLER("a123456789012345678901234567890123456789012345678901234567890123", .version = "1");
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; }
