/* SPDX-License-Identifier: BSD-2-Clause */
/* Boots a program that is its own kernel: the serial console is its output, -append its arguments. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* One word as the unikernel's start splits it: quoted where it must be. */
static void append_word(FILE *line, const char *word)
{
	bool plain = *word != '\0';

	for (const char *at = word; *at != '\0'; at++)
		plain = plain && strchr(" \t\n\"'\\#", *at) == NULL;
	if (plain) {
		fputs(word, line);
		return;
	}
	fputc('"', line);
	for (; *word != '\0'; word++) {
		if (*word == '"' || *word == '\\')
			fputc('\\', line);
		fputc(*word, line);
	}
	fputc('"', line);
}

char *unikernel_command_line(const struct job *job)
{
	char *text = NULL;
	size_t size = 0;
	FILE *line = open_memstream(&text, &size);

	if (line == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	for (size_t i = 0; i < job->argv.count; i++) {
		if (i > 0)
			fputc(' ', line);
		append_word(line, job->argv.items[i]);
	}
	fclose(line);
	return text;
}

/* Copies the console to standard output until QEMU closes it. False: the timeout came first. */
static bool copy_console(int console, uint64_t timeout_ns)
{
	struct timespec start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		char buffer[65536];
		int wait = -1;

		if (timeout_ns != 0) {
			struct timespec time;

			clock_gettime(CLOCK_MONOTONIC, &time);
			int64_t left = (int64_t)(timeout_ns / 1000000) -
				       (time.tv_sec - start.tv_sec) * 1000 -
				       (time.tv_nsec - start.tv_nsec) / 1000000;
			if (left <= 0)
				return false;
			wait = left > 1000000 ? 1000000 : (int)left;
		}
		struct pollfd event = {.fd = console, .events = POLLIN};
		if (poll(&event, 1, wait) <= 0)
			continue;
		ssize_t got = read(console, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		for (ssize_t done = 0; done < got;) {
			ssize_t put = write(STDOUT_FILENO, buffer + done, (size_t)(got - done));

			if (put < 0 && errno != EINTR)
				return true;
			done += put > 0 ? put : 0;
		}
	}
}

int unikernel_run(const struct options *options)
{
	const struct job *job = &options->jobs[0];
	struct strings arguments = {0};
	struct machine machine = {.pid = -1, .log = -1};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		complain("socketpair: %s", strerror(errno));
		return EXIT_MACHINE;
	}
	fcntl(ends[1], F_SETFD, 0);
	machine_common(&arguments, options, job->host_path);
	strings_add(&arguments, "-m");
	strings_add(&arguments, options->memory);
	char *line = unikernel_command_line(job);
	strings_add(&arguments, "-append");
	strings_add(&arguments, line);
	free(line);
	strings_add(&arguments, "-chardev");
	strings_addf(&arguments, "socket,id=console,fd=%d", ends[1]);
	strings_add(&arguments, "-serial");
	strings_add(&arguments, "chardev:console");
	int code = machine_start(&machine, &arguments);
	close(ends[1]);
	if (code >= 0)
		return code;
	bool ended = copy_console(ends[0], options->timeout_ns);
	int status = machine_stop(&machine, options, !ended);
	if (!ended) {
		complain("%s: killed after %g s (--timeout)", job->argv.items[0],
			 (double)options->timeout_ns / 1e9);
		return EXIT_TIMED_OUT;
	}
	if (WIFSIGNALED(status)) {
		complain("QEMU was killed by %s", signal_name(WTERMSIG(status)));
		return EXIT_MACHINE;
	}
	/* isa-debug-exit makes 2v+1 of the guest's code v. */
	return WEXITSTATUS(status) & 1 ? WEXITSTATUS(status) >> 1 : 0;
}
