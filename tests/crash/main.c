/* SPDX-License-Identifier: BSD-2-Clause */
/* Explores every subject and prints what was seen: ./build.sh test crash, or --suite crash. */
#include "subject.h"
#include <time.h>

/* The long run: of each fence's runs of recovery, and rounds with seeds of their own; power losses
 * that are lived through, at a time and one behind the other. */
#define FULL_SHARE	80
#define FULL_ROUNDS	16
#define FULL_RECOVERIES 6
#define FULL_LOSSES	4

static int usage(const char *wrong)
{
	fprintf(stderr,
		"crash: '%s' is no option; --full --seed N --share N --rounds N --losses N --only "
		"NAME\n",
		wrong);
	return 2;
}

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void print_line(const char *name, const struct explore_result *r, double time)
{
	printf("%-34s %8llu %9llu %9llu %9llu %9.2Lg %6.1f %6llu\n", name,
	       (unsigned long long)r->fences, (unsigned long long)r->exhausted,
	       (unsigned long long)r->states, (unsigned long long)r->equal, r->covered, time,
	       (unsigned long long)r->wrong);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct explore_result sum = {0};
	unsigned rounds = 1;
	const char *only = NULL;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (!strcmp(argv[i], "--full")) {
			explore_options.share = FULL_SHARE;
			rounds = FULL_ROUNDS;
			explore_options.recoveries = FULL_RECOVERIES;
			explore_options.losses = FULL_LOSSES;
			continue;
		}
		if (!strcmp(argv[i], "--seed"))
			explore_options.seed = strtoull(value, NULL, 0);
		else if (!strcmp(argv[i], "--share"))
			explore_options.share = strtoull(value, NULL, 0);
		else if (!strcmp(argv[i], "--rounds"))
			rounds = (unsigned)strtoul(value, NULL, 0);
		else if (!strcmp(argv[i], "--losses"))
			explore_options.losses = (unsigned)strtoul(value, NULL, 0);
		else if (!strcmp(argv[i], "--only"))
			only = value;
		else
			return usage(argv[i]);
		i++;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("seed %llu, up to %llu runs of recovery a fence, %u rounds\n",
	       (unsigned long long)explore_options.seed, (unsigned long long)explore_options.share,
	       rounds);
	printf("%-34s %8s %9s %9s %9s %9s %6s %6s\n", "subject", "fences", "whole", "states",
	       "equal", "cover", "s", "wrong");
	uint64_t seed = explore_options.seed;
	for (const struct subject *const *group = all_subjects; *group; group++) {
		for (const struct subject *subject = *group; subject->name; subject++) {
			struct explore_result result = {0};
			double start = seconds();
			if (only && !strstr(subject->name, only))
				continue;
			for (unsigned round = 0; round < rounds; round++) {
				explore_options.seed = seed + round;
				subject->run(seed + round, subject->steps, &result);
			}
			print_line(subject->name, &result, seconds() - start);
			if (result.wrong)
				printf("  %s\n", result.first);
			sum.fences += result.fences;
			sum.exhausted += result.exhausted;
			sum.states += result.states;
			sum.equal += result.equal;
			sum.covered += result.covered;
			sum.rechecked += result.rechecked;
			sum.wrong += result.wrong;
		}
	}
	print_line("all", &sum, seconds());
	printf("%llu states, none twice, %llu wrong; %llu fences, of %llu every state is covered; "
	       "%llu "
	       "runs repeated with other unread lines\n",
	       (unsigned long long)sum.states, (unsigned long long)sum.wrong,
	       (unsigned long long)sum.fences, (unsigned long long)sum.exhausted,
	       (unsigned long long)sum.rechecked);
	/* fewer than this and something is not explored */
	return sum.wrong != 0 || (!only && rounds != 0 && sum.states < 50000);
}
