/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * POSIX message queues: files of /dev/mqueue whose bytes are a struct twix_mq. A queue's descriptor
 * is an ordinary one; every call maps the queue anew, so that fork, dup and close need no care.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mqueue.h>
#include <string.h>
#include "mqueue.h"
#include "signals.h"

#define DIRECTORY	 "/dev/mqueue/"
#define DEFAULT_MESSAGES 10 /* as Linux has them */
#define DEFAULT_SIZE	 8192
#define LARGEST		 (512ul << 20) /* bytes of a whole queue */
#define READY_WAIT	 1000000000ull /* ns that a queue may take to be made */

static size_t bytes_of(uint64_t capacity, uint64_t size)
{
	return sizeof(struct twix_mq) +
	       capacity * (sizeof(uint32_t) + sizeof(struct twix_mq_slot) + ((size + 7) & -8ul)) +
	       8;
}

static int fits(uint64_t capacity, uint64_t size)
{
	return capacity && size && capacity <= LARGEST && size <= LARGEST &&
	       bytes_of(capacity, size) <= LARGEST;
}

static void set_geometry(struct twix_mq_view *view, uint32_t capacity, uint32_t size)
{
	size_t heap = offsetof(struct twix_mq, heap) + capacity * sizeof(uint32_t);

	view->capacity = capacity;
	view->size = size;
	view->slots = (char *)view->queue + ((heap + 7) & -8ul);
}

static long map(int fd, struct twix_mq_view *view)
{
	struct twz_id id;
	twz_result result = twz_rt_fd_command(fd, TWZ_FD_GET_FLAGS, 0);

	if (result < 0)
		return twix_result(result);
	view->flags = (uint32_t)result;
	if (twz_rt_fd_object(fd, &id) < 0)
		return -EBADF;
	result = twz_rt_object_map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &view->object);
	if (result < 0)
		return result == -TWZ_ERR_ACCESS_DENIED ? -EBADF : twix_result(result);
	view->queue = (struct twix_mq *)(view->object.start + TWZ_BASE_OFFSET);
	return 0;
}

static void unmap(struct twix_mq_view *view)
{
	twz_rt_object_release(&view->object);
}

/* Maps the queue behind a descriptor: -EBADF when it is none. */
static long enter(int fd, struct twix_mq_view *view)
{
	long error = map(fd, view);

	if (error)
		return error;
	uint32_t capacity = view->queue->capacity, size = view->queue->size;
	if (__atomic_load_n(&view->queue->magic, __ATOMIC_ACQUIRE) != TWIX_MQ_MAGIC ||
	    !fits(capacity, size)) {
		unmap(view);
		return -EBADF;
	}
	set_geometry(view, capacity, size);
	return 0;
}

static long lock(struct twix_mq_view *view)
{
	switch (pthread_mutex_lock(&view->queue->lock)) {
	case 0:
		return 0;
	case EOWNERDEAD:
		twix_mq_mend(view);
		pthread_mutex_consistent(&view->queue->lock);
		return 0;
	default:
		return -EIO;
	}
}

static void unlock(struct twix_mq_view *view)
{
	pthread_mutex_unlock(&view->queue->lock);
}

/* ---- open, unlink, attributes ---- */

static void make(struct twix_mq_view *view, uint32_t capacity, uint32_t size)
{
	struct twix_mq *queue = view->queue;
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&queue->lock, &attributes);
	queue->capacity = capacity;
	queue->size = size;
	set_geometry(view, capacity, size);
	twix_mq_reset(view);
	__atomic_store_n(&queue->magic, TWIX_MQ_MAGIC, __ATOMIC_RELEASE);
	twz_rt_futex_wake((uint32_t *)&queue->magic, ~0u);
}

/* Another program may just be making it. */
static long await_made(struct twix_mq_view *view)
{
	uint64_t deadline = twz_rt_clock(TWZ_CLOCK_MONOTONIC) + READY_WAIT;

	while (__atomic_load_n(&view->queue->magic, __ATOMIC_ACQUIRE) != TWIX_MQ_MAGIC)
		if (twz_rt_futex_wait((uint32_t *)&view->queue->magic, 0, deadline) ==
		    -TWZ_ERR_TIMED_OUT)
			return -EINVAL;
	return 0;
}

/* The path of a queue's name, which has no '/' any more. */
static long path_of(const char *name, char *path, size_t *length)
{
	long error = twix_path(name, length);

	if (error)
		return error;
	if (*length > NAME_MAX)
		return -ENAMETOOLONG;
	if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	memcpy(path, DIRECTORY, sizeof DIRECTORY - 1);
	memcpy(path + sizeof DIRECTORY - 1, name, *length + 1);
	*length += sizeof DIRECTORY - 1;
	return 0;
}

