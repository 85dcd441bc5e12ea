/* SPDX-License-Identifier: BSD-2-Clause */
/* Split a unikernel's command line into the program's words. */
#include <heap.h>
#include <string.h>
#include "command_line.h"

/*
 * Read the word at *from into *to (moved past its NUL). 1: a word, 0: the end, -1: a quote is open.
 * The copy is never longer than the original.
 */
static int take_word(const char **from, char **to)
{
	const char *at = *from;
	char *out = *to, quote = 0;

	while (*at == ' ' || *at == '\t' || *at == '\n')
		at++;
	if (!*at)
		return 0;
	for (; *at && (quote || (*at != ' ' && *at != '\t' && *at != '\n')); at++) {
		if (!quote && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (*at == quote)
			quote = 0;
		else if (*at == '\\' && quote != '\'' && at[1])
			*out++ = *++at;
		else
			*out++ = *at;
	}
	*out++ = 0;
	*from = at;
	*to = out;
	return quote ? -1 : 1;
}

/* Where the program's words begin: behind the first "--" that stands alone, or NULL. */
static const char *behind_options(const char *text)
{
	for (const char *at = text; *at; at++) {
		if (at[0] == '-' && at[1] == '-' && (at == text || at[-1] == ' ') &&
		    (at[2] == ' ' || !at[2]))
			return at + 2;
	}
	return NULL;
}

void command_line_free(struct command_line *line)
{
	kernel_free(line->words);
	kernel_free(line->text);
}

twz_result command_line_split(struct command_line *line, const char *text, const char *name)
{
	const char *words = behind_options(text), *from = words ? words : text;
	uint64_t length = strlen(from), name_length = strlen(name) + 1;
	char *to;
	int took;

	*line = (struct command_line){
		.text = kernel_alloc(length + name_length + 1),
		.words = kernel_alloc_array(length / 2 + 2, sizeof(char *)),
	};
	if (!line->text || !line->words) {
		command_line_free(line);
		return -TWZ_ERR_OUT_OF_MEMORY;
	}
	to = line->text;
	for (;;) {
		char *word = to;

		took = take_word(&from, &to);
		if (took <= 0)
			break;
		/* without options before them the words are arguments, and the name comes first */
		if (!line->count && !words) {
			memmove(word + name_length, word, (uint64_t)(to - word));
			memcpy(word, name, name_length);
			line->words[line->count++] = word;
			word += name_length;
			to += name_length;
		}
		line->words[line->count++] = word;
	}
	if (took < 0) {
		command_line_free(line);
		return -TWZ_ERR_BAD_FORMAT;
	}
	if (!line->count) {
		memcpy(to, name, name_length);
		line->words[line->count++] = to;
		to += name_length;
	}
	line->bytes = (uint64_t)(to - line->text);
	return TWZ_OK;
}
