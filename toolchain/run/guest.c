/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One boot: sends each program over the run channel, feeds it, waits for its end.
 *
 * Standard input is read from only while the guest asks (channel.h), so that what no program reads
 * stays with whoever owns it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/sockios.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

/* How long after its deadline a program may outlive the guest's own watch before QEMU is killed. */
#define GRACE_NS 2000000000ull
/* How long a boot may take. */
#define BOOT_NS 60000000000ull

#define GUEST(part, member) ((struct guest *)((char *)(part)-offsetof(struct guest, member)))

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

/* A dead QEMU is noticed by its process descriptor. */
static void send_message(struct guest *guest, uint32_t kind, const void *payload, size_t size)
{
	struct twz_channel_header header = {
		.magic = TWZ_CHANNEL_MAGIC,
		.kind = kind,
		.sequence = guest->sequence,
		.size = (uint32_t)size,
	};

	if (send_all(guest->machine.control, &header, sizeof(header)))
		send_all(guest->machine.control, payload, size);
}

/* ---- the end of a task and of the machine ---- */

/* Closes everything of a machine that has ended or must. */
static int let_go(struct guest *guest, bool kill_it)
{
	watch_stop(&guest->process);
	watch_stop(&guest->control);
	watch_stop(&guest->requests);
	watch_stop(&guest->source);
	timer_stop(&guest->watchdog);
	int status = machine_stop(&guest->machine, kill_it);
	flow_close(&guest->output);
	flow_close(&guest->error);
	trace_close(guest->trace);
	guest->trace = NULL;
	close(guest->machine.control);
	if (guest->machine.input >= 0)
		close(guest->machine.input);
	close(guest->machine.process);
	guest->have = 0;
	guest->state = GUEST_DOWN;
	return status;
}

static void end_task(struct guest *guest, const struct ending *ending)
{
	struct task *task = guest->task;

	guest->task = NULL;
	guest->exited = false;
	task->ended(task, ending);
}

/* The machine is given up: it has ended, or what it does is not to be trusted. */
static void fail(struct guest *guest, enum ending_kind kind, const char *why)
{
	char *words = machine_last_words(&guest->machine);
	char *reason = format_string("%s\n%.*s", why, (int)strlen(words) - 1, words);

	let_go(guest, true);
	close(guest->machine.log);
	free(words);
	if (guest->exited) {
		/* It had ended before the machine did. */
		end_task(guest, &guest->ending);
	} else if (guest->task != NULL) {
		struct ending ending = {.kind = kind, .reason = reason};

		end_task(guest, &ending);
	}
	guest->down(guest, reason);
	free(reason);
}

static void watchdog_fired(struct timer *timer)
{
	struct guest *guest = GUEST(timer, watchdog);

	if (guest->state == GUEST_STOPPING)
		fail(guest, ENDING_MACHINE, "the machine does not power off");
	else if (guest->state == GUEST_BOOTING)
		fail(guest, ENDING_MACHINE, "the machine does not boot");
	else
		fail(guest, ENDING_TIMED_OUT, "the machine hangs past the program's timeout");
}

/* QEMU has ended: as asked, or by a panic or crash. */
static void process_ended(struct watch *watch)
{
	struct guest *guest = GUEST(watch, process);
	bool asked = guest->state == GUEST_STOPPING;
	siginfo_t info = {0};

	waitid(P_PID, (id_t)guest->machine.pid, &info, WEXITED | WNOWAIT);
	/* isa-debug-exit makes 2v+1 of the guest's code v. */
	if (asked && info.si_code == CLD_EXITED && info.si_status <= 1) {
		let_go(guest, false);
		close(guest->machine.log);
		guest->down(guest, NULL);
		return;
	}
	char *why = info.si_code == CLD_EXITED
			    ? format_string("the machine stopped (QEMU's status %d) before %s",
					    info.si_status,
					    asked		  ? "its store was closed"
					    : guest->task != NULL ? guest->task->job->argv.items[0]
								  : "it was ready for a program")
			    : format_string("QEMU was killed by %s", signal_name(info.si_status));
	if (!asked && guest->task != NULL && info.si_code == CLD_EXITED) {
		char *longer = format_string("%s ended", why);
		free(why);
		why = longer;
	}
	fail(guest, ENDING_MACHINE, why);
	free(why);
}

/* ---- standard input ---- */

