/* SPDX-License-Identifier: BSD-2-Clause */
/* A static program has no loader whose locks a fork must hold. */
#include "exec/exec.h"

void runtime_before_fork(void)
{
}

void runtime_after_fork(bool child)
{
	(void)child;
}
