/* SPDX-License-Identifier: BSD-2-Clause */
/* handlerctl list and stat. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <twz/sys.h>
#include "handlerctl.h"

static const char *call_name(uint32_t number)
{
	switch (number) {
#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) \
	case number:                                                       \
		return #name;
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL
	}
	return "unknown call";
}

static const char *fault_name(uint32_t kind)
{
	static const char *const names[] = {
		"no fault",	  "page fault",		 "protection fault",
		"object fault",	  "illegal instruction", "division",
		"floating point", "breakpoint",		 "general protection",
		"interrupt",	  "out of memory",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "fault";
}

const char *last_discard(const struct twz_handler_stat *stat)
{
	static char text[160];

	switch (stat->last_error) {
	case TWZ_OK:
		return "-";
	case TWZ_ERR_NOT_IN_HANDLER:
		snprintf(text, sizeof(text), "forbidden call: %s (%#" PRIx32 ")",
			 call_name(stat->last_syscall), stat->last_syscall);
		return text;
	case TWZ_ERR_BAD_ADDRESS:
		snprintf(text, sizeof(text), "%s at %#" PRIx64 ", rip %#" PRIx64,
			 fault_name(stat->last_fault.kind), stat->last_fault.address,
			 stat->last_fault.registers.rip);
		return text;
	case TWZ_ERR_TIMED_OUT:
		snprintf(text, sizeof(text), "budget of %" PRIu32 " ms used up", stat->budget_ms);
		return text;
	case TWZ_ERR_INTERRUPTED:
		return "by itself (twz_discard)";
	case TWZ_ERR_NO_SUCH_OBJECT:
		return "an output file is gone; register it again";
	case TWZ_ERR_CROSS_DEVICE:
		return "an output file is not in the store";
	case TWZ_ERR_BAD_FORMAT:
		return "malformed outputs";
	default:
		return twz_error_text(-(twz_result)stat->last_error);
	}
}

int command_list(int count, char **arguments)
{
	const char *format = "%-16s %-10s %9s %9s %9s %9s  %s\n";
	struct twz_handler_stat stat;
	twz_result result;

	(void)arguments;
	if (count)
		return complain("list", "takes no arguments");
	printf(format, "NAME", "VERSION", "EVENTS", "COMMITTED", "DISCARDED", "SEQUENCE",
	       "LAST DISCARD");
	for (uint64_t i = 0; (result = twz_sys_handler_stat(i, &stat)) >= 0; i++) {
		char numbers[4][24];
		const uint64_t values[4] = {stat.events, stat.committed, stat.discarded,
					    stat.sequence};

		for (int n = 0; n < 4; n++)
			snprintf(numbers[n], sizeof(numbers[n]), "%" PRIu64, values[n]);
		printf(format, stat.name, stat.version, numbers[0], numbers[1], numbers[2],
		       numbers[3], last_discard(&stat));
	}
	return result == -TWZ_ERR_NOT_FOUND ? 0 : complain("list", "%s", twz_error_text(result));
}

int command_stat(int count, char **arguments)
{
	struct twz_handler_stat stat;
	twz_result result = 0;

	if (count != 1)
		return complain("stat", "give one handler's name");
	for (uint64_t i = 0; (result = twz_sys_handler_stat(i, &stat)) >= 0; i++)
		if (!strcmp(stat.name, arguments[0]))
			break;
	if (result < 0)
		return complain(arguments[0], "no such handler; handlerctl list shows them");
	printf("name          %s\n", stat.name);
	printf("version       %s\n", stat.version);
	printf("kept          %s\n",
	       stat.flags & TWZ_HANDLER_STAT_PERSISTENT ? "in the store" : "until power-off");
	printf("rollback      %s\n",
	       stat.flags & TWZ_HANDLER_STAT_PREVIOUS ? "to the version before" : "none");
	printf("budget        %" PRIu32 " ms of CPU time, %" PRIu32 " KiB\n", stat.budget_ms,
	       stat.memory_kb);
	printf("snapshot      %" PRIu64 " bytes\n", stat.snapshot_bytes);
	printf("events        %" PRIu64 " since boot or registration\n", stat.events);
	printf("committed     %" PRIu64 "\n", stat.committed);
	printf("discarded     %" PRIu64 "\n", stat.discarded);
	printf("sequence      %" PRIu64 "\n", stat.sequence);
	printf("last run      %" PRIu64 " us of CPU time\n", stat.last_cpu / 1000);
	printf("last discard  %s\n", last_discard(&stat));
	return 0;
}
