/* SPDX-License-Identifier: BSD-2-Clause */
/* Has a program run by a server: hands over the standard streams and waits for the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "wire.h"

/* How long a server that has just been started may take to listen. */
#define LISTEN_NS 2000000000ull

bool wire_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (*path == '\0' || strlen(path) >= sizeof(address->sun_path)) {
		complain("'%s': a socket's path has 1 to %zu bytes", path,
			 sizeof(address->sun_path) - 1);
		return false;
	}
	strcpy(address->sun_path, path);
	return true;
}

/* A connection to the server, or -1 and a message. */
static int connect_to(const char *path)
{
	struct sockaddr_un address;
	uint64_t until = loop_now() + LISTEN_NS;

	if (!wire_address(path, &address))
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		const struct timespec pause = {.tv_nsec = 10000000};

		if ((errno != ENOENT && errno != ECONNREFUSED) || loop_now() > until) {
			complain("no server at %s: %s; start it with x86_64-twizzler-run --server "
				 "%s",
				 path, strerror(errno), path);
			close(fd);
			return -1;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}

/* Reads exactly so many bytes; false when the server has gone. */
static bool receive(int fd, void *buffer, size_t length)
{
	for (char *at = buffer; length > 0;) {
		ssize_t got = recv(fd, at, length, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		length -= (size_t)got;
	}
	return true;
}

static int server_gone(void)
{
	complain("the server has ended; its own error output says why");
	return EXIT_MACHINE;
}

/* The directory that the server shares; malloc'ed. NULL: a message has been printed. */
static char *greet(int fd)
{
	struct wire_hello hello;

	if (!receive(fd, &hello, sizeof(hello))) {
		server_gone();
		return NULL;
	}
	if (hello.magic != WIRE_MAGIC || hello.version != WIRE_VERSION || hello.size == 0 ||
	    hello.size > PATH_MAX) {
		complain("the server is of another version; stop it and start this toolchain's");
		return NULL;
	}
	char *shared = malloc(hello.size);
	if (shared == NULL || !receive(fd, shared, hello.size) || shared[hello.size - 1] != '\0') {
		free(shared);
		server_gone();
		return NULL;
	}
	return shared;
}

/* Sends the request; with descriptors when there are some. */
static bool send_request(int fd, const struct wire_request *request, const char *strings,
			 const int *descriptors)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} control = {0};
	struct iovec parts[2] = {
		{(void *)request, sizeof(*request)},
		{(void *)strings, request->size},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	if (descriptors != NULL) {
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(3 * sizeof(int));
		memcpy(CMSG_DATA(&control.header), descriptors, 3 * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	size_t left = sizeof(*request) + request->size;
	ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	if (sent < (ssize_t)sizeof(*request))
		return false;
	left -= (size_t)sent;
	const char *at = strings + request->size - left;
	while (left > 0) {
		sent = send(fd, at, left, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		at += sent;
		left -= (size_t)sent;
	}
	return true;
}

/*
 * A terminal is read by this tool, which belongs to its foreground, and passed on by a pipe, until
 * the server answers.
 */
static void relay_terminal(int server, int to)
{
	struct pollfd polls[2] = {{.fd = server, .events = POLLIN},
				  {.fd = STDIN_FILENO, .events = POLLIN}};
	char buffer[4096];

	for (;;) {
		if (poll(polls, 2, -1) < 0 && errno != EINTR)
			break;
		if (polls[0].revents != 0)
			break;
		if (polls[1].revents == 0)
			continue;
		ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
		if (got <= 0 || write(to, buffer, (size_t)got) != got) {
			close(to);
			to = -1;
			polls[1].fd = -1;
		}
	}
	if (to >= 0)
		close(to);
}

static bool ask(int fd, const struct options *options)
{
	const struct job *job = options->job;
	const struct strings *lists[2] = {&job->argv, &options->environment};
	int descriptors[3] = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
	int terminal[2] = {-1, -1};
	char *strings = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&strings, &size);

	if (stream == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	fwrite(job->guest_path, strlen(job->guest_path) + 1, 1, stream);
	fwrite(job->guest_directory, strlen(job->guest_directory) + 1, 1, stream);
	for (int list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list]->count; i++)
			fwrite(lists[list]->items[i], strlen(lists[list]->items[i]) + 1, 1, stream);
	fclose(stream);
	const struct wire_request request = {
		.magic = WIRE_MAGIC,
		.command = WIRE_RUN,
		.argc = (uint32_t)job->argv.count,
		.envc = (uint32_t)options->environment.count,
		.timeout_ns = options->timeout_ns,
		.size = (uint32_t)size,
	};
	if (isatty(STDIN_FILENO) && pipe(terminal) == 0)
		descriptors[0] = terminal[0];
	bool good = send_request(fd, &request, strings, descriptors);
	free(strings);
	if (terminal[0] >= 0) {
		close(terminal[0]);
		if (good)
			relay_terminal(fd, terminal[1]);
		else
			close(terminal[1]);
	}
	return good;
}

static int take_answer(int fd, const struct options *options)
{
	struct wire_answer answer;
	char *reason;

	if (!receive(fd, &answer, sizeof(answer)) || answer.magic != WIRE_MAGIC ||
	    answer.size > WIRE_MAX_SIZE || answer.crash_size > TWZ_CRASH_MAX ||
	    (reason = calloc(1, answer.size + 1)) == NULL || !receive(fd, reason, answer.size))
		return server_gone();
	char *crash = malloc(answer.crash_size + 1);
	if (crash == NULL || !receive(fd, crash, answer.crash_size))
		return server_gone();
	const struct ending ending = {
		.kind = answer.kind,
		.code = answer.code,
		.nanoseconds = answer.nanoseconds,
		.fault = answer.fault,
		.crash = answer.crash_size > 0 ? crash : NULL,
		.crash_size = answer.crash_size,
		.reason = answer.size > 0 ? reason : NULL,
	};
	return report_ending(options->job, &ending, options->timeout_ns);
}

int client_run(const struct options *options, bool *elsewhere)
{
	int fd = connect_to(options->server);

	if (fd < 0)
		return EXIT_MACHINE;
	char *shared = greet(fd);
	if (shared == NULL)
		return EXIT_MACHINE;
	*elsewhere = !place_within(options->job, shared);
	if (*elsewhere) {
		if (options->connect)
			complain("%s: the program or the current directory is not in %s, which is "
				 "what the server at %s shares; start it with --share",
				 options->job->argv.items[0], shared, options->server);
		return EXIT_MACHINE;
	}
	free(shared);
	if (!ask(fd, options))
		return server_gone();
	return take_answer(fd, options);
}

int client_stop(const struct options *options)
{
	const struct wire_request request = {.magic = WIRE_MAGIC, .command = WIRE_STOP};
	struct wire_answer answer;
	int fd = connect_to(options->server);
	char *shared = fd >= 0 ? greet(fd) : NULL;

	if (shared == NULL)
		return EXIT_MACHINE;
	free(shared);
	if (!send_request(fd, &request, "", NULL) || !receive(fd, &answer, sizeof(answer)))
		return server_gone();
	return EXIT_SUCCESS;
}
