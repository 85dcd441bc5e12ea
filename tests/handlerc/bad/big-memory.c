/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: .memory_kb = 2000000 is more than 1048576 */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1", .memory_kb = 2000000);
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; }
