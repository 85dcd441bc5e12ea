/* SPDX-License-Identifier: BSD-2-Clause */
/* The word splitting of x86_64-twizzler-run's batch files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "words.h"

int main(void)
{
	int failures = 0;

	for (size_t i = 0; i < WORDS_CASES; i++) {
		const struct words_case *c = &words_cases[i];
		struct strings words = {0};
		bool closed = strings_split(&words, c->line);
		bool good = closed == (c->count >= 0);

		for (int word = 0; good && word < c->count; word++)
			good = (size_t)word < words.count &&
			       strcmp(words.items[word], c->words[word]) == 0;
		if (good && c->count >= 0)
			good = words.count == (size_t)c->count;
		if (!good) {
			fprintf(stderr, "run-words: failed: %s\n", c->line);
			failures++;
		}
		for (size_t word = 0; word < words.count; word++)
			free(words.items[word]);
		free(words.items);
	}
	printf("run-words: %zu lines, %d failed\n", WORDS_CASES, failures);
	return failures != 0;
}
