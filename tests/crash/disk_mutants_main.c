/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows that the images of unit/store_disk find planted bugs: each of disk_mutants.txt, in a
 * process of its own. Prints which are found. */
#include "mutants.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS 20 /* of processor time, for one planted bug */

unsigned crash_mutant;

/* unit/store_disk, built with the planted bugs. */
int store_disk_main(int argc, char **argv);

static bool passes(unsigned number)
{
	/* unit/store_disk is the test without: here it shows that the copies are as the sources */
	char *images = number ? "600" : "1";
	char *arguments[] = {"store_disk", "--quick", "--images", images, NULL};
	int status;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		crash_mutant = number;
		setrlimit(RLIMIT_CPU, &(struct rlimit){SECONDS, SECONDS});
		freopen("/dev/null", "w", stdout);
		if (number)
			freopen("/dev/null", "w", stderr);
		exit(store_disk_main(4, arguments));
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
	unsigned count = 0, found = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!passes(0)) {
		printf("wrong without a planted bug\n");
		return 1;
	}
	for (; mutants[count].file; count++) {
		const struct mutant *mutant = &mutants[count];
		bool is_found = mutant->applies && !passes(count + 1);
		found += is_found;
		printf("%s %2u %s: %s%s\n", is_found ? "killed" : "LIVES ", count + 1, mutant->file,
		       mutant->title, mutant->applies ? "" : ": its text is not there once");
	}
	printf("%u of %u planted bugs killed\n", found, count);
	return found != count || count == 0;
}