static void feed_input(struct watch *watch)
{
	struct guest *guest = GUEST(watch, source);
	char buffer[65536];
	ssize_t got = read(guest->task->input, buffer, sizeof(buffer));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	watch_set(&guest->source, guest->task->input, 0, feed_input);
	guest->input_wanted = false;
	if (got > 0) {
		guest->input_sent += (uint64_t)got;
		send_all(guest->machine.input, buffer, (size_t)got);
	} else {
		guest->input_ended = true;
		send_message(guest, TWZ_CHANNEL_INPUT_END, &guest->input_sent,
			     sizeof(guest->input_sent));
	}
}

/*
 * The guest asks for input with a byte each time a reader waits. While it has not taken all of what
 * it was sent it will ask again, so that what is sent always fits the socket and never blocks this
 * tool.
 */
static void take_request(struct watch *watch)
{
	struct guest *guest = GUEST(watch, requests);
	char requests[64];
	ssize_t got = recv(guest->machine.input, requests, sizeof(requests), MSG_DONTWAIT);
	int unread = 0;

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		watch_stop(&guest->requests);
		close(guest->machine.input);
		guest->machine.input = -1;
		return;
	}
	if (got < 0 || guest->task == NULL || guest->task->input < 0 || guest->input_ended)
		return;
	if (ioctl(guest->machine.input, SIOCOUTQ, &unread) != 0 || unread == 0) {
		guest->input_wanted = true;
		watch_set(&guest->source, guest->task->input, EPOLLIN, feed_input);
	}
}

/* ---- messages ---- */

static void tell_closed(struct guest *guest, uint32_t output)
{
	send_message(guest, TWZ_CHANNEL_OUTPUT_END, &output, sizeof(output));
}

static void output_closed(struct flow *flow)
{
	tell_closed(GUEST(flow, output), 1);
}

static void error_closed(struct flow *flow)
{
	tell_closed(GUEST(flow, error), 2);
}

static void error_drained(struct flow *flow)
{
	struct guest *guest = GUEST(flow, error);

	end_task(guest, &guest->ending);
	if (guest->unclean) {
		guest_kill(guest);
		guest->down(guest, NULL);
	} else if (guest->state == GUEST_BUSY) {
		guest->state = GUEST_IDLE;
		guest->idle(guest);
	}
}

static void output_drained(struct flow *flow)
{
	flow_end(&GUEST(flow, output)->error, error_drained);
}

/* The program has ended: its output is in the ports. */
static void task_exited(struct guest *guest)
{
	char requests[64];

	guest->exited = true;
	/* It was told before the end was. */
	trace_end(guest->trace);
	/* What it asked for and did not get is not its successor's wish. */
	while (guest->machine.input >= 0 &&
	       recv(guest->machine.input, requests, sizeof(requests), MSG_DONTWAIT) > 0)
		;
	timer_stop(&guest->watchdog);
	watch_stop(&guest->source);
	flow_end(&guest->output, output_drained);
}

static bool take_exit(struct guest *guest, const struct twz_channel_header *header,
		      const uint8_t *payload)
{
	struct twz_channel_exit end;

	if (header->size != sizeof(end) || guest->task == NULL || guest->exited ||
	    header->sequence != guest->sequence)
		return false;
	memcpy(&end, payload, sizeof(end));
	guest->ending = (struct ending){
		.kind = end.flags & TWZ_EXIT_TIMED_OUT ? ENDING_TIMED_OUT
			: end.state == TWZ_VIEW_EXITED ? ENDING_EXITED
						       : ENDING_SIGNALLED,
		.code = end.code,
		.nanoseconds = end.nanoseconds,
		.fault = end.fault,
		.crash = guest->crash,
		.crash_size = guest->crash_size,
	};
	guest->unclean = (end.flags & TWZ_EXIT_UNCLEAN) != 0;
	task_exited(guest);
	return true;
}

