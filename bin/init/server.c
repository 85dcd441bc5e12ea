/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's end of the run channel: runs what the host sends and tells how it ended. */
#include <twizzler/channel.h>
#include "init.h"

/* What is alive in the machine. */
struct counts {
	uint64_t views, threads, pages_free, pages_total;
};

/* A machine with less of its memory free than this part has lost some, and is made anew. */
#define MEMORY_SHARE 4

static struct counts count(void)
{
	struct twz_system_info info = {0};

	twz_sys_system_info(&info);
	return (struct counts){info.views, info.threads, info.pages_free, info.pages_total};
}

static void send_error(uint32_t sequence, const char *text)
{
	control_send(TWZ_CHANNEL_ERROR, sequence, text, (uint32_t)text_length(text));
}

/* What a program's standard streams are. */
struct streams {
	uint32_t numbers[3];
	int descriptors[3];
	int null;
};

static void fail_start(const char *what, twz_result error)
{
	say(STANDARD_ERROR, "init: %s: %s\n", what, twz_error_text(error));
	power_off(0);
}

static int open_device(const char *path, uint32_t flags)
{
	twz_result fd =
		twz_rt_fd_open(TWZ_RT_AT_CWD, path, text_length(path), flags | TWZ_OPEN_CLOEXEC, 0);

	if (fd < 0)
		fail_start(path, fd);
	return (int)fd;
}

static void open_streams(struct streams *streams)
{
	static const char *const paths[3] = {"/dev/twz.stdin", "/dev/twz.stdout",
					     "/dev/twz.stderr"};

	for (int i = 0; i < 3; i++) {
		const char *name = paths[i] + text_length("/dev/");
		twz_result number = twz_sys_stream_find(name, text_length(name));

		if (number < 0)
			fail_start(name, number);
		streams->numbers[i] = (uint32_t)number;
		streams->descriptors[i] =
			open_device(paths[i], i == 0 ? TWZ_OPEN_READ : TWZ_OPEN_WRITE);
	}
	streams->null = open_device("/dev/null", TWZ_OPEN_READ);
}

/* The strings of a RUN message, as argument lists. */
struct job {
	struct program program;
	char **pointers; /* argv and envp, each NULL-ended */
	size_t pointers_size;
};

/* False when the strings do not fill the payload as told, or memory is short. */
static bool parse_job(const char *payload, size_t size, struct job *job)
{
	const struct twz_channel_run *run = (const struct twz_channel_run *)payload;

	if (size < sizeof(*run) || payload[size - 1] != '\0' || run->argc == 0 ||
	    run->argc > size || run->envc > size)
		return false;
	size_t count = (size_t)run->argc + run->envc;
	job->pointers_size = (count + 2) * sizeof(char *);
	job->pointers = twz_rt_malloc(job->pointers_size, sizeof(char *), 0);
	if (job->pointers == NULL)
		return false;
	const char *at = payload + sizeof(*run);
	const char *end = payload + size;
	const char *strings[2] = {0};
	size_t to = 0;
	for (size_t i = 0; i < count + 2; i++) {
		if (at >= end)
			return false;
		if (i < 2)
			strings[i] = at;
		else
			job->pointers[to++] = (char *)at;
		if (i == 1 + run->argc)
			job->pointers[to++] = NULL;
		at += text_length(at) + 1;
	}
	job->pointers[to] = NULL;
	job->program = (struct program){
		.path = strings[0],
		.directory = strings[1],
		.argv = job->pointers,
		.envp = job->pointers + run->argc + 1,
		.timeout = run->timeout,
	};
	return at == end;
}

static void send_reason(uint32_t sequence, twz_result error)
{
	char reason[256];
	twz_result length = twz_rt_exec_error(reason, sizeof(reason) - 1);

	reason[length > 0 ? length : 0] = '\0';
	send_error(sequence, length > 0 ? reason : twz_error_text(error));
}

static void run_job(const struct request *request, const struct streams *streams)
{
	const struct twz_channel_run *run = (const struct twz_channel_run *)request->payload;
	const int *all = streams->descriptors;
	const int without_input[3] = {streams->null, all[1], all[2]};
	struct job job = {0};
	struct program_end end = {0};

	if (!parse_job(request->payload, request->size, &job)) {
		send_error(request->sequence, "the request is malformed or memory is short");
	} else {
		struct counts before = count();

		job.program.sequence = request->sequence;
		job.program.alone = true;
		job.program.crash = true;
		job.program.descriptors = run->flags & TWZ_RUN_NO_INPUT ? without_input : all;
		twz_result result = program_run(&job.program, &end);
		if (result < 0) {
			send_reason(request->sequence, result);
		} else {
			struct counts after = count();
			bool clean = after.views <= before.views &&
				     after.threads <= before.threads &&
				     after.pages_free >= after.pages_total / MEMORY_SHARE;
			struct twz_channel_exit message = {
				.state = end.result.state,
				.code = end.result.code,
				.flags = (end.timed_out ? TWZ_EXIT_TIMED_OUT : 0) |
					 (clean ? 0 : TWZ_EXIT_UNCLEAN),
				.nanoseconds = end.nanoseconds,
				.fault = end.result.fault,
			};
			control_drain();
			if (end.crash_size > 0)
				control_send(TWZ_CHANNEL_CRASH, request->sequence, end.crash,
					     end.crash_size);
			control_send(TWZ_CHANNEL_EXIT, request->sequence, &message,
				     sizeof(message));
		}
	}
	if (end.crash != NULL)
		twz_rt_free(end.crash, TWZ_CRASH_MAX, 16);
	if (job.pointers != NULL)
		twz_rt_free(job.pointers, job.pointers_size, sizeof(char *));
}

void serve(uint32_t control)
{
	static const struct twz_abi_version version = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	static struct streams streams;

	open_streams(&streams);
	twz_result started = control_start(control, streams.numbers);
	if (started < 0)
		fail_start("the control port", started);
	control_send(TWZ_CHANNEL_READY, 0, &version, sizeof(version));
	for (;;) {
		struct request request = control_next();

		run_job(&request, &streams);
		names_restore();
		control_done(&request);
	}
}
