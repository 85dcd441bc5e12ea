/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest's end of the run channel: runs what the host sends and tells how it ended. */
#include <twizzler/channel.h>
#include "init.h"

static uint32_t control_stream;

static void send(uint32_t kind, uint32_t sequence, const void *payload, uint32_t size)
{
	struct twz_channel_header header = {TWZ_CHANNEL_MAGIC, kind, sequence, size};

	twz_sys_stream_write(control_stream, &header, sizeof(header));
	if (size > 0)
		twz_sys_stream_write(control_stream, payload, size);
}

static void send_error(uint32_t sequence, const char *text)
{
	send(TWZ_CHANNEL_ERROR, sequence, text, (uint32_t)text_length(text));
}

/* Reads exactly so many bytes; the host's end gone means that nobody wants this machine. */
static void receive(void *buffer, size_t length)
{
	for (char *at = buffer; length > 0;) {
		twz_result got = twz_sys_stream_read(control_stream, at, length, TWZ_FOREVER);

		if (got <= 0)
			power_off();
		at += got;
		length -= (size_t)got;
	}
}

static int open_port(const char *path, uint32_t flags)
{
	twz_result fd =
		twz_rt_fd_open(TWZ_RT_AT_CWD, path, text_length(path), flags | TWZ_OPEN_CLOEXEC, 0);

	if (fd < 0) {
		say(STANDARD_ERROR, "init: %s: %s\n", path, error_text(fd));
		power_off();
	}
	return (int)fd;
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

static void run_job(uint32_t sequence, const char *payload, size_t size, const int descriptors[3])
{
	struct job job = {0};
	struct twz_rt_wait_result end;
	char reason[256];

	if (!parse_job(payload, size, &job)) {
		send_error(sequence, "the request is malformed or memory is short");
	} else {
		job.program.descriptors = descriptors;
		uint64_t start = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
		twz_result result = program_run(&job.program, &end);
		if (result < 0) {
			twz_result length = twz_rt_exec_error(reason, sizeof(reason) - 1);

			reason[length > 0 ? length : 0] = '\0';
			send_error(sequence, length > 0 ? reason : error_text(result));
		} else {
			struct twz_channel_exit message = {
				.state = end.state,
				.code = end.code,
				.nanoseconds = twz_rt_clock(TWZ_CLOCK_MONOTONIC) - start,
				.fault = end.fault,
			};
			send(TWZ_CHANNEL_EXIT, sequence, &message, sizeof(message));
		}
	}
	if (job.pointers != NULL)
		twz_rt_free(job.pointers, job.pointers_size, sizeof(char *));
}

void serve(uint32_t control)
{
	static const struct twz_abi_version version = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	const int descriptors[3] = {
		open_port("/dev/twz.stdin", TWZ_OPEN_READ),
		open_port("/dev/twz.stdout", TWZ_OPEN_WRITE),
		open_port("/dev/twz.stderr", TWZ_OPEN_WRITE),
	};

	control_stream = control;
	send(TWZ_CHANNEL_READY, 0, &version, sizeof(version));
	for (;;) {
		struct twz_channel_header header;

		receive(&header, sizeof(header));
		if (header.magic != TWZ_CHANNEL_MAGIC || header.size > TWZ_CHANNEL_MAX_PAYLOAD ||
		    header.kind != TWZ_CHANNEL_RUN)
			power_off(); /* QUIT, or a host that is out of step */
		size_t size = header.size > 0 ? header.size : 1;
		char *payload = twz_rt_malloc(size, 16, 0);
		if (payload == NULL) {
			say(STANDARD_ERROR, "init: out of memory for a request\n");
			power_off();
		}
		receive(payload, header.size);
		run_job(header.sequence, payload, header.size, descriptors);
		twz_rt_free(payload, size, 16);
	}
}
