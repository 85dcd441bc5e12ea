/* SPDX-License-Identifier: BSD-2-Clause */
/* Returns as its event says: handler_return's arguments are the payload. For tests/kernel. */
#include <twizzler/handler.h>

#ifndef VERSION
#define VERSION "1.0"
#endif

TWZ_HANDLER("counted", .version = VERSION, .budget_ms = 500);
TWZ_ON_EVENT(back, "counted.return");

void back(const struct twz_event *event)
{
	const uint64_t *arguments = twz_event_payload(event);
	long result;

	if (event->size != 16)
		twz_discard();
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(TWZ_SYS_handler_return), "D"(arguments[0]), "S"(arguments[1])
			 : "rcx", "r11", "memory");
}
