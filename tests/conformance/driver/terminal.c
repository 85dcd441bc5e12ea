/* SPDX-License-Identifier: BSD-2-Clause */
/* Linked with tests that say what they print: both outputs are one, line by line, as on DejaGnu's
 * terminal. */
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void as_on_a_terminal(void)
{
	dup2(STDOUT_FILENO, STDERR_FILENO);
	setvbuf(stdout, NULL, _IOLBF, 0);
}
