/* SPDX-License-Identifier: BSD-2-Clause */
/* A library whose function faults. */

__attribute__((noinline)) int fault_in_library(int *where)
{
	return *where; /* CRASH library */
}
