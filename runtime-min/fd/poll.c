/* SPDX-License-Identifier: BSD-2-Clause */
/* Waiting for one of several files to become ready. */
#include "fd/fd.h"

/* How often files are looked at whose words could not be had. */
#define TICK 2000000ull

void rt_waits_add(struct rt_waits *waits, uint32_t *word, uint32_t value)
{
	if (waits->count == waits->capacity) {
		/* Without room for the word the poll looks again by the clock. */
		size_t capacity = waits->capacity != 0 ? waits->capacity * 2 : 8;
		struct twz_sync_op *ops = twz_rt_realloc(waits->ops, waits->capacity * sizeof(*ops),
							 8, capacity * sizeof(*ops), 0);
		if (ops == NULL) {
			waits->tick = true;
			return;
		}
		waits->ops = ops;
		waits->capacity = capacity;
	}
	waits->ops[waits->count++] =
		(struct twz_sync_op){.word = word, .value = value, .kind = TWZ_SYNC_WAIT};
}

bool rt_watch_add(struct rt_watch *watch, struct twz_rt_object object)
{
	if (watch->count == watch->capacity) {
		size_t capacity = watch->capacity != 0 ? 2 * watch->capacity : 4;
		struct twz_rt_object *objects =
			twz_rt_realloc(watch->objects, watch->capacity * sizeof(object), 8,
				       capacity * sizeof(object), 0);
		if (objects == NULL)
			return false;
		watch->objects = objects;
		watch->capacity = capacity;
	}
	watch->objects[watch->count++] = object;
	return true;
}

void rt_watch_end(struct rt_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		twz_rt_object_release(&watch->objects[i]);
	if (watch->objects != NULL)
		twz_rt_free(watch->objects, watch->capacity * sizeof(*watch->objects), 8);
	*watch = (struct rt_watch){0};
}

static twz_result look(struct rt_file **files, struct twz_rt_poll *polls, size_t count,
		       struct rt_waits *waits)
{
	twz_result ready = 0;
	waits->count = 0;
	waits->tick = false;
	rt_watch_end(&waits->watch);
	for (size_t i = 0; i < count; i++) {
		struct rt_file *file = files[i];
		polls[i].ready = 0;
		if (polls[i].fd < 0)
			continue;
		if (file == NULL)
			polls[i].ready = TWZ_POLL_ERROR;
		else if (file->ops->poll != NULL)
			polls[i].ready = file->ops->poll(file, polls[i].wanted, waits);
		else
			polls[i].ready = polls[i].wanted & (TWZ_POLL_READ | TWZ_POLL_WRITE);
		if (polls[i].ready != 0)
			ready++;
	}
	return ready;
}

twz_result twz_rt_fd_poll(struct twz_rt_poll *polls, size_t count, uint64_t deadline)
{
	if (count > SIZE_MAX / sizeof(*polls) || !rt_user_pointer(polls, count * sizeof(*polls)))
		return RT_ERROR(BAD_ADDRESS);
	struct rt_file **files = NULL;
	struct rt_waits waits = {0};
	twz_result result;
	if (count != 0) {
		files = twz_rt_malloc(count * sizeof(*files), 8, TWZ_MALLOC_ZERO);
		if (files == NULL)
			return RT_ERROR(OUT_OF_MEMORY);
	}
	for (size_t i = 0; i < count; i++)
		files[i] = rt_fd_file(polls[i].fd);
	for (;;) {
		result = look(files, polls, count, &waits);
		uint64_t now = deadline == TWZ_FOREVER ? 0 : twz_rt_clock(TWZ_CLOCK_MONOTONIC);
		if (result != 0 || (deadline != TWZ_FOREVER && now >= deadline))
			break;
		uint64_t until = deadline;
		if (waits.tick) {
			uint64_t next = twz_rt_clock(TWZ_CLOCK_MONOTONIC) + TICK;
			until = next < deadline ? next : deadline;
		}
		twz_result slept = twz_sys_thread_sync(waits.ops, waits.count, until);
		if (slept < 0 && slept != RT_ERROR(TIMED_OUT)) {
			result = slept;
			break;
		}
	}
	for (size_t i = 0; i < count; i++)
		rt_file_put(files[i]);
	twz_rt_free(files, count * sizeof(*files), 8);
	twz_rt_free(waits.ops, waits.capacity * sizeof(*waits.ops), 8);
	rt_watch_end(&waits.watch);
	return result;
}
