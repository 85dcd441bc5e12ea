/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows that the explorer finds planted bugs: each of mutants.txt, in a process of its own, until
 * some subject comes out wrong. Prints which did. */
#include "mutants.h"
#include "subject.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SEEDS	4
#define SECONDS 3 /* of processor time, at least, until a planted bug is one that does not end */

unsigned crash_mutant;
static rlim_t patience = SECONDS;

extern const struct subject row_subjects[], tx_subjects[], heap_subjects[], collection_subjects[],
	directory_subjects[], move_subjects[], store_subjects[], queue_subjects[],
	append_log_subjects[], fot_subjects[];

/* What shows a bug of a file soonest. */
static const struct {
	const char *word;
	const struct subject *group;
} likely[] = {
	{"layout/log.c", row_subjects},
	{"layout/step.c", row_subjects},
	{"layout/heap.c", heap_subjects},
	{"layout/intent.c", heap_subjects},
	{"layout/commit.c", heap_subjects},
	{"alloc.c", heap_subjects},
	{"tx.c", tx_subjects},
	{"stage.c", collection_subjects},
	{"append_log", append_log_subjects},
	{"queue.c", queue_subjects},
	{"fot.c", fot_subjects},
	{"directory", directory_subjects},
	{"directory_move", move_subjects},
	{"directory_lock", move_subjects},
	{"name.c", move_subjects},
	{"collections/", collection_subjects},
	{"kernel/", store_subjects},
};

/* A group's subjects, shortly, with one seed. 1 and what was wrong in *found, or 0. */
static int find_in(const struct subject *group, uint64_t seed, char *found, size_t size)
{
	for (const struct subject *s = group; s->name; s++) {
		struct explore_result result = {0};
		explore_options.seed = seed;
		/* what is told when the work itself fails */
		snprintf(found, size, "%s: fails", s->name);
		s->run(seed, s->mutants, &result);
		if (!result.wrong)
			continue;
		snprintf(found, size, "%s: %s", s->name, result.first);
		return 1;
	}
	snprintf(found, size, "not found");
	return 0;
}

/* Every subject, with seed after seed; those that look at the file (NULL: none) first, and without
 * a second power loss before with one. */
static int find(unsigned seeds, const char *file, char *found, size_t size)
{
	explore_options.stop = true;
	for (uint64_t seed = 1; file && seed <= 3 * seeds; seed++)
		for (unsigned losses = 1; losses <= 2; losses++) {
			explore_options.losses = losses;
			for (size_t i = 0; i < sizeof(likely) / sizeof(likely[0]); i++)
				if (strstr(file, likely[i].word) &&
				    find_in(likely[i].group, seed, found, size))
					return 1;
		}
	explore_options.losses = 2;
	for (uint64_t seed = 1; seed <= seeds; seed++)
		for (const struct subject *const *group = all_subjects; *group; group++)
			if (find_in(*group, seed, found, size))
				return 1;
	return 0;
}

/* In a child: a mutant may fault, end the program or hang where no state is being recovered. */
static bool killed(unsigned number, char *found, size_t size)
{
	const char *file = mutants[number - 1].file;
	int ends[2], status;

	if (pipe(ends) != 0)
		abort();
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		static char text[300];
		crash_mutant = number;
		setrlimit(RLIMIT_CPU, &(struct rlimit){patience, patience});
		freopen("/dev/null", "w", stderr);
		int result = find(SEEDS, file, text, sizeof(text));
		if (write(ends[1], text, strlen(text)) < 0)
			abort();
		_exit(result ? 42 : 0);
	}
	close(ends[1]);
	ssize_t length = read(ends[0], found, size - 1);
	found[length > 0 ? length : 0] = 0;
	close(ends[0]);
	if (waitpid(child, &status, 0) != child)
		abort();
	if (WIFEXITED(status) && WEXITSTATUS(status) == 42)
		return true;
	if (WIFSIGNALED(status))
		snprintf(found, size, "the work %s",
			 WTERMSIG(status) == SIGKILL ? "does not end" : "faults");
	else if (WEXITSTATUS(status) != 0)
		snprintf(found, size, "the work itself fails");
	return WIFSIGNALED(status) || WEXITSTATUS(status) != 0;
}

/* Of processor time. */
static double children_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6 +
	       (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

/* With a number: that planted bug alone, in this process. */
int main(int argc, char **argv)
{
	unsigned count = 0, found = 0;
	char text[300];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2) {
		crash_mutant = (unsigned)strtoul(argv[1], NULL, 10);
		find(SEEDS, NULL, text, sizeof(text));
		printf("%s\n", text);
		return 0;
	}
	if (find(1, NULL, text, sizeof(text))) {
		printf("wrong without a planted bug: %s\n", text);
		return 1;
	}
	/* one that lives has them all to itself, with every seed */
	patience += 3 * SEEDS * (rlim_t)(clock() / CLOCKS_PER_SEC + 1);
	for (; mutants[count].file; count++) {
		const struct mutant *mutant = &mutants[count];
		double before = children_seconds();
		bool is_found = mutant->applies && killed(count + 1, text, sizeof(text));
		found += is_found;
		printf("%s %2u %s: %s\n       %s (%.2f s)\n", is_found ? "killed" : "LIVES ",
		       count + 1, mutant->file, mutant->title,
		       mutant->applies ? text
				       : "does not apply: tests/crash/mutants.txt needs its text",
		       children_seconds() - before);
	}
	printf("%u of %u planted bugs killed\n", found, count);
	return found != count || count < 30;
}
