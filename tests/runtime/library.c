/* SPDX-License-Identifier: BSD-2-Clause */
/* libcontract.so, which the contracts of dynamic linking load. */

int libcontract_value(void);
_Thread_local int libcontract_counter;

int libcontract_value(void)
{
	return ++libcontract_counter;
}
