/* SPDX-License-Identifier: BSD-2-Clause */
/* Pipes as files: reading, writing and waiting at the two ends. */
#include "fd/pipe.h"
#include "fd/pipe_ring.h"

struct pipe_file {
	struct rt_file file;
	struct twz_rt_object object;
	struct rt_ring *ring;
};

static struct pipe_file *of(struct rt_file *file)
{
	return (struct pipe_file *)file;
}

/*
 * Sleeps until the word is not `value` any more, or a program at the other end has ended without
 * closing it.
 */
static twz_result wait_change(struct rt_ring *ring, uint32_t *word, uint32_t value,
			      bool for_writers)
{
	struct rt_waits waits = {0};
	struct rt_watch watch = {0};
	struct twz_sync_op alone = {.word = word, .value = value, .kind = TWZ_SYNC_WAIT};
	twz_result result = 0;
	if (!rt_ring_watch(ring, for_writers, &watch, &waits)) {
		uint64_t deadline = TWZ_FOREVER;
		if (waits.count != 0)
			rt_waits_add(&waits, word, value);
		if (waits.tick)
			deadline = twz_rt_clock(TWZ_CLOCK_MONOTONIC) + 100000000ull;
		if (waits.count != 0)
			result = twz_sys_thread_sync(waits.ops, waits.count, deadline);
		else
			result = twz_sys_thread_sync(&alone, 1, deadline);
	}
	rt_watch_end(&watch);
	if (waits.ops != NULL)
		twz_rt_free(waits.ops, waits.capacity * sizeof(*waits.ops), 8);
	return result == RT_ERROR(TIMED_OUT) ? 0 : result;
}

static void wake(uint32_t *word)
{
	__atomic_fetch_add(word, 1, __ATOMIC_RELEASE);
	twz_rt_futex_wake(word, INT32_MAX);
}

static twz_result pipe_read(struct rt_file *file, void *buffer, size_t length, uint64_t offset)
{
	struct rt_ring *ring = of(file)->ring;
	(void)offset;
	for (;;) {
		uint32_t seen = __atomic_load_n(&ring->filled, __ATOMIC_ACQUIRE);
		twz_result result = rt_ring_lock(ring);
		if (result < 0)
			return result;
		/* With this much room no writer sleeps, and none polls in vain. */
		bool wakes = ring->emptying || rt_ring_room(ring) < TWZ_PAGE_SIZE;
		ring->emptying = wakes;
		result = (twz_result)rt_ring_take(ring, buffer, length);
		bool writers = rt_ring_has(ring, true);
		rt_ring_unlock(ring);
		if (result != 0 || length == 0) {
			if (result > 0 && wakes) {
				wake(&ring->emptied);
				ring->emptying = false;
			}
			return result;
		}
		if (!writers)
			return 0;
		if (file->flags & TWZ_OPEN_NONBLOCK)
			return RT_ERROR(WOULD_BLOCK);
		result = wait_change(ring, &ring->filled, seen, true);
		if (result < 0)
			return result;
	}
}

static twz_result pipe_write(struct rt_file *file, const void *buffer, size_t length,
			     uint64_t offset)
{
	struct rt_ring *ring = of(file)->ring;
	size_t done = 0;
	(void)offset;
	while (done < length) {
		uint32_t seen = __atomic_load_n(&ring->emptied, __ATOMIC_ACQUIRE);
		twz_result result = rt_ring_lock(ring);
		if (result < 0)
			return result;
		/* Readers sleep, and poll, only for an empty ring. */
		bool wakes = ring->filling || rt_ring_readable(ring) == 0;
		ring->filling = wakes;
		if (!rt_ring_has(ring, false))
			result = RT_ERROR(END_OF_STREAM);
		else
			/* Up to a page goes in whole or not at all (POSIX, PIPE_BUF). */
			result = (twz_result)rt_ring_put(ring, (const uint8_t *)buffer + done,
							 length - done,
							 length <= TWZ_PAGE_SIZE ? length : 1);
		rt_ring_unlock(ring);
		if (result < 0)
			return done != 0 ? (twz_result)done : result;
		if (result > 0) {
			done += (size_t)result;
			if (wakes) {
				wake(&ring->filled);
				ring->filling = false;
			}
			continue;
		}
		if (file->flags & TWZ_OPEN_NONBLOCK)
			return done != 0 ? (twz_result)done : RT_ERROR(WOULD_BLOCK);
		result = wait_change(ring, &ring->emptied, seen, false);
		if (result < 0)
			return done != 0 ? (twz_result)done : result;
	}
	return (twz_result)done;
}

static twz_result pipe_stat(struct rt_file *file, struct twz_rt_stat *out)
{
	out->device = 4;
	out->inode = of(file)->object.id.lo;
	out->object = of(file)->object.id;
	out->mode = 0600;
	return 0;
}

static twz_result pipe_readable(struct rt_file *file)
{
	return (twz_result)rt_ring_readable(of(file)->ring);
}

static uint32_t pipe_poll(struct rt_file *file, uint32_t wanted, struct rt_waits *waits)
{
	struct rt_ring *ring = of(file)->ring;
	bool reads = file->flags & TWZ_OPEN_READ;
	uint32_t *word = reads ? &ring->filled : &ring->emptied, ready = 0;
	uint32_t seen = __atomic_load_n(word, __ATOMIC_ACQUIRE);
	/* a program that ends without a close changes its own word */
	rt_ring_watch(ring, reads, &waits->watch, waits);
	bool other = rt_ring_has(ring, reads);
	if (reads && rt_ring_readable(ring) != 0)
		ready |= wanted & TWZ_POLL_READ;
	if (reads && !other)
		ready |= TWZ_POLL_HANGUP;
	if (!reads && !other)
		ready |= TWZ_POLL_ERROR;
	if (!reads && rt_ring_room(ring) >= TWZ_PAGE_SIZE)
		ready |= wanted & TWZ_POLL_WRITE;
	rt_waits_add(waits, word, seen);
	return ready;
}

