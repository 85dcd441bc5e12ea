/* SPDX-License-Identifier: BSD-2-Clause */
/* Dies by a signal. */
#include <stdlib.h>

int main(void)
{
	abort();
}
