/* SPDX-License-Identifier: BSD-2-Clause */
/* Byte streams with names, which programs reach by the stream_* system calls. */
#ifndef KERNEL_DEVICE_STREAM_H
#define KERNEL_DEVICE_STREAM_H

#include <stdint.h>
#include <twizzler/syscall.h>

struct stream;

/* What a driver does for its streams. All may sleep; buffers are the kernel's. */
struct stream_operations {
	/*
	 * At least one byte, at most `length`; 0 at the end of the stream; -TIMED_OUT at the
	 * deadline (0: at once, -WOULD_BLOCK), -INTERRUPTED. A length of 0 only asks for input: 0
	 * at once.
	 */
	twz_result (*read)(struct stream *stream, void *buffer, uint64_t length, uint64_t deadline);
	/* How many bytes were taken before the other end closed; -INTERRUPTED when none were. */
	twz_result (*write)(struct stream *stream, const void *buffer, uint64_t length);
	void (*stat)(struct stream *stream, struct twz_stream_stat *out);
	/* As stream_control, with a known command. NULL: not for this stream. */
	twz_result (*control)(struct stream *stream, uint32_t command, uint64_t argument);
};

struct object;

struct stream {
	const struct stream_operations *operations;
	char name[32]; /* NUL-ended; set before stream_add */
	uint32_t number;
	struct stream *next;
	struct object *events; /* a reference; NULL until somebody wants to wait there */
	uint32_t *event_count; /* in its page */
};

/* Make a stream known. It stays for ever. At boot or from a driver's thread; no lock held. */
void stream_add(struct stream *stream);

/* Input or its end has come: who waits for events looks. Any context, with the driver's lock. */
void stream_event(struct stream *stream);

void streams_init(void);

#endif
