/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: the event function tick() is declared and not defined */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
