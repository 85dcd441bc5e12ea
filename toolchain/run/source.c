/* SPDX-License-Identifier: BSD-2-Clause */
/* Names the source of addresses by the toolchain's addr2line: function, file and line. */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

static const char INLINED[] = " (inlined by) ";

/* Starts addr2line on the addresses; its answer as a stream, or NULL. */
static FILE *ask(const char *elf, const uint64_t *addresses, size_t count, pid_t *child)
{
	struct strings arguments = {0};
	int ends[2];
	char *tool = installed_file(NULL, "../bin/x86_64-twizzler-addr2line");

	if (access(tool, X_OK) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
		free(tool);
		return NULL;
	}
	strings_add(&arguments, tool);
	strings_add(&arguments, "-aCfip");
	strings_add(&arguments, "-e");
	strings_add(&arguments, elf);
	for (size_t i = 0; i < count; i++)
		strings_addf(&arguments, "0x%llx", (unsigned long long)addresses[i]);
	*child = fork();
	if (*child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execv(tool, arguments.items);
		_exit(1);
	}
	strings_free(&arguments);
	free(tool);
	close(ends[1]);
	FILE *answer = *child > 0 ? fdopen(ends[0], "r") : NULL;
	if (answer == NULL)
		close(ends[0]);
	return answer;
}

void sources_of_addresses(const char *elf, const uint64_t *addresses, size_t count,
			  struct strings *sources)
{
	char *line = NULL;
	size_t room = 0, index = 0;
	pid_t child;
	FILE *answer = ask(elf, addresses, count, &child);

	while (answer != NULL && getline(&line, &room, answer) > 0) {
		char *more = strstr(line, " (discriminator "), *text = line;

		line[strcspn(line, "\n")] = '\0';
		if (more != NULL)
			*more = '\0';
		if (strncmp(text, INLINED, sizeof(INLINED) - 1) == 0) {
			text += sizeof(INLINED) - 1;
		} else {
			char *end = strstr(text, ": ");

			/* the answer to the next address */
			if (strncmp(text, "0x", 2) != 0 || end == NULL || index == count)
				continue;
			text = end + 2;
			index++;
		}
		if (index > 0 && *text != '?')
			strings_add(&sources[index - 1], text);
	}
	free(line);
	if (answer != NULL) {
		fclose(answer);
		waitpid(child, NULL, 0);
	}
}

char *source_of_address(const char *elf, uint64_t address)
{
	struct strings sources = {0};

	sources_of_addresses(elf, &address, 1, &sources);
	/* of what is inlined, the function that it is in */
	char *result =
		sources.count > 0 ? format_string("%s", sources.items[sources.count - 1]) : NULL;
	strings_free(&sources);
	return result;
}

bool backtrace_address(const char *line, size_t length, uint64_t *address)
{
	char text[256], *end;

	if (length >= sizeof(text) || length < 18 || strncmp(line, "  ", 2) != 0 ||
	    !isxdigit((unsigned char)line[2]))
		return false;
	memcpy(text, line, length);
	text[length] = '\0';
	*address = strtoull(text + 2, &end, 16);
	return end == text + 18 && (*end == ' ' || *end == '\0') && *address != 0;
}

char *source_of_backtrace(const char *kernel, const char *line, size_t length)
{
	uint64_t address;

	if (!backtrace_address(line, length, &address))
		return NULL;
	/* All but the first are return addresses: the call stands before them. Its line is near. */
	return source_of_address(kernel, address - 1);
}
