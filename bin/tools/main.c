/* SPDX-License-Identifier: BSD-2-Clause */
/* One program under several names: the name it was called by says what it does. */
#include "tools.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *name;

int tool_complain(const char *path)
{
	fprintf(stderr, "%s: %s: %s\n", name, path, strerror(errno));
	return 1;
}

int tool_usage(const char *usage)
{
	fprintf(stderr, "usage: %s %s\n", name, usage);
	return 2;
}

static int tool_true(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 0;
}

static int tool_false(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 1;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} tools[] = {
	{"cat", tool_cat}, {"echo", tool_echo},	  {"false", tool_false}, {"ls", tool_ls},
	{"rm", tool_rm},   {"mkdir", tool_mkdir}, {"sleep", tool_sleep}, {"true", tool_true},
};

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;

	name = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "";
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
		if (strcmp(tools[i].name, name) != 0)
			continue;
		int result = tools[i].run(argc, argv);
		/* Output that was not written is a failure, whatever the tool itself thought. */
		if (fflush(stdout) != 0 && result == 0)
			result = tool_complain("standard output");
		return result;
	}
	fprintf(stderr, "tools: called as '%s'; call it by one of:", name);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		fprintf(stderr, " %s", tools[i].name);
	fputs("\n", stderr);
	return 127;
}
