/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing lists of strings, formatting, and the one way to print an error. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static void *must(void *memory)
{
	if (memory == NULL) {
		fputs("x86_64-twizzler-run: out of memory\n", stderr);
		exit(EXIT_MACHINE);
	}
	return memory;
}

static void strings_take(struct strings *list, char *text)
{
	if (list->count + 1 >= list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 16;
		list->items = must(realloc(list->items, list->capacity * sizeof(char *)));
	}
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
}

void strings_add(struct strings *list, const char *text)
{
	strings_take(list, must(strdup(text)));
}

void strings_free(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strings){0};
}

static char *format_list(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	return must(text);
}

void strings_addf(struct strings *list, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	strings_take(list, format_list(format, arguments));
	va_end(arguments);
}

char *format_string(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = format_list(format, arguments);
	va_end(arguments);
	return text;
}

bool strings_split(struct strings *words, const char *line)
{
	char *word = must(malloc(strlen(line) + 1));
	size_t length = 0;
	bool inside = false;
	char quote = 0;

	for (; *line != '\0'; line++) {
		char byte = *line;

		if (quote == 0 && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')) {
			if (inside) {
				word[length] = '\0';
				strings_add(words, word);
			}
			inside = false;
			length = 0;
			continue;
		}
		if (quote == 0 && !inside && byte == '#')
			break;
		inside = true;
		if (byte == '\\' && quote != '\'' && line[1] != '\0')
			word[length++] = *++line;
		else if (quote == 0 && (byte == '\'' || byte == '"'))
			quote = byte;
		else if (quote != 0 && byte == quote)
			quote = 0;
		else
			word[length++] = byte;
	}
	if (inside && quote == 0) {
		word[length] = '\0';
		strings_add(words, word);
	}
	free(word);
	return quote == 0;
}

void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("x86_64-twizzler-run: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}
