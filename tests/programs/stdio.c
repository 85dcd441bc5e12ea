/* SPDX-License-Identifier: BSD-2-Clause */
/* Files by stdio: write, read back, append, seek, formatted input, a temporary name, an error;
 * libm, regular expressions, character sets and locales beside them. shapes: dynamic static */

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"
#include "copy_checks.h"
#include "math_checks.h"
#include "text_checks.h"

#define LINES 5000

static void write_lines(const char *path)
{
	FILE *file = fopen(path, "w");

	CHECK(file);
	if (!file)
		return;
	for (int i = 0; i < LINES; i++)
		CHECK(fprintf(file, "line %d: %x %.3f\n", i, i * 7, i / 8.0) > 0);
	CHECK(fclose(file) == 0);
}

static void read_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	int count = 0, number, hex;
	double real;

	CHECK(file);
	if (!file)
		return;
	while (fscanf(file, "line %d: %x %lf\n", &number, (unsigned *)&hex, &real) == 3) {
		CHECK(number == count && hex == count * 7 && real > count / 8.0 - 0.001 &&
		      real < count / 8.0 + 0.001);
		count++;
	}
	CHECK(count == LINES && feof(file));
	CHECK(fseek(file, 5, SEEK_SET) == 0 && fgetc(file) == '0' && ftell(file) == 6);
	CHECK(ungetc('x', file) == 'x' && fgetc(file) == 'x');
	fclose(file);
}

static void append_and_size(const char *path)
{
	struct stat before, after;
	FILE *file;
	char text[8] = "";

	CHECK(stat(path, &before) == 0 && S_ISREG(before.st_mode));
	file = fopen(path, "a+");
	CHECK(file && fputs("end", file) >= 0 && fflush(file) == 0);
	CHECK(fseek(file, -3, SEEK_END) == 0 && fread(text, 1, 3, file) == 3 &&
	      !strcmp(text, "end"));
	fclose(file);
	CHECK(stat(path, &after) == 0 && after.st_size == before.st_size + 3);
	file = fopen(path, "r+");
	CHECK(file && fputs("LINE", file) >= 0 && fclose(file) == 0);
	file = fopen(path, "r");
	CHECK(file && fread(text, 1, 4, file) == 4 && !memcmp(text, "LINE", 4) &&
	      fclose(file) == 0);
}

/* More than any buffer in one go, by fwrite and fread. */
static void large(const char *path)
{
	const size_t size = 300000;
	unsigned char *data = malloc(size), *back = malloc(size);
	FILE *file = fopen(path, "wb+");

	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char)(i * 31 >> 3);
	CHECK(file && fwrite(data, 1, size, file) == size);
	rewind(file);
	CHECK(fread(back, 1, size, file) == size && !memcmp(data, back, size) &&
	      fgetc(file) == EOF);
	fclose(file);
	free(data);
	free(back);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "stdio.tmp";
	char text[64];

	write_lines(path);
	read_lines(path);
	append_and_size(path);
	large(path);
	CHECK(remove(path) == 0);
	CHECK(!fopen(path, "r") && errno == ENOENT);
	CHECK(snprintf(text, sizeof text, "%5s|%-5d|%05.1f|%lld", "ab", 42, 3.14159, 1ll << 40) ==
		      31 ||
	      puts(text) < 0);
	CHECK(!strcmp(text, "   ab|42   |003.1|1099511627776"));
	check_copies();
	check_compares();
	check_spans();
	check_math();
	check_regex();
	check_iconv();
	check_locale();
	return check_result("stdio");
}
