/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One boot of the OS: sends each program over the run channel, moves its bytes, waits for its end.
 *
 * Standard input is read from only while the guest asks (channel.h), so that what no program reads
 * stays with whoever owns it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* How long after its deadline a program may outlive the guest's own watch before QEMU is killed. */
#define GRACE_NS 2000000000ull

struct session {
	const struct options *options;
	struct machine machine;
	int signals;
	bool input_wanted; /* the guest asked for standard input */
	bool ready;
	bool quitting;
	size_t current;	   /* job that runs */
	uint64_t watchdog; /* monotonic ns when QEMU is killed; 0: never */
	int code;	   /* to exit with */
	uint8_t *message;  /* control bytes not yet taken */
	size_t have;
	size_t capacity;
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

/* False when the other end is gone. */
static bool send_all(int fd, const void *bytes, size_t length)
{
	for (const char *at = bytes; length > 0;) {
		ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		length -= (size_t)sent;
	}
	return true;
}

static bool send_message(struct session *session, uint32_t kind, uint32_t sequence,
			 const void *payload, size_t size)
{
	struct twz_channel_header header = {
		.magic = TWZ_CHANNEL_MAGIC,
		.kind = kind,
		.sequence = sequence,
		.size = (uint32_t)size,
	};

	return send_all(session->machine.control, &header, sizeof(header)) &&
	       send_all(session->machine.control, payload, size);
}

/* Sends the current job. -1, or an exit code when it cannot be sent. */
static int send_job(struct session *session)
{
	const struct options *options = session->options;
	const struct job *job = &options->jobs[session->current];
	struct twz_channel_run run = {
		.argc = (uint32_t)job->argv.count,
		.envc = (uint32_t)options->environment.count,
		.timeout = options->timeout_ns,
	};
	char *payload = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&payload, &size);

	if (stream == NULL) {
		complain("out of memory");
		return EXIT_MACHINE;
	}
	fwrite(&run, sizeof(run), 1, stream);
	fwrite(job->guest_path, strlen(job->guest_path) + 1, 1, stream);
	fwrite("/host", sizeof("/host"), 1, stream);
	for (size_t i = 0; i < job->argv.count; i++)
		fwrite(job->argv.items[i], strlen(job->argv.items[i]) + 1, 1, stream);
	for (size_t i = 0; i < options->environment.count; i++)
		fwrite(options->environment.items[i], strlen(options->environment.items[i]) + 1, 1,
		       stream);
	fclose(stream);
	if (size > TWZ_CHANNEL_MAX_PAYLOAD) {
		complain("%s: arguments and environment take %zu bytes of at most %u",
			 job->argv.items[0], size, TWZ_CHANNEL_MAX_PAYLOAD);
		free(payload);
		return EXIT_NOT_RUNNABLE;
	}
	session->watchdog = options->timeout_ns != 0 ? now() + options->timeout_ns + GRACE_NS : 0;
	/* A dead QEMU is noticed by its process descriptor. */
	send_message(session, TWZ_CHANNEL_RUN, (uint32_t)session->current + 1, payload, size);
	free(payload);
	return -1;
}

/*
 * Writes all bytes, but gives up for a signal: a reader that has stalled must not keep this tool
 * from ending. False when the reader is gone.
 */
static bool write_all(const struct session *session, int to, const char *bytes, size_t length)
{
	while (length > 0) {
		struct pollfd polls[2] = {
			{.fd = to, .events = POLLOUT},
			{.fd = session->signals, .events = POLLIN},
		};

		if (poll(polls, 2, -1) < 0)
			continue;
		if (polls[1].revents != 0)
			return true;
		/* No more than a pipe that is ready takes without blocking. */
		ssize_t put = write(to, bytes, length < PIPE_BUF ? length : PIPE_BUF);
		if (put <= 0 && errno != EINTR && errno != EAGAIN)
			return false;
		bytes += put > 0 ? put : 0;
		length -= put > 0 ? (size_t)put : 0;
	}
	return true;
}

/* Moves what a port has to our descriptor; `all`: until nothing is left. */
static void forward(const struct session *session, int *port, int to, bool all)
{
	char buffer[65536];

	while (*port >= 0) {
		ssize_t got = recv(*port, buffer, sizeof(buffer), MSG_DONTWAIT);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0 || !write_all(session, to, buffer, (size_t)got)) {
			/* Our reader is gone or QEMU is: the guest sees a closed stream. */
			close(*port);
			*port = -1;
		}
		if (!all)
			return;
	}
}

/*
 * The guest asks for input with a byte each time a reader waits. While it has not taken all of what
 * it was sent it will ask again, so that what is sent always fits the socket and never blocks this
 * tool.
 */