/* Where the task died: kept until the next one runs. */
static bool take_crash(struct guest *guest, const struct twz_channel_header *header,
		       const uint8_t *payload)
{
	if (guest->task == NULL || guest->exited || header->sequence != guest->sequence ||
	    guest->crash != NULL || !crash_is_whole(payload, header->size))
		return false;
	guest->crash = malloc(header->size);
	if (guest->crash == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	memcpy(guest->crash, payload, header->size);
	guest->crash_size = header->size;
	return true;
}

static bool take_error(struct guest *guest, const struct twz_channel_header *header,
		       const uint8_t *payload)
{
	static char reason[4096];

	if (guest->task == NULL || guest->exited || header->sequence != guest->sequence)
		return false;
	snprintf(reason, sizeof(reason), "%s: cannot be started: %.*s",
		 guest->task->job->argv.items[0], (int)header->size, (const char *)payload);
	guest->ending = (struct ending){.kind = ENDING_NOT_STARTED, .reason = reason};
	task_exited(guest);
	return true;
}

static bool take_ready(struct guest *guest, const struct twz_channel_header *header,
		       const uint8_t *payload)
{
	static const struct twz_abi_version mine = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	struct twz_abi_version theirs;

	if (guest->state != GUEST_BOOTING || header->size < sizeof(theirs))
		return false;
	memcpy(&theirs, payload, sizeof(theirs));
	if (!twz_abi_compatible(mine, theirs)) {
		complain("the image provides ABI %u.%u.%u and this tool needs %u.%u.%u; "
			 "run ./build.sh build",
			 theirs.major, theirs.minor, theirs.patch, mine.major, mine.minor,
			 mine.patch);
		loop_end(EXIT_MACHINE);
		return true;
	}
	timer_stop(&guest->watchdog);
	guest->state = GUEST_IDLE;
	guest->idle(guest);
	return true;
}

static bool take_message(struct guest *guest, const struct twz_channel_header *header,
			 const uint8_t *payload)
{
	switch (header->kind) {
	case TWZ_CHANNEL_READY:
		return take_ready(guest, header, payload);
	case TWZ_CHANNEL_EXIT:
		return take_exit(guest, header, payload);
	case TWZ_CHANNEL_CRASH:
		return take_crash(guest, header, payload);
	case TWZ_CHANNEL_ERROR:
		return take_error(guest, header, payload);
	default:
		return false;
	}
}

/* Takes the first whole message of the buffer out of it. False: there is none. */
static bool next_message(struct guest *guest)
{
	struct twz_channel_header header;

	if (guest->have < sizeof(header))
		return false;
	memcpy(&header, guest->message, sizeof(header));
	size_t whole = sizeof(header) + header.size;
	bool good = header.magic == TWZ_CHANNEL_MAGIC && header.size <= TWZ_CHANNEL_MAX_PAYLOAD;
	if (good && guest->have < whole)
		return false;
	if (good) {
		uint8_t *payload = malloc(header.size + 1);

		if (payload == NULL) {
			complain("out of memory");
			exit(EXIT_MACHINE);
		}
		memcpy(payload, guest->message + sizeof(header), header.size);
		memmove(guest->message, guest->message + whole, guest->have - whole);
		guest->have -= whole;
		good = take_message(guest, &header, payload);
		free(payload);
	}
	if (!good) {
		char *why = format_string("the guest sent a malformed message on the control port "
					  "(kind %u, size %u)",
					  header.kind, header.size);
		fail(guest, ENDING_MACHINE, why);
		free(why);
		return false;
	}
	return guest->state != GUEST_DOWN;
}

static void take_control(struct watch *watch)
{
	struct guest *guest = GUEST(watch, control);

	if (guest->capacity - guest->have < 4096) {
		guest->capacity = guest->capacity ? guest->capacity * 2 : 16384;
		guest->message = realloc(guest->message, guest->capacity);
		if (guest->message == NULL) {
			complain("out of memory");
			exit(EXIT_MACHINE);
		}
	}
	ssize_t got = recv(guest->machine.control, guest->message + guest->have,
			   guest->capacity - guest->have, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		/* QEMU is ending; its process descriptor tells the rest. */
		watch_stop(&guest->control);
		return;
	}
	guest->have += (size_t)got;
	while (next_message(guest))
		;
}

/* ---- what others call ---- */

int guest_boot(struct guest *guest)
{
	struct machine *machine = &guest->machine;
	struct strings arguments = {0};
	int guest_ends[4], trace_fd = -1;

	*machine = (struct machine){.pid = -1};
	int code = machine_system(&arguments, guest->options, guest->shared, machine);
	if (code < 0)
		code = machine_log(&arguments, guest->options, machine);
	if (code < 0) {
		machine_ports(&arguments, guest->options, machine, guest_ends);
		trace_open(&guest->trace, guest->options, &arguments, &trace_fd);
		code = machine_start(machine, &arguments);
		for (int i = 0; i < 4; i++)
			close(guest_ends[i]);
		if (trace_fd >= 0)
			close(trace_fd);
	}
	strings_free(&arguments);
	if (code >= 0) {
		machine_stop(machine, true);
		return code;
	}
	guest->state = GUEST_BOOTING;
	guest->input_sent = 0;
	guest->exited = guest->unclean = false;
	flow_open(&guest->output, machine->output, output_closed);
	flow_open(&guest->error, machine->error, error_closed);
	trace_watch(guest->trace);
	watch_set(&guest->control, machine->control, EPOLLIN, take_control);
	watch_set(&guest->requests, machine->input, EPOLLIN, take_request);
	watch_set(&guest->process, machine->process, EPOLLIN, process_ended);
	if (!guest->options->gdb)
		timer_set(&guest->watchdog, loop_now() + BOOT_NS, watchdog_fired);
	return -1;
}

/* The payload of a RUN message; malloc'ed. */
static char *run_payload(const struct guest *guest, const struct task *task, size_t *size)
{
	const struct strings *lists[2] = {&task->job->argv, task->environment};
	const char *directory = task->job->guest_directory;
	struct twz_channel_run run = {
		.argc = (uint32_t)task->job->argv.count,
		.envc = (uint32_t)task->environment->count,
		.timeout = task->timeout_ns,
		.input = guest->input_sent,
		.flags = task->input < 0 ? TWZ_RUN_NO_INPUT : 0,
	};
	char *payload = NULL;
	FILE *stream = open_memstream(&payload, size);

	if (stream == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	if (directory == NULL)
		directory = "/host";
	fwrite(&run, sizeof(run), 1, stream);
	fwrite(task->job->guest_path, strlen(task->job->guest_path) + 1, 1, stream);
	fwrite(directory, strlen(directory) + 1, 1, stream);
	for (int list = 0; list < 2; list++)
		for (size_t i = 0; i < lists[list]->count; i++)
			fwrite(lists[list]->items[i], strlen(lists[list]->items[i]) + 1, 1, stream);
	fclose(stream);
	return payload;
}

void guest_run(struct guest *guest, struct task *task)
{
	size_t size;
	char *payload = run_payload(guest, task, &size);

	if (size > TWZ_CHANNEL_MAX_PAYLOAD) {
		char *reason =
			format_string("%s: arguments and environment take %zu bytes of at "
				      "most %u",
				      task->job->argv.items[0], size, TWZ_CHANNEL_MAX_PAYLOAD);
		struct ending ending = {.kind = ENDING_NOT_STARTED, .reason = reason};

		task->ended(task, &ending);
		free(reason);
		guest->idle(guest);
	} else {
		guest->task = task;
		guest->state = GUEST_BUSY;
		guest->sequence++;
		free(guest->crash);
		guest->crash = NULL;
		guest->crash_size = 0;
		guest->input_wanted = guest->input_ended = false;
		if (guest->options->mode == MODE_BATCH)
			trace_begin(guest->trace, task->job);
		flow_begin(&guest->output, &task->output);
		flow_begin(&guest->error, &task->error);
		if (task->timeout_ns != 0)
			timer_set(&guest->watchdog, loop_now() + task->timeout_ns + GRACE_NS,
				  watchdog_fired);
		send_message(guest, TWZ_CHANNEL_RUN, payload, size);
	}
	free(payload);
}

void guest_cancel(struct guest *guest)
{
	if (guest->state != GUEST_BUSY || guest->exited)
		return;
	send_message(guest, TWZ_CHANNEL_CANCEL, NULL, 0);
	timer_set(&guest->watchdog, loop_now() + GRACE_NS, watchdog_fired);
}

void guest_quit(struct guest *guest)
{
	if (guest->options->store != NULL) {
		/* A store must be flushed by the guest. */
		guest->state = GUEST_STOPPING;
		timer_set(&guest->watchdog, loop_now() + 5 * GRACE_NS, watchdog_fired);
		send_message(guest, TWZ_CHANNEL_QUIT, NULL, 0);
		return;
	}
	/* Without one nothing in the machine is of worth. */
	guest_kill(guest);
	guest->down(guest, NULL);
}

void guest_kill(struct guest *guest)
{
	if (guest->state == GUEST_DOWN)
		return;
	let_go(guest, true);
	close(guest->machine.log);
	guest->task = NULL;
}
