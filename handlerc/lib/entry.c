/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a handler run starts and ends, and the two system calls it may issue. */
#include "run.h"

static twz_result call(uint64_t number, uint64_t first, uint64_t second)
{
	twz_result result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(first), "S"(second)
			 : "rcx", "rdx", "r11", "memory");
	return result;
}

static __attribute__((noreturn)) void finish(uint64_t outputs, uint64_t length)
{
	for (;;)
		call(TWZ_SYS_handler_return, outputs, length);
}

/* The image's entry point: the kernel has filled the run slot and set the stack. */
__attribute__((noreturn, force_align_arg_pointer)) void twz_handler_start(void)
{
	const struct twz_handler_entry *entry = run_entry();
	twz_handler_function function = (twz_handler_function)entry->function;

	function((const struct twz_event *)entry->event);
	twz_commit();
}

void twz_commit(void)
{
	finish(run_entry()->output, run_entry()->output_used);
}

void twz_discard(void)
{
	finish(0, TWZ_HANDLER_DISCARD);
}

const void *twz_event_payload(const struct twz_event *event)
{
	return event + 1;
}

uint64_t twz_now(void)
{
	return ((const struct twz_event *)run_entry()->event)->time;
}

int twz_random(void *buffer, size_t length)
{
	return (int)call(TWZ_SYS_random_read, (uint64_t)buffer, length);
}

/*
 * libstd-c's functions that can fail store errno through this; a handler has no thread-local
 * storage, and errno is one run's, so it stands behind the run's entry structure.
 */
int *___errno_location(void)
{
	return &run_entry()->error;
}

__attribute__((alias("___errno_location"))) int *__errno_location(void);