static long open_path(const char *path, size_t length, uint32_t flags, mode_t mode)
{
	return (long)twz_rt_fd_open(TWZ_RT_AT_CWD, path, length, flags | TWZ_OPEN_CLOEXEC,
				    mode & 0777 & ~twix_creation_mask());
}

/* Opens what is there, or makes it: *made. */
static long open_or_make(const char *path, size_t length, int flags, mode_t mode, int *made)
{
	long wanted = twix_open_flags(flags & (O_ACCMODE | O_NONBLOCK)), fd;

	*made = 0;
	if (wanted < 0)
		return wanted;
	do {
		fd = -TWZ_ERR_NOT_FOUND;
		if (!(flags & O_CREAT) || !(flags & O_EXCL))
			fd = open_path(path, length, (uint32_t)wanted, 0);
		if (fd != -TWZ_ERR_NOT_FOUND || !(flags & O_CREAT))
			return twix_result(fd);
		fd = open_path(path, length,
			       (uint32_t)wanted | TWZ_OPEN_CREATE | TWZ_OPEN_EXCLUSIVE, mode);
		*made = fd >= 0;
	} while (fd == -TWZ_ERR_EXISTS && !(flags & O_EXCL));
	return twix_result(fd);
}

long twix_mq_open(const char *name, int flags, mode_t mode, const struct mq_attr *attributes)
{
	char path[sizeof DIRECTORY + NAME_MAX];
	struct twix_mq_view view;
	size_t length;
	int made;
	long capacity = DEFAULT_MESSAGES, size = DEFAULT_SIZE;
	long error = path_of(name, path, &length);

	if (error)
		return error;
	if ((flags & O_CREAT) && attributes) {
		capacity = attributes->mq_maxmsg;
		size = attributes->mq_msgsize;
		if (capacity <= 0 || size <= 0 || !fits((uint64_t)capacity, (uint64_t)size))
			return -EINVAL;
	}
	long fd = open_or_make(path, length, flags, mode, &made);
	if (fd < 0)
		return fd;
	error = map((int)fd, &view);
	if (!error) {
		if (made)
			make(&view, (uint32_t)capacity, (uint32_t)size);
		else
			error = await_made(&view);
		unmap(&view);
	}
	if (error)
		twz_rt_fd_close((int)fd);
	return error ? error : fd;
}

long twix_mq_unlink(const char *name)
{
	char path[sizeof DIRECTORY + NAME_MAX];
	size_t length;
	long error = path_of(name, path, &length);

	return error ? error : twix_result(twz_rt_path_remove(TWZ_RT_AT_CWD, path, length, 0));
}

long twix_mq_getsetattr(int fd, const struct mq_attr *new, struct mq_attr *old)
{
	struct twix_mq_view view;
	long error = new && (new->mq_flags & ~O_NONBLOCK) ? -EINVAL : enter(fd, &view);

	if (error)
		return error;
	if (old)
		*old = (struct mq_attr){
			.mq_flags = view.flags & TWZ_OPEN_NONBLOCK ? O_NONBLOCK : 0,
			.mq_maxmsg = view.capacity,
			.mq_msgsize = view.size,
			.mq_curmsgs = __atomic_load_n(&view.queue->count, __ATOMIC_RELAXED),
		};
	unmap(&view);
	return !new ? 0
		    : twix_result(twz_rt_fd_command(fd, TWZ_FD_SET_FLAGS,
						    new->mq_flags ? TWZ_OPEN_NONBLOCK : 0));
}

/* ---- send and receive ---- */

/* The monotonic time of a point of the real-time clock. */
static uint64_t deadline_of(const struct timespec *point)
{
	uint64_t now = twz_rt_clock(TWZ_CLOCK_REALTIME), time;

	if (!point)
		return TWZ_FOREVER;
	time = twix_nanoseconds(point);
	return time <= now ? 0 : twz_rt_clock(TWZ_CLOCK_MONOTONIC) + (time - now);
}

/* Sleeps until the word differs from what it is now; the lock is held before and after. */
static long sleep_on(struct twix_mq_view *view, uint32_t *word, uint64_t deadline)
{
	uint32_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);

	if (view->flags & TWZ_OPEN_NONBLOCK)
		return -EAGAIN;
	unlock(view);
	twz_result result = twz_rt_futex_wait(word, value, deadline);
	long error = lock(view);
	if (!error && (result == -TWZ_ERR_TIMED_OUT || result == -TWZ_ERR_INTERRUPTED))
		error = twix_result(result);
	return error;
}

static void raise_word(uint32_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_RELEASE);
	twz_rt_futex_wake(word, 1);
}

static void end_registration(struct twix_mq *queue)
{
	queue->program = 0;
	__atomic_fetch_add(&queue->serial, 1, __ATOMIC_RELEASE);
	twz_rt_futex_wake(&queue->serial, ~0u);
}

