/* SPDX-License-Identifier: BSD-2-Clause */
/* The registry of byte streams, the console stream, and the stream_* system calls. */
#include <console.h>
#include <heap.h>
#include <lock.h>
#include <object.h>
#include <string.h>
#include <sync.h>
#include <syscall.h>
#include <thread.h>
#include <user.h>
#include <wait.h>
#include "../view/internal.h"
#include "stream.h"

/* Bytes that one turn moves between a program and a driver. */
#define TURN_SIZE 16384u

static struct spinlock streams_lock = SPINLOCK_INIT(LOCK_DEVICE);
static struct stream *streams; /* newest first; never removed */

void stream_add(struct stream *stream)
{
	uint64_t flags = spin_lock(&streams_lock);

	stream->number = streams != NULL ? streams->number + 1 : 0;
	stream->next = streams;
	streams = stream;
	spin_unlock(&streams_lock, flags);
}

static struct stream *find_number(uint32_t number)
{
	uint64_t flags = spin_lock(&streams_lock);
	struct stream *stream = streams;

	while (stream != NULL && stream->number != number)
		stream = stream->next;
	spin_unlock(&streams_lock, flags);
	return stream;
}

/* ---- events ---- */

void stream_event(struct stream *stream)
{
	struct object *events = __atomic_load_n(&stream->events, __ATOMIC_ACQUIRE);

	if (!events)
		return;
	__atomic_add_fetch(stream->event_count, 1, __ATOMIC_RELEASE);
	sync_wake_object(events, 0, ~0u);
}

/* The object whose word counts them, made at the first question. */
static twz_result events_of(struct stream *stream, struct twz_id *user)
{
	struct object *made;
	void *page;

	if (!__atomic_load_n(&stream->events, __ATOMIC_ACQUIRE)) {
		twz_result result = control_make(NULL, TWZ_RIGHT_READ, &made, &page);

		if (result < 0)
			return result;
		uint64_t flags = spin_lock(&streams_lock);
		if (!stream->events) {
			stream->event_count = page;
			__atomic_store_n(&stream->events, made, __ATOMIC_RELEASE);
			made = NULL;
		}
		spin_unlock(&streams_lock, flags);
		if (made) { /* another thread was first */
			object_delete(made);
			object_put(made);
		}
	}
	return copy_to_user(user, &stream->events->id, sizeof(stream->events->id));
}

/* ---- the console ---- */

static twz_result console_stream_read(struct stream *stream, void *buffer, uint64_t length,
				      uint64_t deadline)
{
	struct console_input *input = &console_input;
	uint8_t *to = buffer;
	twz_result result = 0;

	(void)stream;
	uint64_t flags = spin_lock(&input->lock);
	while (length > 0 && input->head == input->tail && result == 0)
		result = deadline == 0 ? -TWZ_ERR_WOULD_BLOCK
				       : wait_sleep(&input->arrived, &input->lock, deadline);
	uint64_t taken = 0;
	while (taken < length && input->head != input->tail)
		to[taken++] = input->bytes[input->head++ % CONSOLE_INPUT_SIZE];
	spin_unlock(&input->lock, flags);
	return taken > 0 ? (twz_result)taken : result;
}

static twz_result console_stream_write(struct stream *stream, const void *buffer, uint64_t length)
{
	(void)stream;
	console_write(buffer, length);
	return (twz_result)length;
}

static void console_stream_stat(struct stream *stream, struct twz_stream_stat *out)
{
	(void)stream;
	out->kind = TWZ_STREAM_CONSOLE;
	out->open = 1;
	uint64_t flags = spin_lock(&console_input.lock);
	out->readable = console_input.tail - console_input.head;
	spin_unlock(&console_input.lock, flags);
}

static const struct stream_operations console_operations = {
	.read = console_stream_read,
	.write = console_stream_write,
	.stat = console_stream_stat,
};

static struct stream console_stream = {.operations = &console_operations, .name = "console"};

static void console_arrived(void)
{
	stream_event(&console_stream);
}

