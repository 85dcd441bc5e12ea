/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starts programs: `start bad FILE...` tells why each cannot be started; `start` alone starts
 * itself many times, waits for any child, kills one, and shows that nothing is left behind.
 */
#include <stdlib.h>
#include <sys/auxv.h>
#include <twizzler/rt.h>
#include <twz/sys.h>
#include <unistd.h>

#include "../../programs/check.h"

#define CHILDREN 12

extern char **environ;

static const char *self;
static volatile int *volatile null_page = (volatile int *)16;

static twz_result start(const char *path, const char *first, const char *second)
{
	char *argv[] = {(char *)path, (char *)first, (char *)second, NULL};
	struct twz_rt_spawn_args args = {
		.path = path, .path_length = strlen(path), .argv = argv, .envp = environ};
	return twz_rt_exec_spawn(&args);
}

static int tell_bad(char **files)
{
	int told = 0;
	for (; *files != NULL; files++) {
		char reason[512];
		struct twz_rt_wait_result end;
		twz_result result = start(*files, "x", NULL);
		if (result > 0) {
			CHECK(twz_rt_exec_wait((uint32_t)result, TWZ_FOREVER, &end) == result);
			printf("%s: started, state %u, code %d\n", *files, end.state, end.code);
			continue;
		}
		twz_result length = twz_rt_exec_error(reason, sizeof(reason));
		CHECK(length > 0 && length < (twz_result)sizeof(reason));
		printf("%s: error %d: %.*s\n", *files, (int)-result, (int)length, reason);
		told++;
	}
	printf("%d refused\n", told);
	return 0;
}

static int child(const char *what)
{
	if (strcmp(what, "sleep") == 0)
		sleep(1000);
	if (strcmp(what, "crash") == 0)
		*null_page = 1;
	if (strcmp(what, "self") == 0)
		return twz_rt_exec_self() > 1 && twz_rt_exec_parent() > 0 &&
		       twz_rt_exec_self() != twz_rt_exec_parent();
	return atoi(what);
}

static void test_any(void)
{
	struct twz_rt_wait_result end;
	twz_result numbers[CHILDREN];
	int seen[CHILDREN] = {0};

	CHECK(twz_rt_exec_wait(0, TWZ_FOREVER, &end) == -TWZ_ERR_NO_SUCH_THREAD);
	for (int i = 0; i < CHILDREN; i++) {
		char code[8];
		snprintf(code, sizeof(code), "%d", i + 1);
		numbers[i] = start(self, "child", code);
		CHECK(numbers[i] > 0);
	}
	for (int i = 0; i < CHILDREN; i++) {
		twz_result number = twz_rt_exec_wait(0, TWZ_FOREVER, &end);
		CHECK(number > 0 && end.number == number && end.state == TWZ_VIEW_EXITED);
		CHECK(end.code >= 1 && end.code <= CHILDREN && numbers[end.code - 1] == number);
		if (end.code >= 1 && end.code <= CHILDREN)
			CHECK(seen[end.code - 1]++ == 0);
	}
	CHECK(twz_rt_exec_wait(0, TWZ_FOREVER, &end) == -TWZ_ERR_NO_SUCH_THREAD);
}

static void test_ends(void)
{
	struct twz_rt_wait_result end;
	twz_result number = start(self, "child", "sleep");

	CHECK(number > 0 && twz_rt_exec_wait((uint32_t)number, 0, &end) == -TWZ_ERR_TIMED_OUT);
	CHECK(twz_rt_exec_kill((uint32_t)number, 0) == 0);
	CHECK(twz_rt_exec_kill((uint32_t)number, 15) == 0);
	CHECK(twz_rt_exec_wait((uint32_t)number, TWZ_FOREVER, &end) == number);
	CHECK(end.state == TWZ_VIEW_KILLED && end.code == 15);
	CHECK(twz_rt_exec_kill((uint32_t)number, 15) == -TWZ_ERR_NO_SUCH_THREAD);
	number = start(self, "child", "crash");
	CHECK(twz_rt_exec_wait((uint32_t)number, TWZ_FOREVER, &end) == number);
	CHECK(end.state == TWZ_VIEW_KILLED && end.code == 11 && end.fault.address == 16 &&
	      end.fault.access == TWZ_RIGHT_WRITE);
	number = start(self, "child", "self");
	CHECK(twz_rt_exec_wait((uint32_t)number, TWZ_FOREVER, &end) == number && end.code == 1);
}

static void test_arguments(void)
{
	char *argv[] = {"x", NULL};
	struct twz_rt_spawn_args args = {.path = self, .path_length = strlen(self), .argv = argv};

	args.flags = ~TWZ_SPAWN_FAMILY_GIVEN;
	CHECK(twz_rt_exec_spawn(&args) == -TWZ_ERR_INVALID_ARGUMENT);
	args.flags = 0;
	args.path_length = 0;
	CHECK(twz_rt_exec_spawn(&args) == -TWZ_ERR_INVALID_ARGUMENT);
	args.path_length = strlen(self);
	args.argv = NULL;
	CHECK(twz_rt_exec_spawn(&args) == -TWZ_ERR_INVALID_ARGUMENT);
	CHECK(twz_rt_exec_spawn(NULL) == -TWZ_ERR_INVALID_ARGUMENT);
	/* Arguments that do not fit the stack's share. */
	char *big = malloc(3 << 20);
	memset(big, 'x', 3 << 20);
	big[(3 << 20) - 1] = '\0';
	argv[0] = big;
	args.argv = argv;
	CHECK(twz_rt_exec_spawn(&args) == -TWZ_ERR_TOO_MANY);
	free(big);
}

static void test_leaks(void)
{
	struct twz_system_info before, after;
	struct twz_rt_wait_result end;

	for (int round = 0; round < 25; round++) {
		/* The first rounds fill caches; from then on nothing may grow. */
		if (round == 5)
			CHECK(twz_sys_system_info(&before) == 0);
		twz_result number = start(self, "child", "3");
		CHECK(twz_rt_exec_wait((uint32_t)number, TWZ_FOREVER, &end) == number);
	}
	CHECK(twz_sys_system_info(&after) == 0);
	CHECK(after.objects == before.objects && after.views == before.views &&
	      after.threads == before.threads);
	CHECK(after.pages_free + 32 >= before.pages_free);
	if (after.objects != before.objects || after.pages_free + 32 < before.pages_free)
		printf("objects %lu -> %lu, free pages %lu -> %lu\n", before.objects, after.objects,
		       before.pages_free, after.pages_free);
}

int main(int argc, char **argv)
{
	self = (const char *)getauxval(AT_EXECFN);
	if (argc > 2 && strcmp(argv[1], "bad") == 0)
		return tell_bad(argv + 2);
	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return child(argv[2]);
	test_any();
	test_ends();
	test_arguments();
	test_leaks();
	return check_result("start");
}
