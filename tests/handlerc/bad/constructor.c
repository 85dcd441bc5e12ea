/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: 'prepare' is a constructor or destructor */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
static int x;
__attribute__((constructor)) static void prepare(void) { x = 1; }
void tick(const struct twz_event *event) { (void)event; x++; }
