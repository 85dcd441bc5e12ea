/* SPDX-License-Identifier: BSD-2-Clause */
/* Goes on for ever. */
int main(void)
{
	for (;;)
		__asm__ volatile("pause");
}
