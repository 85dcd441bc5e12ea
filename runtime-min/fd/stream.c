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

static uint32_t stream_poll(struct rt_file *file, uint32_t wanted, struct rt_waits *waits)
{
	struct twz_stream_stat stat;
	uint32_t ready = wanted & TWZ_POLL_WRITE;
	if (wanted & TWZ_POLL_READ)
		twz_sys_stream_read(of(file)->stream, NULL, 0, 0); /* have the host send some */
	if (twz_sys_stream_stat(of(file)->stream, &stat) < 0)
		return TWZ_POLL_ERROR;
	bool terminal = file->ops->kind == TWZ_FILE_TERMINAL;
	if (stat.readable != 0 || (terminal && rt_terminal_pending() != 0))
		ready |= wanted & TWZ_POLL_READ;
	else if (!stat.open && !terminal)
		ready |= TWZ_POLL_HANGUP | (wanted & TWZ_POLL_READ);
	waits->tick = true;
	return ready;
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

static const struct rt_file_ops port_ops = {
	.kind = TWZ_FILE_STREAM,
	.read = stream_read,
	.write = stream_write,
	.stat = stream_stat,
	.readable = stream_readable,
	.poll = stream_poll,
	.pass = stream_pass,
	.size = sizeof(struct stream_file),
};

static const struct rt_file_ops terminal_ops = {
	.kind = TWZ_FILE_TERMINAL,
	.read = terminal_read,
	.write = stream_write,
	.stat = stream_stat,
	.readable = stream_readable,
	.poll = stream_poll,
	.pass = stream_pass,
	.size = sizeof(struct stream_file),
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