static void take_input_request(struct session *session)
{
	char requests[64];
	ssize_t got = recv(session->machine.input, requests, sizeof(requests), MSG_DONTWAIT);

	int unread = 0;

	if (got > 0) {
		if (ioctl(session->machine.input, SIOCOUTQ, &unread) != 0 || unread == 0)
			session->input_wanted = true;
	} else if (got == 0 || errno != EAGAIN) {
		close(session->machine.input);
		session->machine.input = -1;
	}
}

static void feed_input(struct session *session)
{
	char buffer[65536];
	ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	session->input_wanted = false;
	if (got > 0)
		send_all(session->machine.input, buffer, (size_t)got);
	else
		shutdown(session->machine.input, SHUT_WR);
}

/* Notes one program's exit code and says it when there are several. */
static void job_done(struct session *session, const struct job *job, int code, uint64_t elapsed)
{
	if (session->options->batch)
		fprintf(stderr, "x86_64-twizzler-run: %s: exit %d (%llu ms)\n", job->argv.items[0],
			code, (unsigned long long)(elapsed / 1000000));
	if (session->code == 0)
		session->code = code;
}

/* Goes on to the next job or to the end. Returns -1 or an exit code. */
static int next_job(struct session *session)
{
	session->watchdog = 0;
	if (++session->current < session->options->job_count)
		return send_job(session);
	session->quitting = true;
	/* A store must be flushed by the guest; without one nothing in the machine is of worth. */
	if (session->options->store == NULL)
		return session->code;
	session->watchdog = now() + 5 * GRACE_NS;
	send_message(session, TWZ_CHANNEL_QUIT, 0, NULL, 0);
	return -1;
}

static int take_exit(struct session *session, const struct twz_channel_exit *end)
{
	const struct options *options = session->options;
	const struct job *job = &options->jobs[session->current];
	int code;

	forward(session, &session->machine.output, STDOUT_FILENO, true);
	forward(session, &session->machine.error, STDERR_FILENO, true);
	if (options->timeout_ns != 0 && end->state == TWZ_VIEW_KILLED && end->code == SIGKILL &&
	    end->nanoseconds >= options->timeout_ns) {
		complain("%s: killed after %g s (--timeout)", job->argv.items[0],
			 (double)options->timeout_ns / 1e9);
		code = EXIT_TIMED_OUT;
	} else {
		code = report_end(job, end);
	}
	job_done(session, job, code, end->nanoseconds);
	return next_job(session);
}

static int take_message(struct session *session, const struct twz_channel_header *header,
			const uint8_t *payload)
{
	const struct options *options = session->options;
	static const struct twz_abi_version mine = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	struct twz_abi_version theirs;
	struct twz_channel_exit end;

	switch (header->kind) {
	case TWZ_CHANNEL_READY:
		if (session->ready || header->size < sizeof(theirs))
			break;
		memcpy(&theirs, payload, sizeof(theirs));
		if (!twz_abi_compatible(mine, theirs)) {
			complain("the image provides ABI %u.%u.%u and this tool needs %u.%u.%u; "
				 "run ./build.sh build",
				 theirs.major, theirs.minor, theirs.patch, mine.major, mine.minor,
				 mine.patch);
			return EXIT_MACHINE;
		}
		session->ready = true;
		return send_job(session);
	case TWZ_CHANNEL_EXIT:
		if (header->size != sizeof(end) || header->sequence != session->current + 1)
			break;
		memcpy(&end, payload, sizeof(end));
		return take_exit(session, &end);
	case TWZ_CHANNEL_ERROR:
		if (header->sequence != session->current + 1 ||
		    session->current >= options->job_count)
			break;
		complain("%s: cannot be started: %.*s",
			 options->jobs[session->current].argv.items[0], (int)header->size,
			 (const char *)payload);
		job_done(session, &options->jobs[session->current], EXIT_NOT_RUNNABLE, 0);
		return next_job(session);
	default:
		break;
	}
	complain("the guest sent a malformed message on the control port (kind %u, size %u)",
		 header->kind, header->size);
	return EXIT_MACHINE;
}

