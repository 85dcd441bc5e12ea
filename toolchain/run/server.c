/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot that stays up: programs of several clients, one after another, each on its client's own
 * descriptors. It ends on command, when its parent or the command that it was made for ends, or
 * when nobody has come for a while.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "wire.h"

/* So many boots without a single program run in between mean that the system does not boot. */
#define FAILED_BOOTS_MAX 3

struct client {
	struct client *next;
	struct watch socket;
	int fd; /* -1: it has gone */
	struct wire_request request;
	char *strings;
	size_t have; /* bytes of request and strings */
	int descriptors[3];
	struct job job;
	struct strings environment;
	struct task task;
	struct slot *slot; /* that runs it */
};

/* A boot, and the client that it serves. */
struct slot {
	struct guest guest;
	struct client *client;
};

static const struct options *options;
static const char *shared;
static struct watch listener, parent, command;
static struct timer idle;
static struct slot *slots;
static struct client *first, **last = &first; /* complete requests that wait */
static size_t clients;			      /* connected */
static unsigned failed_boots;
static pid_t command_pid;
static dev_t socket_device;
static ino_t socket_inode;

static void start_next(void);

/* ---- clients ---- */

static void rest(struct timer *timer)
{
	(void)timer;
	loop_end(EXIT_SUCCESS);
}

static void forget(struct client *client)
{
	watch_stop(&client->socket);
	if (client->fd >= 0)
		close(client->fd);
	for (int i = 0; i < 3; i++)
		if (client->descriptors[i] >= 0)
			close(client->descriptors[i]);
	free(client->strings);
	free(client->job.guest_path);
	free(client->job.guest_directory);
	strings_free(&client->job.argv);
	strings_free(&client->environment);
	free(client);
	if (--clients == 0 && options->idle_ns != 0)
		timer_set(&idle, loop_now() + options->idle_ns, rest);
}

static void answer(struct client *client, const struct ending *ending)
{
	size_t length = ending->reason != NULL ? strlen(ending->reason) : 0;
	const struct wire_answer answer = {
		.magic = WIRE_MAGIC,
		.kind = ending->kind,
		.code = ending->code,
		.size = (uint32_t)length,
		.crash_size = (uint32_t)ending->crash_size,
		.nanoseconds = ending->nanoseconds,
		.fault = ending->fault,
	};

	/* Small enough for the socket's buffer, of which nothing has been used. */
	if (client->fd >= 0 &&
	    send(client->fd, &answer, sizeof(answer), MSG_NOSIGNAL) == sizeof(answer)) {
		if (length > 0)
			send(client->fd, ending->reason, length, MSG_NOSIGNAL);
		if (ending->crash_size > 0)
			send(client->fd, ending->crash, ending->crash_size, MSG_NOSIGNAL);
	}
}

static void task_ended(struct task *task, const struct ending *ending)
{
	struct client *client = (struct client *)((char *)task - offsetof(struct client, task));

	failed_boots = 0;
	answer(client, ending);
	client->slot->client = NULL;
	forget(client);
}

/* Takes the strings of a whole request apart. False: they are malformed. */
static bool parse(struct client *client)
{
	const struct wire_request *request = &client->request;
	const char *at = client->strings, *end = at + request->size;
	size_t count = 2 + (size_t)request->argc + request->envc;

	if (request->size == 0 || end[-1] != '\0' || request->argc == 0 ||
	    client->descriptors[2] < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (at >= end)
			return false;
		if (i == 0)
			client->job.guest_path = format_string("%s", at);
		else if (i == 1)
			client->job.guest_directory = format_string("%s", at);
		else
			strings_add(i < 2 + (size_t)request->argc ? &client->job.argv
								  : &client->environment,
				    at);
		at += strlen(at) + 1;
	}
	return at == end;
}

/* Out of the line of those that wait. */
static void leave_line(struct client *client)
{
	for (struct client **link = &first; *link != NULL; link = &(*link)->next) {
		if (*link != client)
			continue;
		*link = client->next;
		if (last == &client->next)
			last = link;
		return;
	}
}

