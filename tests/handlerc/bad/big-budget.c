/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: .budget_ms = 60001 is more than 60000 */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1", .budget_ms = 60001);
TWZ_ON_TIMER(tick, .period_ms = 1000);
void tick(const struct twz_event *event) { (void)event; }
