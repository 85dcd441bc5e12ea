/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot benchmark runs. */
#include <stdio.h>

int main(void)
{
	puts("hello");
	return 0;
}
