/* SPDX-License-Identifier: BSD-2-Clause */
/* Greets two, and fails for any other number. */
void greet(const char *first, const char *second);

int main(int argc, char **argv)
{
	if (argc != 3)
		return 1;
	greet(argv[1], argv[2]);
	return 0;
}
