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

/* What the kernel can say of the end: a CRASH message perhaps, then EXIT. */
#define REPORT_MAX \
	(2 * sizeof(struct twz_channel_header) + TWZ_CRASH_MAX + sizeof(struct twz_channel_exit))
/* Of the console's last bytes that are kept to name the addresses of a panic. */
#define TAIL_SIZE 8192

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
	uint8_t end[REPORT_MAX];
	size_t have;
	bool told; /* no more will come of `end` */
	char tail[TAIL_SIZE];
	size_t tail_length;
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

/* Keeps the last of what the console has printed. */
static void keep_tail(struct unikernel *run, const char *bytes, size_t length)
{
	if (length > TAIL_SIZE) {
		bytes += length - TAIL_SIZE;
		length = TAIL_SIZE;
	}
	size_t stays =
		run->tail_length + length > TAIL_SIZE ? TAIL_SIZE - length : run->tail_length;

	memmove(run->tail, run->tail + run->tail_length - stays, stays);
	memcpy(run->tail + stays, bytes, length);
	run->tail_length = stays + length;
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
	keep_tail(run, buffer, length);
	return put_all(buffer, length);
}

/* The payload of the first whole message of a kind in what the kernel has said; NULL: none. */
static const void *find_message(const struct unikernel *run, uint32_t kind, size_t *size)
{
	struct twz_channel_header header;

	for (size_t at = 0; run->have - at >= sizeof(header); at += header.size) {
		memcpy(&header, run->end + at, sizeof(header));
		at += sizeof(header);
		if (header.magic != TWZ_CHANNEL_MAGIC || header.size > run->have - at)
			return NULL;
		*size = header.size;
		if (header.kind == kind)
			return run->end + at;
	}
	return NULL;
}

/* Keeps what the kernel says of the end. */
static void take_report(struct unikernel *run)
{
	size_t size;
	ssize_t got =
		recv(run->report, run->end + run->have, sizeof(run->end) - run->have, MSG_DONTWAIT);

	run->have += got > 0 ? (size_t)got : 0;
	run->told =
		run->have == sizeof(run->end) || find_message(run, TWZ_CHANNEL_EXIT, &size) != NULL;
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
			{.fd = run->told ? -1 : run->report, .events = POLLIN},
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
			run->told = true; /* closed without a whole message */
		if (events[0].revents && !take_console(run, &closed))
			return true;
		if (events[2].revents)
			feed_input(run);
	}
	/* The port may still hold what a dead machine has said; it does not make us wait. */
	for (size_t had = run->have + 1; had != run->have && !run->told;) {
		had = run->have;
		take_report(run);
	}
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

/* A kernel that panicked has printed a backtrace: says again where its addresses are. */
static void name_panic(const struct unikernel *run)
{
	static const char mark[] = "kernel panic: ";
	const char *end = run->tail + run->tail_length;
	const char *line = memmem(run->tail, run->tail_length, mark, sizeof(mark) - 1);
	bool traced = false;

	while (line != NULL && line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((stop != NULL ? stop : end) - line);
		size_t shown = length;
		uint64_t address;

		while (shown > 0 && line[shown - 1] == '\r')
			shown--;
		if (backtrace_address(line, shown, &address)) {
			char *source =
				source_of_backtrace(run->options->job->host_path, line, shown);

			fprintf(stderr, "  | %.*s%s%s\n", (int)shown, line,
				source != NULL ? "  " : "", source != NULL ? source : "");
			free(source);
			traced = true;
		} else if (!traced && strncmp(line, mark, sizeof(mark) - 1) == 0) {
			fprintf(stderr, "  | %.*s\n", (int)shown, line);
		}
		line = stop != NULL ? stop + 1 : end;
	}
}

/* The exit code that the kernel's message stands for; without one the guest did not end by itself.
 */
static int judge(const struct unikernel *run, int status)
{
	const struct job *job = run->options->job;
	struct twz_channel_exit end;
	size_t size = 0, crash_size = 0;
	const void *message = find_message(run, TWZ_CHANNEL_EXIT, &size);
	const void *crash = find_message(run, TWZ_CHANNEL_CRASH, &crash_size);

	if (message != NULL && size == sizeof(end)) {
		memcpy(&end, message, sizeof(end));
		return report_end(job, &end, crash, crash_size);
	}
	if (WIFSIGNALED(status))
		complain("QEMU was killed by %s", signal_name(WTERMSIG(status)));
	else
		complain("%s: the machine ended without the program's exit code (QEMU's status %d)",
			 job->argv.items[0], WEXITSTATUS(status));
	name_panic(run);
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