/* A client says nothing after its request: it has gone. */
static void client_gone(struct client *client)
{
	watch_stop(&client->socket);
	close(client->fd);
	client->fd = -1;
	if (client->slot != NULL) {
		guest_cancel(&client->slot->guest);
	} else {
		leave_line(client);
		forget(client);
	}
}

static void take_whole(struct client *client)
{
	if (client->request.command == WIRE_STOP) {
		const struct ending ending = {.kind = ENDING_EXITED};

		answer(client, &ending);
		loop_end(EXIT_SUCCESS);
		return;
	}
	if (client->request.command != WIRE_RUN || !parse(client)) {
		forget(client);
		return;
	}
	client->task = (struct task){
		.job = &client->job,
		.environment = &client->environment,
		.timeout_ns = client->request.timeout_ns,
		.input = client->descriptors[0],
		.output.fd = client->descriptors[1],
		.error.fd = client->descriptors[2],
		.ended = task_ended,
	};
	client->next = NULL;
	*last = client;
	last = &client->next;
	start_next();
}

/* Keeps the descriptors that came with a message; false when there is something else. */
static void keep_descriptors(struct client *client, struct msghdr *message)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
	     part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
			if (i < 3 && client->descriptors[i] < 0)
				client->descriptors[i] = fd;
			else
				close(fd);
		}
	}
}

static void client_ready(struct watch *watch)
{
	struct client *client = (struct client *)((char *)watch - offsetof(struct client, socket));
	size_t head = sizeof(client->request);
	bool whole = client->have >= head && client->have == head + client->request.size;
	char spare;
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(3 * sizeof(int))];
	} control;
	struct iovec part = {&spare, 1};

	if (client->have < head)
		part = (struct iovec){(char *)&client->request + client->have, head - client->have};
	else if (!whole)
		part = (struct iovec){client->strings + client->have - head,
				      client->request.size - (client->have - head)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t got = recvmsg(client->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		keep_descriptors(client, &message);
	if (got <= 0 || whole) {
		client_gone(client);
		return;
	}
	client->have += (size_t)got;
	if (client->have == head) {
		if (client->request.magic != WIRE_MAGIC || client->request.size > WIRE_MAX_SIZE ||
		    (client->strings = malloc(client->request.size + 1)) == NULL) {
			forget(client);
			return;
		}
	}
	if (client->have >= head && client->have == head + client->request.size)
		take_whole(client);
}

static void listener_ready(struct watch *watch)
{
	int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC);
	struct client *client = fd >= 0 ? calloc(1, sizeof(*client)) : NULL;
	const struct wire_hello hello = {WIRE_MAGIC, WIRE_VERSION, (uint32_t)strlen(shared) + 1};

	if (client == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	timer_stop(&idle);
	clients++;
	client->fd = fd;
	for (int i = 0; i < 3; i++)
		client->descriptors[i] = -1;
	watch_set(&client->socket, fd, EPOLLIN, client_ready);
	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) > 0)
		send(fd, shared, hello.size, MSG_NOSIGNAL);
}

/* ---- guests ---- */

static void guest_idle(struct guest *guest)
{
	struct slot *slot = (struct slot *)((char *)guest - offsetof(struct slot, guest));
	struct client *client = first;

	if (client == NULL)
		return;
	leave_line(client);
	client->slot = slot;
	slot->client = client;
	guest_run(guest, &client->task);
}

static void boot(struct slot *slot)
{
	int code = guest_boot(&slot->guest);

	if (code >= 0)
		loop_end(code);
}

static void guest_down(struct guest *guest, const char *why)
{
	struct slot *slot = (struct slot *)((char *)guest - offsetof(struct slot, guest));

	if (why != NULL && ++failed_boots >= FAILED_BOOTS_MAX) {
		complain("%s\n  this was boot %d in a row in which nothing ran", why,
			 FAILED_BOOTS_MAX);
		loop_end(EXIT_MACHINE);
		return;
	}
	boot(slot);
}

/* Gives the line's first client a guest, or boots one more for it. */
static void start_next(void)
{
	struct slot *down = NULL;
	bool coming = false;

	for (unsigned i = 0; i < options->boots; i++) {
		struct guest *guest = &slots[i].guest;

		if (guest->state == GUEST_IDLE) {
			guest_idle(guest);
			return;
		}
		if (guest->state == GUEST_BOOTING)
			coming = true;
		if (guest->state == GUEST_DOWN && down == NULL)
			down = &slots[i];
	}
	if (!coming && down != NULL)
		boot(down);
}

