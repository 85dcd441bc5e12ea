/* SPDX-License-Identifier: BSD-2-Clause */
/* The planted bugs of mutants.txt, as mutate.py lists them; number n is mutants[n - 1]. */
#ifndef CRASH_MUTANTS_H
#define CRASH_MUTANTS_H

struct mutant {
	const char *file, *title;
	int applies;
};

extern const struct mutant mutants[]; /* ends with one without a file */
extern unsigned crash_mutant;	      /* the one that is there now; 0: none */

#endif
