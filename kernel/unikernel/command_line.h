/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A unikernel's command line: "[kernel options --] words". Blanks separate words, '...' and "..."
 * quote, a backslash takes the next character, as x86_64-twizzler-run writes it and a shell reads
 * it.
 */
#ifndef UNIKERNEL_COMMAND_LINE_H
#define UNIKERNEL_COMMAND_LINE_H

#include <stdint.h>
#include <twizzler/types.h>

struct command_line {
	char **words;	/* of the program; words[0] is its name */
	uint64_t count; /* at least 1 */
	uint64_t bytes; /* of the words with their NULs */
	char *text;
};

/*
 * Split. Without "--" all words are the program's arguments and its name is `name`: so started by
 * hand, by a boot loader or xl. -BAD_FORMAT for an open quote, -OUT_OF_MEMORY. Free with
 * command_line_free.
 */
twz_result command_line_split(struct command_line *line, const char *text, const char *name);
void command_line_free(struct command_line *line);

#endif