static twz_result pipe_pass(struct rt_file *file, struct twz_rt_passed_fd *out)
{
	out->kind = TWZ_PASS_PIPE;
	out->id = of(file)->object.id;
	return 0;
}

static bool writes(const struct rt_file *file)
{
	return file->flags & TWZ_OPEN_WRITE;
}

static void pipe_share(struct rt_file *file, struct twz_id child)
{
	struct rt_ring *ring = of(file)->ring;
	if (rt_ring_lock(ring) < 0)
		return;
	rt_ring_join(ring, child, writes(file));
	rt_ring_unlock(ring);
}

/* With the ring's lock held, which it gives back. */
static void leave(struct rt_file *file)
{
	struct rt_ring *ring = of(file)->ring;
	bool last = rt_ring_leave(ring, rt_self_view(), writes(file));
	rt_ring_unlock(ring);
	wake(&ring->filled);
	wake(&ring->emptied);
	if (last)
		twz_rt_object_cmd(of(file)->object.id, TWZ_OBJECT_DELETE, 0);
}

static void pipe_close(struct rt_file *file)
{
	rt_ring_bury_dead(of(file)->ring);
	if (rt_ring_lock(of(file)->ring) >= 0)
		leave(file);
	twz_rt_object_release(&of(file)->object);
}

/* What a lock keeps from being done now is done by whoever finds this program's view ended. */
static void pipe_end(struct rt_file *file)
{
	if (rt_ring_try_lock(of(file)->ring))
		leave(file);
}

static const struct rt_file_ops pipe_ops = {
	.kind = TWZ_FILE_STREAM,
	.read = pipe_read,
	.write = pipe_write,
	.stat = pipe_stat,
	.readable = pipe_readable,
	.poll = pipe_poll,
	.pass = pipe_pass,
	.share = pipe_share,
	.end = pipe_end,
	.close = pipe_close,
	.size = sizeof(struct pipe_file),
};

/* A file on a pipe's end that this program has already been entered for. */
static twz_result open_end(struct twz_id id, uint32_t flags, struct rt_file **out)
{
	struct twz_rt_object object;
	twz_result result = twz_rt_object_map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object);
	if (result < 0)
		return result;
	struct rt_ring *ring = (struct rt_ring *)(object.start + TWZ_BASE_OFFSET);
	struct rt_file *file = NULL;
	result = rt_ring_check(ring);
	if (result >= 0) {
		file = rt_file_new(&pipe_ops, flags);
		if (file == NULL)
			result = RT_ERROR(OUT_OF_MEMORY);
	}
	if (result < 0) {
		twz_rt_object_release(&object);
		return result;
	}
	of(file)->object = object;
	of(file)->ring = ring;
	*out = file;
	return 0;
}

twz_result rt_pipe_adopt(struct twz_id id, uint32_t flags, struct rt_file **out)
{
	uint32_t end = flags & (TWZ_OPEN_READ | TWZ_OPEN_WRITE);
	if (end != TWZ_OPEN_READ && end != TWZ_OPEN_WRITE)
		return RT_ERROR(INVALID_ARGUMENT);
	return open_end(id, flags, out);
}

static twz_result make_ends(uint32_t flags, struct rt_file *ends[2])
{
	struct twz_object_spec spec = {.kind = TWZ_KIND_DATA};
	struct twz_rt_object object;
	struct twz_id id, self = rt_self_view();
	twz_result result = twz_rt_object_create(&spec, &id);
	if (result < 0)
		return result;
	result = twz_rt_object_map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object);
	if (result >= 0) {
		struct rt_ring *ring = (struct rt_ring *)(object.start + TWZ_BASE_OFFSET);
		result = rt_ring_format(ring);
		if (result >= 0)
			result = rt_ring_join(ring, self, false);
		if (result >= 0)
			result = rt_ring_join(ring, self, true);
		if (result >= 0)
			result = open_end(id, flags | TWZ_OPEN_READ, &ends[0]);
		if (result >= 0) {
			result = open_end(id, flags | TWZ_OPEN_WRITE, &ends[1]);
			if (result < 0)
				rt_file_put(ends[0]);
		}
		twz_rt_object_release(&object);
	}
	if (result < 0)
		twz_rt_object_cmd(id, TWZ_OBJECT_DELETE, 0);
	return result;
}

twz_result twz_rt_fd_pipe(int fds[2], uint32_t flags)
{
	struct rt_file *ends[2], *old;
	if (!rt_user_pointer(fds, 2 * sizeof(fds[0])) || fds == NULL)
		return RT_ERROR(BAD_ADDRESS);
	if (flags & ~(TWZ_OPEN_CLOEXEC | TWZ_OPEN_NONBLOCK))
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result first = make_ends(flags & TWZ_OPEN_NONBLOCK, ends), second = first;
	if (first < 0)
		return first;
	bool cloexec = flags & TWZ_OPEN_CLOEXEC;
	rt_lock(&rt_fd_lock);
	first = rt_table_place(&rt_fds, ends[0], 0, cloexec);
	if (first >= 0)
		second = rt_table_place(&rt_fds, ends[1], 0, cloexec);
	if (first >= 0 && second < 0)
		rt_table_set(&rt_fds, (int)first, NULL, false, &old);
	rt_unlock(&rt_fd_lock);
	if (first < 0 || second < 0) {
		rt_file_put(ends[0]);
		rt_file_put(ends[1]);
		return first < 0 ? first : second;
	}
	fds[0] = (int)first;
	fds[1] = (int)second;
	return 0;
}