/* ---- start and end ---- */

static void parent_ended(struct watch *watch)
{
	(void)watch;
	loop_end(EXIT_SUCCESS);
}

static void command_ended(struct watch *watch)
{
	int status = 0;

	(void)watch;
	waitpid(command_pid, &status, 0);
	command_pid = 0;
	loop_end(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static bool listen_at(const char *path)
{
	struct sockaddr_un address;
	struct stat status;

	if (!wire_address(path, &address))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		complain("--server %s: a server is there already; stop it with --connect %s --stop",
			 path, path);
		close(fd);
		return false;
	}
	/* One that nobody listens at is left over from a server that was killed. */
	if (errno == ECONNREFUSED && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		unlink(path);
	mode_t mask = umask(0077);
	bool good = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    listen(fd, 128) == 0 && lstat(path, &status) == 0;
	umask(mask);
	if (!good) {
		complain("--server %s: %s", path, strerror(errno));
		return false;
	}
	socket_device = status.st_dev;
	socket_inode = status.st_ino;
	watch_set(&listener, fd, EPOLLIN, listener_ready);
	return true;
}

static void unlisten(const char *path)
{
	struct stat status;

	watch_stop(&listener);
	close(listener.fd);
	if (lstat(path, &status) == 0 && status.st_dev == socket_device &&
	    status.st_ino == socket_inode)
		unlink(path);
}

/* Runs the command that the server is for. */
static bool start_command(const char *path)
{
	pid_t self = getpid();

	command_pid = fork();
	if (command_pid == 0) {
		sigset_t none;

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != self)
			_exit(1);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGPIPE, SIG_DFL);
		setenv("TWIZZLER_RUN_SERVER", path, 1);
		execvp(options->keep.items[0], options->keep.items);
		complain("%s: %s", options->keep.items[0], strerror(errno));
		_exit(errno == ENOENT ? EXIT_NO_PROGRAM : EXIT_NOT_RUNNABLE);
	}
	int fd = command_pid > 0 ? (int)syscall(SYS_pidfd_open, command_pid, 0) : -1;
	if (fd < 0) {
		complain("%s: %s", options->keep.items[0], strerror(errno));
		return false;
	}
	watch_set(&command, fd, EPOLLIN, command_ended);
	return true;
}

static int serve(const char *path)
{
	slots = calloc(options->boots, sizeof(*slots));
	if (slots == NULL) {
		complain("out of memory");
		return EXIT_MACHINE;
	}
	for (unsigned i = 0; i < options->boots; i++)
		slots[i].guest = (struct guest){
			.options = options,
			.idle = guest_idle,
			.down = guest_down,
		};
	boot(&slots[0]);
	if (options->idle_ns != 0)
		timer_set(&idle, loop_now() + options->idle_ns, rest);
	int code = -1;
	if (options->keep.count > 0 && !start_command(path))
		code = EXIT_MACHINE;
	if (code < 0)
		code = loop_run();
	for (unsigned i = 0; i < options->boots; i++)
		guest_kill(&slots[i].guest);
	if (command_pid > 0) {
		kill(command_pid, SIGTERM);
		waitpid(command_pid, NULL, 0);
	}
	return code;
}

int server_run(const struct options *given)
{
	struct scratch scratch = {0};
	const char *path = given->server;

	options = given;
	shared = options->share;
	if (options->keep.count > 0) {
		if (!scratch_make(&scratch))
			return EXIT_MACHINE;
		path = format_string("%s/socket", scratch.path);
	}
	loop_start();
	pid_t starter = getppid();
	if (starter > 1 && options->keep.count == 0) {
		int fd = (int)syscall(SYS_pidfd_open, starter, 0);

		if (fd >= 0 && getppid() == starter)
			watch_set(&parent, fd, EPOLLIN, parent_ended);
	}
	int code = EXIT_MACHINE;
	if (listen_at(path)) {
		code = serve(path);
		unlisten(path);
	}
	scratch_remove(&scratch);
	return code;
}
