/* SPDX-License-Identifier: BSD-2-Clause */
/* Fails, and is to be seen failing. */
int main(void)
{
	return 3;
}
