/* SPDX-License-Identifier: BSD-2-Clause */
/* Run every test, with a check that nothing leaks; leave the machine with the number of failures.
 */
#include "test.h"

extern const struct test __start_tests[], __stop_tests[];

static uint64_t now(void)
{
	return (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
}

/* What is alive once ended threads and views have gone, a moment after their last word. */
static struct twz_system_info settle(void)
{
	struct twz_system_info last = {0}, info = {0};
	unsigned same = 0;

	while (same < 3) {
		uint64_t until = now() + 2000000;

		while (now() < until)
			twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		twz_sys_system_info(&info);
		same = info.objects == last.objects && info.views == last.views &&
				       info.threads == last.threads &&
				       info.pages_free == last.pages_free
			       ? same + 1
			       : 0;
		last = info;
	}
	return last;
}

/*
 * Run the test again and see that nothing is lost. The kernel keeps the stacks of as many threads
 * as there ever were at once, which differs from run to run with several CPUs: only what every one
 * of four runs loses counts.
 */
static void leak_check(const struct test *test)
{
	struct twz_system_info before, after = settle();

	for (unsigned run = 0; run < 4; run++) {
		before = after;
		test->run();
		after = settle();
		if (after.objects == before.objects && after.views == before.views &&
		    after.threads == before.threads && after.pages_free >= before.pages_free)
			return;
	}
	test_failed = true;
	print("LEAK in ");
	print(test->name);
	print(": objects ");
	print_number((long)(after.objects - before.objects));
	print(" views ");
	print_number((long)(after.views - before.views));
	print(" threads ");
	print_number((long)(after.threads - before.threads));
	print(" pages ");
	print_number((long)(before.pages_free - after.pages_free));
	print("\n");
}

void test_main(const uint64_t *stack);
void test_main(const uint64_t *stack)
{
	long passed = 0, failures = 0;

	(void)stack;
	faults_init();
	for (const struct test *test = __start_tests; test < __stop_tests; test++) {
		/* once to warm what the kernel keeps (stacks, tables), again to see that nothing is
		 * lost */
		test_failed = false;
		test->run();
		leak_check(test);
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
