/* SPDX-License-Identifier: BSD-2-Clause */
/* handlerctl: register, list, raise and remove event handlers. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "handlerctl.h"

static const struct {
	const char *name;
	int (*run)(int count, char **arguments);
	const char *usage;
} commands[] = {
	{"list", command_list, "list                  what is registered, and how its runs went"},
	{"stat", command_stat, "stat NAME             all about one handler"},
	{"register", command_register, "register FILE.twh     register or update a handler"},
	{"emit", command_emit,
	 "emit EVENT [DATA]     raise an event and wait until its handlers have run"},
	{"rollback", command_rollback,
	 "rollback NAME         back to the version before the last change"},
	{"remove", command_remove, "remove NAME           remove a handler and its snapshot"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

int complain(const char *what, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "handlerctl: %s%s", what, *what ? ": " : "");
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return 1;
}

static void usage(FILE *stream)
{
	fprintf(stream, "usage: handlerctl COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stream, "  %s\n", commands[i].usage);
}

int main(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help"))) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; argc > 1 && i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	if (argc > 1)
		fprintf(stderr, "handlerctl: no command '%s'\n", argv[1]);
	usage(stderr);
	return 2;
}
