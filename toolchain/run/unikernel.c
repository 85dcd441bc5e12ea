/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boots a program that is its own kernel, in QEMU or under Xen. The console is its standard input
 * and output; its command line its arguments; how it ended comes as a message of the run channel
 * through an isa-debugcon port.
 */
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

char *unikernel_command_line(const struct options *options)
{
	const struct job *job = options->job;
	char *text = NULL;
	size_t size = 0;
	FILE *line = open_memstream(&text, &size);

	if (line == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	fprintf(line, "exit=debug report=5e9%s --", trace_words(options, true));
	for (size_t i = 0; i < job->argv.count; i++) {
		fputc(' ', line);
		append_word(line, job->argv.items[i]);
	}
	fclose(line);
	return text;
}

/* What comes and goes while the unikernel runs. */
struct unikernel {
	const struct options *options;
	struct machine machine;
	struct trace *trace; /* or NULL */
	int console;
	int report;	 /* what the kernel says of the end */
	bool input_open; /* our standard input has more */
	bool line_start; /* of the console, for the hypervisor's lines */
	bool foreign;	 /* in a line of the hypervisor */
	bool returned;	 /* a carriage return waits for what follows it */
	size_t matched;	 /* bytes of XEN_PREFIX seen at a line's start */
	uint8_t end[sizeof(struct twz_channel_header) + sizeof(struct twz_channel_exit)];
	size_t have;
};

/* Xen writes its own lines with this at their start, to the console that it also gives the guest.
 */
static const char XEN_PREFIX[] = "(XEN) ";

static bool put_all(const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t put = write(STDOUT_FILENO, bytes, length);

		if (put < 0 && errno == EAGAIN)
			poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
		else if (put < 0 && errno != EINTR)
			return false;
		bytes += put > 0 ? put : 0;
		length -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/*
 * Drops the hypervisor's lines from what it and the guest have printed, and the carriage return
 * that it puts before each newline, in place.
 */
static size_t drop_foreign(struct unikernel *run, char *bytes, size_t length)
{
	char kept[2 * 65536];
	size_t out = 0;

	for (size_t i = 0; i < length; i++) {
		char c = bytes[i];

		if (run->foreign) {
			run->foreign = c != '\n';
			run->line_start = c == '\n';
			continue;
		}
		if (run->line_start && c == XEN_PREFIX[run->matched]) {
			if (XEN_PREFIX[++run->matched] == '\0') {
				run->foreign = true;
				run->matched = 0;
			}
			continue;
		}
		memcpy(kept + out, XEN_PREFIX, run->matched); /* it was the guest's after all */
		out += run->matched;
		run->matched = 0;
		if (run->returned && c != '\n')
			kept[out++] = '\r';
		run->returned = c == '\r';
		if (!run->returned)
			kept[out++] = c;
		run->line_start = c == '\n';
	}
	memcpy(bytes, kept, out);
	return out;
}

/* Takes what the console has. False: nobody reads on. *closed: QEMU is gone. */
static bool take_console(struct unikernel *run, bool *closed)
{
	char buffer[2 * 65536];
	ssize_t got = read(run->console, buffer, sizeof(buffer) / 2);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	*closed = got <= 0;
	if (got <= 0)
		return true;
	size_t length = (size_t)got;
	if (run->options->xen)
		length = drop_foreign(run, buffer, length);
	return put_all(buffer, length);
}

/* Keeps what the kernel says of the end. */
static void take_report(struct unikernel *run)
{
	ssize_t got =
		recv(run->report, run->end + run->have, sizeof(run->end) - run->have, MSG_DONTWAIT);

	run->have += got > 0 ? (size_t)got : 0;
}

static void feed_input(struct unikernel *run)
{
	char buffer[4096];
	ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));

	if (got <= 0) {
		run->input_open = got < 0 && errno == EINTR;
		return;
	}
	for (ssize_t done = 0; done < got;) {
		ssize_t put = send(run->console, buffer + done, (size_t)(got - done), MSG_NOSIGNAL);

		if (put < 0 && errno != EINTR)
			return;
		done += put > 0 ? put : 0;
	}
}

