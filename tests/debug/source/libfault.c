/* SPDX-License-Identifier: BSD-2-Clause */
/* A library whose function faults, and one that calls back. */

int library_calls(int (*function)(int));
int fault_in_library(int *where);

__attribute__((noinline)) int fault_in_library(int *where)
{
	return *where; /* CRASH library */
}

__attribute__((noinline)) int library_calls(int (*function)(int))
{
	return function(2) + 1; /* CALL library */
}
