/* SPDX-License-Identifier: BSD-2-Clause */
/* Event handlers, as the rest of the kernel sees them; the calls of programs are in syscall.def. */
#ifndef KERNEL_HANDLER_H
#define KERNEL_HANDLER_H

#include <stdint.h>

/*
 * Start the dispatcher, which first brings back the handlers of the store with their timers. After
 * the store is open, in a context that may sleep.
 */
void handlers_init(void);

struct handler_run;

/* The logged time of a run's event, nanoseconds since the epoch: what clock_read tells a handler.
 */
uint64_t handler_run_time(const struct handler_run *run);

#endif