/* The first message has come to an empty queue where nobody waits. */
static void tell(struct twix_mq *queue)
{
	siginfo_t info = {.si_signo = queue->signal, .si_code = SI_MESGQ};
	uint32_t program = queue->program;

	if (!program || queue->receivers)
		return;
	int how = queue->how;
	info.si_value.sival_ptr = (void *)queue->value;
	info.si_pid = (pid_t)twz_rt_exec_self();
	if (how == SIGEV_THREAD)
		queue->fired = queue->serial & INT_MAX;
	end_registration(queue);
	if (how != SIGEV_SIGNAL || info.si_signo == 0)
		return; /* signal 0 takes the place and says nothing, as on Linux */
	if (program == twz_rt_exec_self())
		twix_send(0, &info, 0);
	else
		twix_send_away((int)program, &info);
}

long twix_mq_timedsend(int fd, const char *bytes, size_t length, unsigned priority,
		       const struct timespec *point)
{
	struct twix_mq_view view;
	long error = point && twix_check_time(point) ? -EINVAL : enter(fd, &view);

	if (error)
		return error;
	if (!(view.flags & TWZ_OPEN_WRITE))
		error = -EBADF;
	else if (priority >= MQ_PRIO_MAX)
		error = -EINVAL;
	else if (length > view.size)
		error = -EMSGSIZE;
	else
		error = lock(&view);
	if (!error) {
		while (!error && view.queue->count >= view.capacity)
			error = sleep_on(&view, &view.queue->departures, deadline_of(point));
		if (!error)
			error = twix_mq_put(&view, bytes, (uint32_t)length, priority);
		if (!error && view.queue->count == 1)
			tell(view.queue);
		unlock(&view);
		if (!error)
			raise_word(&view.queue->arrivals);
	}
	unmap(&view);
	return error;
}

long twix_mq_timedreceive(int fd, char *bytes, size_t capacity, unsigned *priority,
			  const struct timespec *point)
{
	struct twix_mq_view view;
	uint32_t unused;
	long result = point && twix_check_time(point) ? -EINVAL : enter(fd, &view);

	if (result)
		return result;
	if (!(view.flags & TWZ_OPEN_READ))
		result = -EBADF;
	else if (capacity < view.size)
		result = -EMSGSIZE;
	else
		result = lock(&view);
	if (!result) {
		while (!result && view.queue->count == 0) {
			view.queue->receivers++;
			result = sleep_on(&view, &view.queue->arrivals, deadline_of(point));
			view.queue->receivers--;
		}
		if (!result)
			result = twix_mq_take(&view, bytes, priority ? priority : &unused);
		unlock(&view);
		if (result >= 0)
			raise_word(&view.queue->departures);
	}
	unmap(&view);
	return result;
}

/* ---- notification ---- */

/* The descriptor that this program has registered with most lately; the usual one. */
static int registered = -1;

/* event NULL: no more. SIGEV_THREAD returns the registration's serial (mq_notify.c). */
long twix_mq_notify(int fd, const struct sigevent *event)
{
	struct twix_mq_view view;
	uint32_t self = twz_rt_exec_self();
	long result;

	if (event && event->sigev_notify != SIGEV_NONE && event->sigev_notify != SIGEV_THREAD &&
	    (event->sigev_notify != SIGEV_SIGNAL || event->sigev_signo < 0 ||
	     event->sigev_signo > SIGNALS))
		return -EINVAL;
	result = enter(fd, &view);
	if (result)
		return result;
	result = lock(&view);
	if (!result) {
		struct twix_mq *queue = view.queue;
		if (!event) {
			if (queue->program == self)
				end_registration(queue);
		} else if (queue->program) {
			result = -EBUSY;
		} else {
			queue->program = self;
			queue->how = event->sigev_notify;
			queue->signal = event->sigev_signo;
			queue->value = (uint64_t)event->sigev_value.sival_ptr;
			registered = fd;
			if (event->sigev_notify == SIGEV_THREAD)
				result = (long)(queue->serial & INT_MAX);
		}
		unlock(&view);
	}
	unmap(&view);
	return result;
}

long twix_mq_await(int fd, uint32_t serial)
{
	struct twix_mq_view view;
	long result = enter(fd, &view);
	uint32_t now;

	if (result)
		return 0;
	while (((now = __atomic_load_n(&view.queue->serial, __ATOMIC_ACQUIRE)) & INT_MAX) == serial)
		twz_rt_futex_wait(&view.queue->serial, now, TWZ_FOREVER);
	result = view.queue->fired == serial;
	unmap(&view);
	return result;
}

void twix_mq_closing(int fd)
{
	if (fd < 0 || __atomic_load_n(&registered, __ATOMIC_RELAXED) != fd)
		return;
	registered = -1;
	twix_mq_notify(fd, 0);
}
