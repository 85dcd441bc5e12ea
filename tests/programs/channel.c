/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the run channel's tests run; the first argument says what to do.
 * shapes: static
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int do_arguments(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("[%s]\n", argv[i]);
	return 0;
}

static int do_environment(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		printf("%s=%s\n", argv[i], getenv(argv[i]) ? getenv(argv[i]) : "(none)");
	return 0;
}

static int do_exit(int argc, char **argv)
{
	return argc > 2 ? atoi(argv[2]) : 0;
}

static int do_copy(int argc, char **argv)
{
	static char buffer[10000];
	size_t got;

	(void)argc;
	(void)argv;
	while ((got = fread(buffer, 1, sizeof(buffer), stdin)) > 0)
		fwrite(buffer, 1, got, stdout);
	return ferror(stdin) || fflush(stdout) != 0;
}

/* Reads one line by single bytes, so that no more is taken than it needs. */
static int do_line(int argc, char **argv)
{
	char byte;

	(void)argc;
	(void)argv;
	while (read(0, &byte, 1) == 1) {
		putchar(byte);
		if (byte == '\n')
			return 0;
	}
	return 1;
}

static int do_error(int argc, char **argv)
{
	puts("this is standard output");
	fflush(stdout);
	fprintf(stderr, "this is standard error: %s\n", argc > 2 ? argv[2] : "");
	return 0;
}

static int do_lines(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 10;

	for (long i = 1; i <= count; i++)
		if (printf("%ld\n", i) < 0)
			return 3;
	return fflush(stdout) != 0 ? 3 : 0;
}

static int do_read(int argc, char **argv)
{
	char buffer[4096];
	size_t got;
	FILE *file = argc > 2 ? fopen(argv[2], "r") : NULL;

	if (file == NULL) {
		printf("cannot open: %s\n", strerror(errno));
		return 1;
	}
	while ((got = fread(buffer, 1, sizeof(buffer), file)) > 0)
		fwrite(buffer, 1, got, stdout);
	return fclose(file) != 0;
}

static int do_write(int argc, char **argv)
{
	FILE *file = argc > 3 ? fopen(argv[2], "w") : NULL;

	if (file == NULL) {
		printf("cannot create: %s\n", strerror(errno));
		return 1;
	}
	fprintf(file, "%s\n", argv[3]);
	return fclose(file) != 0;
}

static int do_directory(int argc, char **argv)
{
	char path[4096];

	(void)argc;
	(void)argv;
	if (getcwd(path, sizeof(path)) == NULL)
		return 1;
	puts(path);
	return 0;
}

static int do_processors(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("%ld\n", sysconf(_SC_NPROCESSORS_ONLN));
	return 0;
}

static int do_memory(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	printf("%ld MiB\n", sysconf(_SC_PHYS_PAGES) / 256);
	return 0;
}

static int do_forever(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("here for long");
	fflush(stdout);
	for (;;)
		pause();
	return 0;
}

static int do_spin(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (volatile unsigned long i = 0;; i++)
		;
	return 0;
}

/* ---- ways to die ---- */

static volatile int *volatile nowhere = (int *)0x10;

static int do_null(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return *nowhere;
}

static int do_wild(int argc, char **argv)
{
	(void)argv;
	*(volatile int *)0x123456789000 = argc;
	return 0;
}

static int do_text(int argc, char **argv)
{
	(void)argv;
	*(volatile int *)(unsigned long)&do_null = argc;
	return 0;
}

static int do_jump(int argc, char **argv)
{
	static char data[64] = {0x90, 0xc3};

	(void)argc;
	(void)argv;
	((void (*)(void))(unsigned long)data)();
	return 0;
}

static int do_divide(int argc, char **argv)
{
	volatile int zero = 0;

	(void)argv;
	return argc / zero;
}

static int do_illegal(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	__asm__ volatile("ud2");
	return 0;
}

static int do_privileged(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	__asm__ volatile("cli");
	return 0;
}

static int do_abort(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("before");
	fflush(stdout);
	abort();
}

static int do_raise(int argc, char **argv)
{
	return argc > 2 ? raise(atoi(argv[2])) : 1;
}

static int do_stack(int argc, char **argv)
{
	volatile char frame[4096];

	frame[0] = (char)argc;
	return argc < 0 ? 0 : do_stack(argc + 1, argv) + frame[0];
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} actions[] = {
	{"arguments", do_arguments},
	{"environment", do_environment},
	{"exit", do_exit},
	{"copy", do_copy},
	{"line", do_line},
	{"error", do_error},
	{"lines", do_lines},
	{"read", do_read},
	{"write", do_write},
	{"directory", do_directory},
	{"processors", do_processors},
	{"memory", do_memory},
	{"forever", do_forever},
	{"spin", do_spin},
	{"null", do_null},
	{"wild", do_wild},
	{"text", do_text},
	{"jump", do_jump},
	{"divide", do_divide},
	{"illegal", do_illegal},
	{"privileged", do_privileged},
	{"abort", do_abort},
	{"raise", do_raise},
	{"stack", do_stack},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(argv[1], actions[i].name) == 0)
			return actions[i].run(argc, argv);
	fprintf(stderr, "%s: no such action\n", argc > 1 ? argv[1] : "(nothing)");
	return 99;
}
