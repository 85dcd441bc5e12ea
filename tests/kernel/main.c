/* SPDX-License-Identifier: BSD-2-Clause */
/* Run every test, with a check that nothing leaks; leave the machine with the number of failures. */
#include "test.h"

extern const struct test __start_tests[], __stop_tests[];

static void leak_check(const struct twz_system_info *before, const char *name)
{
	struct twz_system_info after = {0};
	uint64_t deadline = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) + 2000000000ull;

	/* ended threads and views go away a moment after their last word */
	do {
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		twz_sys_system_info(&after);
	} while ((after.objects != before->objects || after.views != before->views ||
		  after.threads != before->threads || after.pages_free < before->pages_free) &&
		 (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) < deadline);
	if (after.objects == before->objects && after.views == before->views &&
	    after.threads == before->threads && after.pages_free >= before->pages_free)
		return;
	test_failed = true;
	print("LEAK in ");
	print(name);
	print(": objects ");
	print_number((long)(after.objects - before->objects));
	print(" views ");
	print_number((long)(after.views - before->views));
	print(" threads ");
	print_number((long)(after.threads - before->threads));
	print(" pages ");
	print_number((long)(before->pages_free - after.pages_free));
	print("\n");
}

void test_main(const uint64_t *stack);
void test_main(const uint64_t *stack)
{
	long passed = 0, failures = 0;

	(void)stack;
	faults_init();
	for (const struct test *test = __start_tests; test < __stop_tests; test++) {
		struct twz_system_info before;

		/* once to warm what the kernel keeps (stacks, tables), once to see that nothing is lost */
		test_failed = false;
		test->run();
		twz_sys_system_info(&before);
		test->run();
		leak_check(&before, test->name);
		print(test_failed ? "not ok " : "ok ");
		print(test->name);
		print("\n");
		if (test_failed)
			failures++;
		else
			passed++;
	}
	print_number(passed);
	print(" passed, ");
	print_number(failures);
	print(" failed\n");
	twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, failures ? 1 : 0);
	print("shutdown returned\n");
}