static int64_t milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Moves bytes until QEMU closes the console. False: the timeout came first. */
static bool move_bytes(struct unikernel *run)
{
	int64_t limit = (int64_t)(run->options->timeout_ns / 1000000);
	int64_t start = milliseconds();
	bool closed = false;

	while (!closed) {
		struct pollfd events[] = {
			{.fd = run->console, .events = POLLIN},
			{.fd = run->have < sizeof(run->end) ? run->report : -1, .events = POLLIN},
			{.fd = run->input_open ? STDIN_FILENO : -1, .events = POLLIN},
			{.fd = trace_port(run->trace), .events = POLLIN},
		};
		int64_t left = limit != 0 ? limit - (milliseconds() - start) : 0;

		if (limit != 0 && left <= 0)
			return false;
		if (poll(events, 4, limit == 0 ? -1 : left > 1000000 ? 1000000 : (int)left) <= 0)
			continue;
		if (events[3].revents)
			trace_drain(run->trace);
		if (events[1].revents & POLLIN)
			take_report(run);
		else if (events[1].revents)
			run->have = sizeof(run->end) + 1; /* closed without a whole message */
		if (events[0].revents && !take_console(run, &closed))
			return true;
		if (events[2].revents)
			feed_input(run);
	}
	if (run->have < sizeof(run->end))
		take_report(run);
	return true;
}

/* The host's end; the other is left open for QEMU, as a character device of this name. */
static int add_socket(struct strings *arguments, const char *name, int *guest_end)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		complain("socketpair: %s", strerror(errno));
		exit(EXIT_MACHINE);
	}
	fcntl(ends[1], F_SETFD, 0);
	strings_add(arguments, "-chardev");
	strings_addf(arguments, "socket,id=%s,fd=%d", name, ends[1]);
	*guest_end = ends[1];
	return ends[0];
}

static int add_machine(struct strings *arguments, const struct options *options)
{
	const struct job *job = options->job;

	if (options->xen)
		return machine_xen(arguments, options);
	machine_common(arguments, options, job->host_path);
	char *line = unikernel_command_line(options);
	strings_add(arguments, "-append");
	strings_add(arguments, line);
	free(line);
	strings_add(arguments, "-m");
	strings_add(arguments, options->memory);
	return -1;
}

/* The exit code that the kernel's message stands for; without one the guest did not end by itself.
 */
static int judge(const struct unikernel *run, int status)
{
	const struct job *job = run->options->job;
	struct twz_channel_header header;
	struct twz_channel_exit end;

	memcpy(&header, run->end, sizeof(header));
	memcpy(&end, run->end + sizeof(header), sizeof(end));
	if (run->have == sizeof(run->end) && header.magic == TWZ_CHANNEL_MAGIC &&
	    header.kind == TWZ_CHANNEL_EXIT && header.size == sizeof(end))
		return report_end(job, &end);
	if (WIFSIGNALED(status))
		complain("QEMU was killed by %s", signal_name(WTERMSIG(status)));
	else
		complain("%s: the machine ended without the program's exit code (QEMU's status %d)",
			 job->argv.items[0], WEXITSTATUS(status));
	return EXIT_MACHINE;
}

int unikernel_run(const struct options *options)
{
	struct strings arguments = {0};
	struct unikernel run = {
		.options = options,
		.machine = {.pid = -1, .log = -1},
		.input_open = true,
		.line_start = true,
	};
	int guest_ends[2], trace_fd;
	int code = add_machine(&arguments, options);

	if (code >= 0)
		return code;
	run.console = add_socket(&arguments, "console", &guest_ends[0]);
	run.report = add_socket(&arguments, "report", &guest_ends[1]);
	strings_add(&arguments, "-serial");
	strings_add(&arguments, "chardev:console");
	strings_add(&arguments, "-device");
	strings_add(&arguments, "isa-debugcon,iobase=0x5e9,chardev=report");
	trace_open(&run.trace, options, &arguments, &trace_fd);
	code = machine_start(&run.machine, &arguments);
	close(guest_ends[0]);
	close(guest_ends[1]);
	if (trace_fd >= 0)
		close(trace_fd);
	if (code >= 0)
		return code;
	bool ended = move_bytes(&run);
	int status = machine_stop(&run.machine, !ended);
	trace_close(run.trace);
	if (ended)
		return judge(&run, status);
	complain("%s: killed after %g s (--timeout)", options->job->argv.items[0],
		 (double)options->timeout_ns / 1e9);
	return EXIT_TIMED_OUT;
}