void streams_init(void)
{
	console_input.notify = console_arrived;
	stream_add(&console_stream);
}

/* ---- the system calls ---- */

twz_result sys_stream_find(const char *name, uint64_t length)
{
	char wanted[sizeof(((struct stream *)0)->name)];
	twz_result result = copy_name_from_user(wanted, sizeof(wanted), name, length);

	if (result < 0)
		return result;
	uint64_t flags = spin_lock(&streams_lock);
	struct stream *stream = streams;
	while (stream != NULL && strcmp(stream->name, wanted) != 0)
		stream = stream->next;
	spin_unlock(&streams_lock, flags);
	return stream != NULL ? (twz_result)stream->number : -TWZ_ERR_NOT_FOUND;
}

twz_result sys_stream_read(uint32_t number, void *buffer, uint64_t length, uint64_t deadline)
{
	struct stream *stream = find_number(number);
	bool signalled = false;

	if (stream == NULL)
		return -TWZ_ERR_BAD_HANDLE;
	if (length == 0)
		return stream->operations->read(stream, NULL, 0, 0);
	if (deadline && thread_signalled()) {
		/* what is there already is still read */
		deadline = 0;
		signalled = true;
	}
	uint64_t turn = length < TURN_SIZE ? length : TURN_SIZE;
	/* Checked first: bytes that were taken could not be put back. */
	twz_result result = user_prefault(buffer, turn, true);
	if (result < 0)
		return result;
	void *bounce = kernel_alloc(turn);
	if (bounce == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = stream->operations->read(stream, bounce, turn, deadline);
	if (result == -TWZ_ERR_WOULD_BLOCK && signalled)
		result = -TWZ_ERR_INTERRUPTED;
	if (result > 0) {
		twz_result copied = copy_to_user(buffer, bounce, (uint64_t)result);
		if (copied < 0)
			result = copied;
	}
	kernel_free(bounce);
	return result;
}

twz_result sys_stream_write(uint32_t number, const void *buffer, uint64_t length)
{
	struct stream *stream = find_number(number);
	uint64_t done = 0;
	twz_result result = 0;

	if (stream == NULL)
		return -TWZ_ERR_BAD_HANDLE;
	if (!user_range_valid(buffer, length))
		return -TWZ_ERR_BAD_ADDRESS;
	if (length == 0)
		return stream->operations->write(stream, NULL, 0);
	uint64_t most = length < TURN_SIZE ? length : TURN_SIZE;
	void *bounce = kernel_alloc(most);
	if (bounce == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	while (done < length) {
		uint64_t turn = length - done < most ? length - done : most;

		result = copy_from_user(bounce, (const char *)buffer + done, turn);
		if (result < 0)
			break;
		result = stream->operations->write(stream, bounce, turn);
		if (result < 0)
			break;
		done += (uint64_t)result;
		if ((uint64_t)result < turn)
			break;
	}
	kernel_free(bounce);
	return done > 0 ? (twz_result)done : result;
}

twz_result sys_stream_stat(uint32_t number, struct twz_stream_stat *out)
{
	struct stream *stream = find_number(number);
	struct twz_stream_stat stat = {0};

	if (stream == NULL)
		return -TWZ_ERR_BAD_HANDLE;
	memcpy(stat.name, stream->name, sizeof(stat.name));
	stream->operations->stat(stream, &stat);
	return copy_to_user(out, &stat, sizeof(stat));
}

twz_result sys_stream_control(uint32_t number, uint32_t command, uint64_t argument)
{
	struct stream *stream = find_number(number);

	if (stream == NULL)
		return -TWZ_ERR_BAD_HANDLE;
	if (command == TWZ_STREAM_EVENTS)
		return events_of(stream, (struct twz_id *)argument);
	if (command > TWZ_STREAM_OUTPUT_END || (command == TWZ_STREAM_OUTPUT_END && argument > 1))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (stream->operations->control == NULL)
		return -TWZ_ERR_NOT_SUPPORTED;
	return stream->operations->control(stream, command, argument);
}
