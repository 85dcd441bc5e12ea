/* SPDX-License-Identifier: BSD-2-Clause */
/* Kernel streams as files: virtio-serial ports, and the console, a terminal with line editing. */
#include "fd/fd.h"
#include "fd/terminal.h"

struct stream_file {
	struct rt_file file;
	uint32_t stream;
};

static struct stream_file *of(struct rt_file *file)
{
	return (struct stream_file *)file;
}

static twz_result stream_read(struct rt_file *file, void *buffer, size_t length, uint64_t offset)
{
	(void)offset;
	bool wait = !(file->flags & TWZ_OPEN_NONBLOCK);
	twz_result result =
		twz_sys_stream_read(of(file)->stream, buffer, length, wait ? TWZ_FOREVER : 0);
	if (result == RT_ERROR(TIMED_OUT))
		return RT_ERROR(WOULD_BLOCK);
	if (result == RT_ERROR(END_OF_STREAM))
		return 0;
	return result > 0 && (uint64_t)result > length ? RT_ERROR(IO) : result;
}

static twz_result stream_write(struct rt_file *file, const void *buffer, size_t length,
			       uint64_t offset)
{
	(void)offset;
	twz_result result = twz_sys_stream_write(of(file)->stream, buffer, length);
	return result > 0 && (uint64_t)result > length ? RT_ERROR(IO) : result;
}

static twz_result stream_stat(struct rt_file *file, struct twz_rt_stat *out)
{
	out->device = 2;
	out->inode = of(file)->stream + 1u;
	out->mode = 0620;
	return 0;
}

static twz_result stream_readable(struct rt_file *file)
{
	struct twz_stream_stat stat;
	twz_sys_stream_read(of(file)->stream, NULL, 0, 0); /* have the host send some */
	twz_result result = twz_sys_stream_stat(of(file)->stream, &stat);
	if (result < 0)
		return result;
	return stat.readable <= INT64_MAX ? (twz_result)stat.readable : RT_ERROR(IO);
}

static uint32_t look(struct rt_file *file, uint32_t wanted)
{
	struct twz_stream_stat stat;
	uint32_t ready = wanted & TWZ_POLL_WRITE;
	if (file->ops->kind == TWZ_FILE_TERMINAL)
		return (wanted & TWZ_POLL_READ) && rt_terminal_ready(of(file)->stream)
			       ? ready | TWZ_POLL_READ
			       : ready;
	if (wanted & TWZ_POLL_READ)
		twz_sys_stream_read(of(file)->stream, NULL, 0, 0); /* have the host send some */
	if (twz_sys_stream_stat(of(file)->stream, &stat) < 0)
		return TWZ_POLL_ERROR;
	if (stat.readable != 0)
		ready |= wanted & TWZ_POLL_READ;
	else if (!stat.open)
		ready |= TWZ_POLL_HANGUP | (wanted & TWZ_POLL_READ);
	return ready;
}

/* The word that counts the stream's events goes to what is slept on. */
static void watch(struct rt_file *file, struct rt_waits *waits)
{
	struct twz_rt_object events;
	struct twz_id id;
	if (twz_sys_stream_control(of(file)->stream, TWZ_STREAM_EVENTS, (uint64_t)&id) < 0 ||
	    twz_rt_object_map(id, TWZ_RIGHT_READ, &events) < 0) {
		waits->tick = true;
	} else if (!rt_watch_add(&waits->watch, events)) {
		twz_rt_object_release(&events);
		waits->tick = true;
	} else {
		uint32_t *word = (uint32_t *)(void *)events.start;
		rt_waits_add(waits, word, __atomic_load_n(word, __ATOMIC_ACQUIRE));
	}
}

static uint32_t stream_poll(struct rt_file *file, uint32_t wanted, struct rt_waits *waits)
{
	uint32_t ready = look(file, wanted);
	if (ready != 0)
		return ready;
	/* What comes between the word's look and this one counts it up. */
	watch(file, waits);
	return look(file, wanted);
}

static twz_result stream_pass(struct rt_file *file, struct twz_rt_passed_fd *out)
{
	out->kind = TWZ_PASS_STREAM;
	out->handle = of(file)->stream;
	return 0;
}

static twz_result terminal_read(struct rt_file *file, void *buffer, size_t length, uint64_t offset)
{
	(void)offset;
	return rt_terminal_read(of(file)->stream, buffer, length,
				!(file->flags & TWZ_OPEN_NONBLOCK));
}

static twz_result terminal_mode(struct rt_file *file, uint32_t command, uint64_t argument)
{
	return rt_terminal_mode(command, argument, of(file)->stream);
}

#define STREAM_OPS(file_kind)                                                  \
	.kind = file_kind, .write = stream_write, .stat = stream_stat,         \
	.readable = stream_readable, .poll = stream_poll, .pass = stream_pass, \
	.size = sizeof(struct stream_file)

static const struct rt_file_ops port_ops = {
	STREAM_OPS(TWZ_FILE_STREAM),
	.read = stream_read,
};

static const struct rt_file_ops terminal_ops = {
	STREAM_OPS(TWZ_FILE_TERMINAL),
	.read = terminal_read,
	.terminal = terminal_mode,
};

twz_result rt_stream_open(uint32_t stream, uint32_t flags, struct rt_file **out)
{
	struct twz_stream_stat stat;
	twz_result result = twz_sys_stream_stat(stream, &stat);
	if (result < 0)
		return result;
	*out = rt_file_new(stat.kind == TWZ_STREAM_CONSOLE ? &terminal_ops : &port_ops, flags);
	if (*out == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	of(*out)->stream = stream;
	return 0;
}