/* Reads the control port and takes each whole message. Returns -1 or an exit code. */
static int take_control(struct session *session)
{
	struct twz_channel_header header;

	if (session->capacity - session->have < 4096) {
		session->capacity = session->capacity ? session->capacity * 2 : 16384;
		session->message = realloc(session->message, session->capacity);
		if (session->message == NULL) {
			complain("out of memory");
			return EXIT_MACHINE;
		}
	}
	ssize_t got = recv(session->machine.control, session->message + session->have,
			   session->capacity - session->have, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return -1;
	if (got <= 0) {
		/* QEMU is ending; its process descriptor tells the rest. */
		close(session->machine.control);
		session->machine.control = -1;
		return -1;
	}
	session->have += (size_t)got;
	while (session->have >= sizeof(header)) {
		memcpy(&header, session->message, sizeof(header));
		if (header.magic != TWZ_CHANNEL_MAGIC || header.size > TWZ_CHANNEL_MAX_PAYLOAD) {
			complain("the guest sent a malformed message on the control port");
			return EXIT_MACHINE;
		}
		size_t whole = sizeof(header) + header.size;
		if (session->have < whole)
			break;
		int code = take_message(session, &header, session->message + sizeof(header));
		if (code >= 0)
			return code;
		memmove(session->message, session->message + whole, session->have - whole);
		session->have -= whole;
	}
	return -1;
}

/* QEMU has ended: as asked, or by a panic or crash. */
static int machine_ended(struct session *session)
{
	int status = machine_stop(&session->machine, session->options, false);

	forward(session, &session->machine.output, STDOUT_FILENO, true);
	forward(session, &session->machine.error, STDERR_FILENO, true);
	/* isa-debug-exit makes 2v+1 of the guest's code v. */
	if (session->quitting && WIFEXITED(status) && WEXITSTATUS(status) <= 1)
		return session->code;
	if (WIFSIGNALED(status))
		complain("QEMU was killed by %s", signal_name(WTERMSIG(status)));
	else
		complain("the machine stopped (QEMU's status %d) before %s ended",
			 WEXITSTATUS(status),
			 session->quitting
				 ? "its store was closed"
				 : session->options->jobs[session->current].argv.items[0]);
	machine_last_words(&session->machine);
	return EXIT_MACHINE;
}

static int watchdog_fired(struct session *session)
{
	if (session->quitting) {
		complain("the machine does not power off");
		machine_last_words(&session->machine);
		return EXIT_MACHINE;
	}
	const struct job *job = &session->options->jobs[session->current];

	complain("%s: the machine hangs past its %g s (--timeout)", job->argv.items[0],
		 (double)session->options->timeout_ns / 1e9);
	machine_last_words(&session->machine);
	return EXIT_TIMED_OUT;
}

/* Waits for and handles one round of events. Returns -1 or an exit code. */
static int step(struct session *session)
{
	struct machine *machine = &session->machine;
	enum { CONTROL, OUTPUT, ERROR, INPUT, SOURCE, SIGNALS, PROCESS, COUNT };
	struct pollfd polls[COUNT] = {
		[CONTROL] = {.fd = machine->control, .events = POLLIN},
		[OUTPUT] = {.fd = machine->output, .events = POLLIN},
		[ERROR] = {.fd = machine->error, .events = POLLIN},
		[INPUT] = {.fd = machine->input, .events = POLLIN},
		[SOURCE] = {.fd = session->input_wanted ? STDIN_FILENO : -1, .events = POLLIN},
		[SIGNALS] = {.fd = session->signals, .events = POLLIN},
		[PROCESS] = {.fd = machine->process, .events = POLLIN},
	};
	int wait = -1;

	if (session->watchdog != 0) {
		uint64_t time = now();

		if (time >= session->watchdog)
			return watchdog_fired(session);
		uint64_t left = (session->watchdog - time) / 1000000 + 1;
		wait = left > INT_MAX ? INT_MAX : (int)left;
	}
	if (poll(polls, COUNT, wait) < 0) {
		if (errno == EINTR)
			return -1;
		complain("poll: %s", strerror(errno));
		return EXIT_MACHINE;
	}
	if (polls[SIGNALS].revents != 0) {
		struct signalfd_siginfo info;

		if (read(session->signals, &info, sizeof(info)) == sizeof(info))
			return 128 + (int)info.ssi_signo;
	}
	if (polls[OUTPUT].revents != 0)
		forward(session, &machine->output, STDOUT_FILENO, false);
	if (polls[ERROR].revents != 0)
		forward(session, &machine->error, STDERR_FILENO, false);
	if (polls[INPUT].revents != 0)
		take_input_request(session);
	if (polls[SOURCE].revents != 0 && machine->input >= 0)
		feed_input(session);
	if (polls[CONTROL].revents != 0) {
		int code = take_control(session);
		if (code >= 0)
			return code;
	}
	return polls[PROCESS].revents != 0 ? machine_ended(session) : -1;
}

static int catch_signals(void)
{
	sigset_t caught;

	sigemptyset(&caught);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGHUP);
	sigprocmask(SIG_BLOCK, &caught, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &caught, SFD_CLOEXEC);
}

int session_run(const struct options *options)
{
	struct session session = {.options = options, .machine = {.pid = -1}};
	struct strings arguments = {0};
	int guest_ends[4];

	session.signals = catch_signals();
	char *shared = place_programs(options);
	int code = machine_system(&arguments, options, shared, &session.machine);
	if (code < 0)
		code = machine_log(&arguments, options, &session.machine);
	if (code < 0) {
		machine_ports(&arguments, options, &session.machine, guest_ends);
		code = machine_start(&session.machine, &arguments);
		for (int i = 0; i < 4; i++)
			close(guest_ends[i]);
	}
	while (code < 0)
		code = step(&session);
	machine_stop(&session.machine, options, true);
	return code;
}
