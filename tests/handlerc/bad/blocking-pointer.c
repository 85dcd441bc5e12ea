/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: usleep() blocks; a handler runs to completion (tick -> table -> usleep) */
#include <twizzler/handler.h>
#include <unistd.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
static int (*const table[])(useconds_t) = {usleep, 0};
void tick(const struct twz_event *event) { table[event->index](1); }
