/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: no-events.c: error: no event; declare TWZ_ON_TIMER or TWZ_ON_EVENT */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
void tick(const struct twz_event *event) { (void)event; }
