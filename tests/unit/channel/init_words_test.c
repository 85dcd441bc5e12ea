/* SPDX-License-Identifier: BSD-2-Clause */
/* init's word splitting and formats. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one call of text.c that leaves it. */
#include "init.h"
static char said[4096];
twz_result twz_rt_fd_write(int fd, const void *buffer, size_t length, uint64_t offset)
{
	(void)fd;
	(void)offset;
	memcpy(said, buffer, length);
	said[length] = '\0';
	return (twz_result)length;
}
#include "text.c"

#include "words.h"

static int failures;

static void check(int good, const char *what)
{
	if (!good) {
		fprintf(stderr, "init-words: failed: %s\n", what);
		failures++;
	}
}

static void test_words(void)
{
	for (size_t i = 0; i < WORDS_CASES; i++) {
		const struct words_case *c = &words_cases[i];
		char *line = strdup(c->line);
		char *words[WORDS_MOST + 1];
		int count = split_words(line, words, WORDS_MOST);

		check(count == c->count, c->line);
		for (int word = 0; count == c->count && word < count; word++)
			check(strcmp(words[word], c->words[word]) == 0, c->line);
		if (count >= 0)
			check(words[count] == NULL, "the list ends in NULL");
		free(line);
	}
	char line[] = "1 2 3 4 5 6 7";
	char *words[3];
	check(split_words(line, words, 2) == 2 && words[2] == NULL, "the limit holds");
}

static void test_formats(void)
{
	char buffer[16];

	say(1, "%s %c %d %d %u %x %lu %lx %%", "text", 'c', -5, 0, 7u, 0xbeefu, 1ul << 40, ~0ul);
	check(strcmp(said, "text c -5 0 7 beef 1099511627776 ffffffffffffffff %") == 0, said);
	check(format_text(buffer, sizeof(buffer), "%s", "a text that is too long") == 15,
	      "a long text is cut");
	check(strlen(buffer) == 15, "and ended");
	check(text_begins("handler=x", "handler=") && !text_begins("hand", "handler="), "begins");
}

int main(void)
{
	test_words();
	test_formats();
	printf("init-words: %d failed\n", failures);
	return failures != 0;
}
