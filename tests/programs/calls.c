/* SPDX-License-Identifier: BSD-2-Clause */
/* Every Linux call that musl can issue: those of libstd-c's table, and so of docs/posix.md, are
 * there and all others give ENOSYS. shapes: static dynamic */

#define _GNU_SOURCE
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define NUMBERS 512 /* more than Linux has */

/* The table's calls, by number: their names. */
static const char *const there[NUMBERS] = {
#define TWIX_CALL(name, arguments, state, note) [SYS_##name] = #name,
#include "../../libstd-c/twix/calls.def"
#undef TWIX_CALL
};

static uint64_t words[64];

/* Arguments that no call takes for good, but for calls that say ENOSYS of what they do not know. */
static long call(long number)
{
	switch (number) {
	case SYS_futex:
		return syscall(number, words, 1 /* FUTEX_WAKE */, 1, 0, 0, 0);
	case SYS_get_robust_list:
		return syscall(number, 0, words, words + 1);
	default:
		return syscall(number, -1l, -1l, -1l, -1l, -1l, -1l);
	}
}

enum { NOT_THERE = 93 };

/*
 * In a child of its own: a call may end it, make it sleep (the alarm then) or fault on an argument.
 * Each of these it does because it is there.
 */
static int gives_enosys(long number)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		if (number != SYS_exit) /* which leaves the timer's thread to run */
			alarm(2);
		errno = 0;
		_exit(call(number) == -1 && errno == ENOSYS ? NOT_THERE : 0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == NOT_THERE;
}

int main(void)
{
	unsigned known = 0, unknown = 0;

	for (long number = 0; number < NUMBERS; number++) {
		if (!there[number]) {
			unknown++;
			errno = 0;
			CHECK(call(number) == -1 && errno == ENOSYS);
			if (errno != ENOSYS)
				printf("%ld is there and not in the table\n", number);
			continue;
		}
		known++;
		int missing = gives_enosys(number);
		CHECK(!missing);
		if (missing)
			printf("%s gives ENOSYS\n", there[number]);
	}
	CHECK(known > 100 && unknown > 100);
	return check_result("calls");
}
