/* SPDX-License-Identifier: BSD-2-Clause */
/* What try_run asks. */
#include <stdio.h>

int main(void)
{
	printf("%zu", sizeof(long));
	return 42;
}
