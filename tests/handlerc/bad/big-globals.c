/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: big-globals.c:4: error: globals of 100000 bytes and 32 KiB for a run exceed .memory_kb = 64; give at least 132 */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_TIMER(tick, .period_ms = 1000);
static volatile char big[100000];
void tick(const struct twz_event *event) { big[event->size % sizeof(big)]++; }
