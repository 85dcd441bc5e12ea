/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: no-events.c: error: no event; declare TWZ_ON_TIMER, TWZ_ON_EVENT or TWZ_ON_BOOT */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
void tick(const struct twz_event *event) { (void)event; }
