/* SPDX-License-Identifier: BSD-2-Clause */
/* Moves a program's output from its port to a descriptor or to memory, and never waits for a
 * reader. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

static void take(struct watch *watch);
static void give(struct watch *watch);

#define FLOW(watch, member) ((struct flow *)((char *)(watch)-offsetof(struct flow, member)))

static void keep(struct sink *sink, const char *bytes, size_t length)
{
	size_t room = sink->limit > sink->kept ? sink->limit - sink->kept : 0;

	if (length > room)
		length = room;
	if (sink->kept + length > sink->capacity) {
		sink->capacity = 2 * (sink->kept + length);
		sink->bytes = realloc(sink->bytes, sink->capacity);
		if (sink->bytes == NULL) {
			complain("out of memory");
			exit(EXIT_MACHINE);
		}
	}
	if (length > 0)
		memcpy(sink->bytes + sink->kept, bytes, length);
	sink->kept += length;
}

/* Puts pending bytes; false when the reader must be waited for. */
static bool put(struct flow *flow)
{
	struct sink *sink = flow->sink;

	while (flow->first < flow->end) {
		const char *bytes = flow->pending + flow->first;
		size_t length = flow->end - flow->first;
		struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};

		if (sink->closed) {
			flow->first = flow->end;
		} else if (sink->fd < 0) {
			keep(sink, bytes, length);
			flow->first = flow->end;
		} else if (poll(&ready, 1, 0) == 0) {
			return false;
		} else {
			/* No more than a pipe that is ready takes without blocking. */
			ssize_t done =
				write(sink->fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);

			if (done > 0)
				flow->first += (size_t)done;
			else if (errno == EAGAIN)
				return false;
			else if (errno != EINTR) {
				sink->closed = true;
				flow->closed(flow);
			}
		}
	}
	flow->first = flow->end = 0;
	return true;
}

/* Reads what the port has. False: nothing now. */
static bool fetch(struct flow *flow)
{
	ssize_t got = recv(flow->port, flow->pending, sizeof(flow->pending), MSG_DONTWAIT);

	if (got < 0 && errno == EINTR)
		return true;
	if (got == 0 || (got < 0 && errno != EAGAIN)) {
		watch_stop(&flow->from);
		close(flow->port);
		flow->port = -1;
	}
	if (got <= 0)
		return false;
	flow->end = (size_t)got;
	if (flow->sink != NULL)
		flow->sink->total += (size_t)got;
	else
		flow->end = 0; /* of no program: nobody to give it to */
	return true;
}

/* Goes on as far as it can. */
static void move(struct flow *flow)
{
	do {
		if (!put(flow)) {
			watch_set(&flow->from, flow->port, 0, take);
			watch_set(&flow->to, flow->sink->fd, EPOLLOUT, give);
			return;
		}
	} while (flow->port >= 0 && flow->ending && fetch(flow));
	watch_stop(&flow->to);
	if (flow->port >= 0)
		watch_set(&flow->from, flow->port, EPOLLIN, take);
	if (flow->ending) {
		flow->ending = false;
		flow->sink = NULL;
		flow->drained(flow);
	}
}

static void take(struct watch *watch)
{
	struct flow *flow = FLOW(watch, from);

	if (fetch(flow))
		move(flow);
}

static void give(struct watch *watch)
{
	move(FLOW(watch, to));
}

void flow_open(struct flow *flow, int port, void (*closed)(struct flow *flow))
{
	flow->port = port;
	flow->closed = closed;
	flow->first = flow->end = 0;
	flow->sink = NULL;
	flow->ending = false;
	watch_set(&flow->from, port, EPOLLIN, take);
}

void flow_begin(struct flow *flow, struct sink *sink)
{
	flow->sink = sink;
}

void flow_end(struct flow *flow, void (*drained)(struct flow *flow))
{
	flow->ending = true;
	flow->drained = drained;
	move(flow);
}

void flow_close(struct flow *flow)
{
	watch_stop(&flow->from);
	watch_stop(&flow->to);
	while (flow->port >= 0 && (flow->sink == NULL || put(flow)) && fetch(flow))
		;
	if (flow->port >= 0)
		close(flow->port);
	flow->port = -1;
	flow->sink = NULL;
	flow->ending = false;
}
