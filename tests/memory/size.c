/* SPDX-License-Identifier: BSD-2-Clause */
/* Says how long the boot took and what memory there is. */
#include "test.h"

void test_main(const uint64_t *stack);
void test_main(const uint64_t *stack)
{
	struct twz_system_info info;

	(void)stack;
	EQUAL(twz_sys_system_info(&info), 0);
	print("boot ");
	print_number((long)info.boot_nanoseconds);
	print(" total ");
	print_number((long)info.pages_total);
	print(" used ");
	print_number((long)(info.pages_total - info.pages_free));
	print("\n");
	twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, test_failed);
}
