/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control port: a thread of its own reads it, so that a message that concerns the program that
 * runs (its input's end, its cancellation) is acted on while the first thread waits for that one.
 */
#include <twizzler/channel.h>
#include "init.h"

#define STACK_SIZE 16384

static uint32_t control_stream;
static const uint32_t *program_streams; /* standard input, output, error */

/* The request that stands ready; full is 1 while it is the first thread's. */
static struct request next;
static uint32_t full;

static uint32_t running;   /* number of the program that runs, or 0 */
static uint32_t cancelled; /* sequence number of the request that the host has given up, or 0 */

void control_send(uint32_t kind, uint32_t sequence, const void *payload, uint32_t size)
{
	struct twz_channel_header header = {TWZ_CHANNEL_MAGIC, kind, sequence, size};

	twz_sys_stream_write(control_stream, &header, sizeof(header));
	if (size > 0)
		twz_sys_stream_write(control_stream, payload, size);
}

/* Reads exactly so many bytes; the host's end gone means that nobody wants this machine. */
static void receive(void *buffer, size_t length)
{
	for (char *at = buffer; length > 0;) {
		twz_result got = twz_sys_stream_read(control_stream, at, length, TWZ_FOREVER);

		if (got <= 0)
			power_off(0);
		at += got;
		length -= (size_t)got;
	}
}

void control_drain(void)
{
	for (int i = 1; i <= 2; i++)
		twz_sys_stream_write(program_streams[i], "", 0);
}

static void take_run(const struct twz_channel_header *header)
{
	struct twz_channel_run run;
	char *payload = twz_rt_malloc(header->size, 16, 0);

	if (payload == NULL) {
		say(STANDARD_ERROR, "init: out of memory for a request\n");
		power_off(0);
	}
	receive(payload, header->size);
	for (unsigned i = 0; i < sizeof(run); i++)
		((char *)&run)[i] = payload[i];
	while (__atomic_load_n(&full, __ATOMIC_ACQUIRE) != 0)
		twz_rt_futex_wait(&full, 1, TWZ_FOREVER);
	/* Here, so that an INPUT_END behind it comes after it. */
	twz_sys_stream_control(program_streams[0], TWZ_STREAM_INPUT_FROM, run.input);
	for (int i = 1; i <= 2; i++)
		twz_sys_stream_control(program_streams[i], TWZ_STREAM_OUTPUT_END, 0);
	next = (struct request){header->sequence, header->size, payload};
	__atomic_store_n(&full, 1, __ATOMIC_RELEASE);
	twz_rt_futex_wake(&full, 1);
}

static void take_cancel(uint32_t sequence)
{
	__atomic_store_n(&cancelled, sequence, __ATOMIC_SEQ_CST);
	uint32_t number = __atomic_load_n(&running, __ATOMIC_SEQ_CST);
	if (number != 0)
		twz_rt_exec_kill(number, SIGNAL_KILL);
}

static void read_control(void *unused)
{
	(void)unused;
	for (;;) {
		struct twz_channel_header header;
		uint64_t position;
		uint32_t output;

		receive(&header, sizeof(header));
		if (header.magic != TWZ_CHANNEL_MAGIC || header.size > TWZ_CHANNEL_MAX_PAYLOAD)
			power_off(0); /* a host that is out of step */
		if (header.kind == TWZ_CHANNEL_RUN &&
		    header.size >= sizeof(struct twz_channel_run)) {
			take_run(&header);
		} else if (header.kind == TWZ_CHANNEL_INPUT_END &&
			   header.size == sizeof(position)) {
			receive(&position, sizeof(position));
			twz_sys_stream_control(program_streams[0], TWZ_STREAM_INPUT_END, position);
		} else if (header.kind == TWZ_CHANNEL_OUTPUT_END && header.size == sizeof(output)) {
			receive(&output, sizeof(output));
			if (output == 1 || output == 2)
				twz_sys_stream_control(program_streams[output],
						       TWZ_STREAM_OUTPUT_END, 1);
		} else if (header.kind == TWZ_CHANNEL_CANCEL && header.size == 0) {
			take_cancel(header.sequence);
		} else {
			power_off(0); /* QUIT, or a host that is out of step */
		}
	}
}

twz_result control_start(uint32_t control, const uint32_t streams[3])
{
	size_t size = twz_rt_tls_size();
	char *block = twz_rt_malloc(size, 64, TWZ_MALLOC_ZERO);
	char *stack = twz_rt_malloc(STACK_SIZE, 16, 0);

	control_stream = control;
	program_streams = streams;
	if (block == NULL || stack == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	const struct twz_rt_thread_args arguments = {
		.entry = read_control,
		.stack = stack + STACK_SIZE,
		.tcb = twz_rt_tls_init(block),
	};
	return twz_rt_thread_spawn(&arguments);
}

struct request control_next(void)
{
	while (__atomic_load_n(&full, __ATOMIC_ACQUIRE) == 0)
		twz_rt_futex_wait(&full, 0, TWZ_FOREVER);
	return next;
}

void control_done(struct request *request)
{
	twz_rt_free(request->payload, request->size, 16);
	__atomic_store_n(&full, 0, __ATOMIC_RELEASE);
	twz_rt_futex_wake(&full, 1);
}

void control_running(uint32_t sequence, uint32_t number)
{
	__atomic_store_n(&running, number, __ATOMIC_SEQ_CST);
	/* a program that no request asked for has the sequence number 0 */
	if (number != 0 && sequence != 0 &&
	    __atomic_load_n(&cancelled, __ATOMIC_SEQ_CST) == sequence)
		twz_rt_exec_kill(number, SIGNAL_KILL);
}
