/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the list of a batch: a program a line, with its own options before it (docs/run.md). */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"

static bool parse_expectation(struct entry *entry, const char *value)
{
	char *end;

	if (strcmp(value, "any") == 0) {
		entry->expect = EXPECT_ANY;
		return true;
	}
	if (strcmp(value, "timeout") == 0) {
		entry->expect = EXPECT_TIMEOUT;
		return true;
	}
	entry->expected = signal_number(value);
	if (entry->expected > 0) {
		entry->expect = EXPECT_SIGNAL;
		return true;
	}
	long code = strtol(value, &end, 10);
	entry->expect = EXPECT_CODE;
	entry->expected = (int)code;
	return end != value && *end == '\0' && code >= 0 && code <= 255;
}

/* Takes one "@name=value". Returns NULL or what is wrong with it. */
static const char *parse_option(struct entry *entry, const char *word)
{
	const char *value = strchr(word, '=');
	size_t length = value != NULL ? (size_t)(value++ - word) : 0;

#define IS(name) (length == sizeof(name) - 1 && memcmp(word, name, length) == 0)
	if (IS("@timeout"))
		return parse_seconds(value, &entry->timeout_ns) ? NULL
								: "not a number of seconds above 0";
	if (IS("@stdin")) {
		entry->input = format_string("%s", value);
		return NULL;
	}
	if (IS("@env")) {
		strings_add(&entry->environment, value);
		return strchr(value, '=') != NULL && value[0] != '=' ? NULL : "not NAME=VALUE";
	}
	if (IS("@expect"))
		return parse_expectation(entry, value)
			       ? NULL
			       : "not an exit code, a signal's name, timeout or any";
#undef IS
	return "no such option; @timeout= @stdin= @env= @expect= are known (a program whose name "
	       "begins with @ is written ./@...)";
}

static bool parse_words(struct entry *entry, const struct strings *words, const char *path)
{
	size_t first = 0;

	while (first < words->count && words->items[first][0] == '@') {
		const char *wrong = parse_option(entry, words->items[first]);

		if (wrong != NULL) {
			complain("--batch %s: line %zu: %s: %s", path, entry->line,
				 words->items[first], wrong);
			return false;
		}
		first++;
	}
	if (first == words->count) {
		complain("--batch %s: line %zu: options without a program", path, entry->line);
		return false;
	}
	for (size_t i = first; i < words->count; i++)
		strings_add(&entry->job.argv, words->items[i]);
	return true;
}

static bool read_lines(struct batch_list *list, FILE *file, const char *path)
{
	char *line = NULL;
	size_t capacity = 0, entries_capacity = 0;
	bool good = true;

	for (size_t number = 1; good && getline(&line, &capacity, file) >= 0; number++) {
		struct strings words = {0};

		good = strings_split(&words, line);
		if (!good)
			complain("--batch %s: line %zu: a quote is not closed", path, number);
		if (!good || words.count == 0)
			continue;
		if (list->count == entries_capacity) {
			entries_capacity = entries_capacity ? 2 * entries_capacity : 64;
			list->entries =
				realloc(list->entries, entries_capacity * sizeof(struct entry));
			if (list->entries == NULL) {
				complain("out of memory");
				exit(EXIT_MACHINE);
			}
		}
		struct entry *entry = &list->entries[list->count++];
		*entry = (struct entry){.line = number};
		good = parse_words(entry, &words, path);
		strings_free(&words);
	}
	free(line);
	return good;
}

bool batch_read(struct batch_list *list, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");

	if (file == NULL) {
		complain("--batch %s: %s", path, strerror(errno));
		return false;
	}
	bool good = read_lines(list, file, path);
	if (file != stdin)
		fclose(file);
	if (good && list->count == 0) {
		complain("--batch %s: no command line in it", path);
		return false;
	}
	return good;
}
