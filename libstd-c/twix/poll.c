/* SPDX-License-Identifier: BSD-2-Clause */
/* poll and select over the runtime's one way to wait for descriptors. */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/select.h>
#include "twix.h"

#define FEW 32 /* descriptors that are polled without allocation */

/* Fills `ready` of each wanted one; returns how many are ready, 0 after the deadline, or -errno. */
static long wait_ready(struct twz_rt_poll *polls, size_t count, uint64_t deadline)
{
	twz_result result = twz_rt_fd_poll(polls, count, deadline);
	return result == -TWZ_ERR_TIMED_OUT ? 0 : twix_result(result);
}

static uint32_t wanted_of(short events)
{
	uint32_t wanted = 0;

	if (events & (POLLIN | POLLRDNORM))
		wanted |= TWZ_POLL_READ;
	if (events & (POLLOUT | POLLWRNORM))
		wanted |= TWZ_POLL_WRITE;
	return wanted;
}

static short events_of(uint32_t ready, short events)
{
	short result = 0;

	if (ready & TWZ_POLL_READ)
		result |= events & (POLLIN | POLLRDNORM);
	if (ready & TWZ_POLL_WRITE)
		result |= events & (POLLOUT | POLLWRNORM);
	if (ready & TWZ_POLL_HANGUP)
		result |= POLLHUP;
	if (ready & TWZ_POLL_ERROR)
		result |= POLLERR;
	return result;
}

/* The descriptors that are none count at once; a negative one is left out. */
static long poll_until(struct pollfd *fds, nfds_t count, uint64_t deadline,
		       struct twz_rt_poll *polls)
{
	size_t used = 0;
	long bad = 0, ready;

	for (nfds_t i = 0; i < count; i++) {
		fds[i].revents = 0;
		if (fds[i].fd < 0)
			continue;
		if (twz_rt_fd_command(fds[i].fd, TWZ_FD_GET_CLOEXEC, 0) < 0) {
			fds[i].revents = POLLNVAL;
			bad++;
			continue;
		}
		polls[used++] = (struct twz_rt_poll){fds[i].fd, wanted_of(fds[i].events), 0};
	}
	ready = wait_ready(polls, used, bad ? 0 : deadline);
	if (ready < 0)
		return ready;
	used = 0;
	for (nfds_t i = 0; i < count; i++) {
		if (fds[i].fd < 0 || fds[i].revents == POLLNVAL)
			continue;
		fds[i].revents = events_of(polls[used++].ready, fds[i].events);
		if (fds[i].revents)
			bad++;
	}
	return bad;
}

static long poll_deadline(struct pollfd *fds, nfds_t count, uint64_t deadline)
{
	struct twz_rt_poll few[FEW], *polls = few;
	long result;

	if (count && !fds)
		return -EFAULT;
	if (count > FEW) {
		if (count > SIZE_MAX / sizeof *polls)
			return -EINVAL;
		polls = twz_rt_malloc(count * sizeof *polls, _Alignof(struct twz_rt_poll), 0);
		if (!polls)
			return -ENOMEM;
	}
	result = poll_until(fds, count, deadline, polls);
	if (polls != few)
		twz_rt_free(polls, count * sizeof *polls, _Alignof(struct twz_rt_poll));
	return result;
}

long twix_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
	struct timespec span = {milliseconds / 1000, milliseconds % 1000 * 1000000l};
	return poll_deadline(fds, count, milliseconds < 0 ? TWZ_FOREVER : twix_deadline(&span));
}

long twix_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *span, const sigset_t *mask)
{
	uint64_t former = 0;

	if (span && twix_check_time(span))
		return -EINVAL;
	if (mask)
		former = twix_mask_swap(mask);
	long result = poll_deadline(fds, count, twix_deadline(span));
	if (mask)
		twix_mask_restore(former);
	return result;
}

/* ---- select ---- */

static int is_set(int fd, const fd_set *set)
{
	return set && FD_ISSET(fd, set);
}

/* Polls what the sets name; -EBADF when one of them is no descriptor. Only then are they changed.
 */
static long select_deadline(int count, fd_set *readable, fd_set *writable, fd_set *failed,
			    uint64_t deadline)
{
	struct twz_rt_poll polls[FD_SETSIZE];
	size_t used = 0;
	long bits = 0;

	if (count < 0 || count > FD_SETSIZE)
		return -EINVAL;
	for (int fd = 0; fd < count; fd++) {
		uint32_t wanted = (is_set(fd, readable) ? TWZ_POLL_READ : 0) |
				  (is_set(fd, writable) ? TWZ_POLL_WRITE : 0);
		if (!wanted && !is_set(fd, failed))
			continue;
		if (twz_rt_fd_command(fd, TWZ_FD_GET_CLOEXEC, 0) < 0)
			return -EBADF;
		polls[used++] = (struct twz_rt_poll){fd, wanted, 0};
	}
	long ready = wait_ready(polls, used, deadline);
	if (ready < 0)
		return ready;
	for (fd_set *const *set = (fd_set *const[]){readable, writable, failed, 0}, *const *end =
											    set + 3;
	     set < end; set++)
		if (*set)
			memset(*set, 0, ((size_t)count + 63) / 64 * 8);
	for (size_t i = 0; i < used; i++) {
		const struct twz_rt_poll *poll = &polls[i];
		const uint32_t any = TWZ_POLL_HANGUP | TWZ_POLL_ERROR;

		if ((poll->wanted & TWZ_POLL_READ) && (poll->ready & (TWZ_POLL_READ | any))) {
			FD_SET(poll->fd, readable);
			bits++;
		}
		if ((poll->wanted & TWZ_POLL_WRITE) && (poll->ready & (TWZ_POLL_WRITE | any))) {
			FD_SET(poll->fd, writable);
			bits++;
		}
	}
	return bits;
}

/* The deadline of a `struct timeval` that musl has normalised. */
long twix_select(int count, fd_set *readable, fd_set *writable, fd_set *failed,
		 const struct timeval *span)
{
	struct timespec time = {0, 0};

	if (span)
		time = (struct timespec){span->tv_sec, span->tv_usec * 1000};
	if (twix_check_time(&time))
		return -EINVAL;
	return select_deadline(count, readable, writable, failed, twix_deadline(span ? &time : 0));
}

/* `mask` is a pair: the set's address and its size. */
long twix_pselect6(int count, fd_set *readable, fd_set *writable, fd_set *failed,
		   const struct timespec *span, const uintptr_t *mask)
{
	uint64_t former = 0;

	if (span && twix_check_time(span))
		return -EINVAL;
	if (mask && mask[0])
		former = twix_mask_swap((const sigset_t *)mask[0]);
	long result = select_deadline(count, readable, writable, failed, twix_deadline(span));
	if (mask && mask[0])
		twix_mask_restore(former);
	return result;
}
