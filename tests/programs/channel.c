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
#include <sys/stat.h>
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

/* ---- what programs leave behind ---- */

/* Children and grandchildren that outlive this program and write now and then. */
static int do_litter(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 3;

	puts("before");
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (child > 0)
			continue;
		for (int generation = 0; generation < 2; generation++)
			if (fork() < 0)
				_exit(1);
		for (;;) {
			if (i % 2 == 0)
				usleep(1000);
			if (write(1, "litter\n", 7) < 0)
				_exit(2);
		}
	}
	return 0;
}

/* Volatile files and directories, one of them an open one without a name. */
static int do_files(int argc, char **argv)
{
	static const char *const directories[] = {"/tmp/mess", "/tmp/mess/deep", "/mess"};
	static const char *const files[] = {"/tmp/file", "/tmp/mess/deep/file", "/mess/file",
					    "/bin/file"};

	(void)argc;
	(void)argv;
	for (int i = 0; i < 3; i++)
		if (mkdir(directories[i], 0777) != 0) {
			printf("%s: %s\n", directories[i], strerror(errno));
			return 1;
		}
	for (int i = 0; i < 4; i++) {
		FILE *file = fopen(files[i], "wx");

		if (file == NULL || fprintf(file, "%01000000d", 1) != 1000000) {
			printf("%s: %s\n", files[i], strerror(errno));
			return 1;
		}
	}
	return unlink("/tmp/file") != 0 || rename("/bin/file", "/lib/file") != 0;
}

/* All the memory there is, and then a report of how much that was. */
static int do_fill(int argc, char **argv)
{
	const size_t step = 1 << 20;
	unsigned megabytes = 0;

	(void)argv;
	for (;;) {
		char *block = malloc(step);

		if (block == NULL)
			break;
		for (size_t at = 0; at < step; at += 4096)
			block[at] = (char)argc;
		megabytes++;
	}
	printf("%u MiB\n", megabytes);
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
	{"litter", do_litter},
	{"files", do_files},
	{"fill", do_fill},
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
