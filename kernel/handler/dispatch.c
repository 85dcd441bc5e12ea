/* SPDX-License-Identifier: BSD-2-Clause */
/* The dispatcher: one kernel thread that takes requests and timers in turn and runs handlers. */
#include <heap.h>
#include <log.h>
#include <string.h>
#include <timer.h>
#include <wait.h>
#include "dispatch.h"
#include "persist.h"

#define NANOSECONDS_PER_MS 1000000ull

struct spinlock handlers_lock = SPINLOCK_INIT(LOCK_HANDLER);
struct list handlers = LIST_INIT(handlers);

/* Under handlers_lock. */
static struct list requests = LIST_INIT(requests);
static struct wait_queue work = WAIT_QUEUE_INIT(work);
static struct wait_queue answers = WAIT_QUEUE_INIT(answers);

/* ---- requests ---- */

struct request *request_make(enum request_kind kind, uint64_t size)
{
	struct request *request = kernel_alloc(sizeof(*request) + size);

	if (!request)
		return NULL;
	list_init(&request->node);
	request->kind = kind;
	request->references = 1;
	request->size = size;
	return request;
}

void request_put(struct request *request)
{
	if (__atomic_sub_fetch(&request->references, 1, __ATOMIC_ACQ_REL))
		return;
	version_free(request->version);
	kernel_free(request);
}

twz_result request_send(struct request *request)
{
	uint64_t flags = spin_lock(&handlers_lock);
	twz_result result = TWZ_OK;

	__atomic_add_fetch(&request->references, 1, __ATOMIC_RELAXED);
	list_append(&requests, &request->node);
	wait_wake_one(&work);
	while (!request->done && result >= 0)
		result = wait_sleep(&answers, &handlers_lock, TWZ_FOREVER);
	if (request->done)
		result = request->result;
	spin_unlock(&handlers_lock, flags);
	return result;
}

static void answer(struct request *request, twz_result result)
{
	uint64_t flags = spin_lock(&handlers_lock);

	request->result = result;
	request->done = true;
	wait_wake_all(&answers);
	spin_unlock(&handlers_lock, flags);
	request_put(request);
}

/* ---- handlers ---- */

static void deliver_boot(struct handler *handler);

struct handler *handler_find(const char *name)
{
	LIST_FOR_EACH (node, &handlers) {
		struct handler *handler = LIST_ENTRY(node, struct handler, node);

		if (!strcmp(handler->stat.name, name))
			return handler;
	}
	return NULL;
}

void version_free(struct handler_version *version)
{
	if (!version)
		return;
	if (version->outputs)
		for (uint32_t i = 0; i < version->program->image->output_count; i++)
			if (version->outputs[i])
				object_put(version->outputs[i]);
	if (version->state)
		object_put(version->state);
	if (version->source)
		object_put(version->source);
	program_free(version->program);
	kernel_free(version->outputs);
	kernel_free(version);
}

static void handler_free(struct handler *handler)
{
	version_free(handler->current);
	version_free(handler->previous);
	kernel_free(handler->due);
	kernel_free(handler);
}

/* First deadlines for the timers of an image: one period from now. NULL: out of memory. */
static uint64_t *first_deadlines(const struct twz_handler_image *image)
{
	const struct twz_handler_image_event *events = handler_image_events(image);
	uint64_t *due = kernel_alloc_array(image->event_count, sizeof(*due));
	uint64_t now = clock_monotonic();

	for (uint32_t i = 0; due && i < image->event_count; i++)
		due[i] = events[i].kind == TWZ_EVENT_TIMER
				 ? now + events[i].period_ms * NANOSECONDS_PER_MS
				 : TWZ_FOREVER;
	return due;
}

/* What handler_stat tells of the current version. Counters start anew with a version. */
static void describe(struct handler *handler)
{
	const struct twz_handler_image *image = handler->current->program->image;
	struct twz_handler_stat stat = {
		.flags = (handler->slot ? TWZ_HANDLER_STAT_PERSISTENT : 0) |
			 (handler->previous ? TWZ_HANDLER_STAT_PREVIOUS : 0),
		.budget_ms = image->budget_ms,
		.memory_kb = image->memory_kb,
		.event_count = image->event_count,
		.sequence = handler->current->sequence,
		.snapshot_bytes = program_data_pages(handler->current->program) << PAGE_SHIFT,
	};
	uint64_t flags;

	memcpy(stat.name, image->name, sizeof(stat.name));
	memcpy(stat.version, image->version, sizeof(stat.version));
	flags = spin_lock(&handlers_lock);
	handler->stat = stat;
	spin_unlock(&handlers_lock, flags);
}

/* A handler that nobody sees yet. NULL: out of memory; the versions stay the caller's. */
static struct handler *handler_make(struct handler_version *version,
				    struct handler_version *previous)
{
	struct handler *handler = kernel_alloc(sizeof(*handler));
	uint64_t *due = first_deadlines(version->program->image);

	if (!handler || !due) {
		kernel_free(handler);
		kernel_free(due);
		return NULL;
	}
	handler->current = version;
	handler->previous = previous;
	handler->due = due;
	return handler;
}

static void handler_publish(struct handler *handler)
{
	uint64_t flags;

	describe(handler);
	flags = spin_lock(&handlers_lock);
	list_append(&handlers, &handler->node);
	spin_unlock(&handlers_lock, flags);
	deliver_boot(handler);
}

static twz_result handler_add(struct handler_version *version)
{
	struct handler *handler = handler_make(version, NULL);
	twz_result result = handler ? persist_add(handler, version) : -TWZ_ERR_OUT_OF_MEMORY;

	if (result >= 0) {
		handler_publish(handler);
	} else if (handler) {
		kernel_free(handler->due);
		kernel_free(handler);
	}
	return result;
}

/* Put `version` into a handler, with `previous` (or NULL) to roll back to; what is neither is
 * freed. */
static twz_result handler_replace(struct handler *handler, struct handler_version *version,
				  struct handler_version *previous)
{
	uint64_t *due = first_deadlines(version->program->image);
	twz_result result =
		due ? persist_replace(handler, version, previous) : -TWZ_ERR_OUT_OF_MEMORY;

	if (result < 0) {
		kernel_free(due);
		return result;
	}
	if (handler->current != version && handler->current != previous)
		version_free(handler->current);
	if (handler->previous != version && handler->previous != previous)
		version_free(handler->previous);
	handler->current = version;
	handler->previous = previous;
	kernel_free(handler->due);
	handler->due = due;
	describe(handler);
	return TWZ_OK;
}

/* Changed code of the same version goes on with the snapshot. */
static void adopt_snapshot(struct handler_version *version, const struct handler_version *from)
{
	if (version->state)
		object_put(version->state);
	version->state = from->state;
	if (version->state)
		object_get(version->state);
	version->state_id = from->state_id;
	version->sequence = from->sequence;
}

static twz_result register_version(struct handler_version *version)
{
	const struct twz_handler_image *image = version->program->image;
	struct handler *handler = handler_find(image->name);

	if (!handler)
		return handler_add(version);
	if (strcmp(handler->current->program->image->version, image->version))
		return handler_replace(handler, version, handler->current);
	/* the same version: its snapshot stays, so the globals must be the same */
	if (handler->current->program->image->data.memory_size != image->data.memory_size)
		return -TWZ_ERR_EXISTS;
	adopt_snapshot(version, handler->current);
	return handler_replace(handler, version, handler->previous);
}

static twz_result rollback(const char *name)
{
	struct handler *handler = handler_find(name);

	if (!handler)
		return -TWZ_ERR_NOT_FOUND;
	if (!handler->previous)
		return -TWZ_ERR_NOT_SUPPORTED;
	return handler_replace(handler, handler->previous, handler->current);
}

static twz_result handler_remove(const char *name)
{
	struct handler *handler = handler_find(name);
	twz_result result;
	uint64_t flags;

	if (!handler)
		return -TWZ_ERR_NOT_FOUND;
	result = persist_remove(handler);
	if (result < 0)
		return result;
	flags = spin_lock(&handlers_lock);
	list_remove(&handler->node);
	spin_unlock(&handlers_lock, flags);
	handler_free(handler);
	return TWZ_OK;
}

/* ---- events ---- */

static void record_result(struct handler *handler, const struct handler_run *run, twz_result result)
{
	uint64_t flags = spin_lock(&handlers_lock);
	struct twz_handler_stat *stat = &handler->stat;

	stat->events++;
	stat->last_cpu = run->cpu;
	stat->sequence = handler->current->sequence;
	if (result >= 0) {
		stat->committed++;
	} else {
		stat->discarded++;
		stat->last_error = (uint32_t)-result;
		stat->last_syscall = run->forbidden;
		stat->last_fault = run->fault;
	}
	spin_unlock(&handlers_lock, flags);
}

/* Run one event of a handler's manifest. `size` bytes of payload. */
static twz_result deliver(struct handler *handler, uint32_t index, const void *payload,
			  uint64_t size)
{
	const struct twz_handler_image_event *events =
		handler_image_events(handler->current->program->image);
	struct twz_event *event = kernel_alloc(sizeof(*event) + size);
	struct handler_run *run = kernel_alloc(sizeof(*run));
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (event && run) {
		event->sequence = handler->current->sequence + 1;
		event->time = clock_realtime();
		event->kind = events[index].kind;
		event->index = index;
		event->size = size;
		memcpy(event + 1, payload, size);
		result = run_event(handler, event, events[index].function, run);
		record_result(handler, run, result);
	}
	if (result < 0)
		log_line("handler %s: run discarded: error %ld", handler->stat.name, (long)-result);
	kernel_free(event);
	kernel_free(run);
	return result;
}

/* The boot events of a handler that is new to this boot. */
static void deliver_boot(struct handler *handler)
{
	const struct twz_handler_image *image = handler->current->program->image;

	for (uint32_t i = 0; i < image->event_count; i++)
		if (handler_image_events(image)[i].kind == TWZ_EVENT_BOOT)
			deliver(handler, i, NULL, 0);
}

/* Deliver to every handler of an application event; how many committed. */
static twz_result emit(const struct request *request)
{
	twz_result committed = 0;

	LIST_FOR_EACH (node, &handlers) {
		struct handler *handler = LIST_ENTRY(node, struct handler, node);
		const struct twz_handler_image *image = handler->current->program->image;
		const struct twz_handler_image_event *events = handler_image_events(image);

		for (uint32_t i = 0; i < image->event_count; i++)
			if (events[i].kind == TWZ_EVENT_APPLICATION &&
			    !strcmp((const char *)image + events[i].name, request->name))
				committed +=
					deliver(handler, i, request->payload, request->size) >= 0;
	}
	return committed;
}

static twz_result perform(struct request *request)
{
	twz_result result;

	switch (request->kind) {
	case REQUEST_REGISTER:
		result = register_version(request->version);
		if (result >= 0)
			request->version = NULL; /* the handler's now */
		return result;
	case REQUEST_REMOVE:
		return handler_remove(request->name);
	case REQUEST_ROLLBACK:
		return rollback(request->name);
	case REQUEST_EMIT:
		return emit(request);
	}
	return -TWZ_ERR_INVALID_ARGUMENT;
}

/* The timer that is due first: *handler NULL when there is none. */
static uint64_t next_timer(struct handler **handler, uint32_t *index)
{
	uint64_t first = TWZ_FOREVER;

	*handler = NULL;
	LIST_FOR_EACH (node, &handlers) {
		struct handler *one = LIST_ENTRY(node, struct handler, node);

		for (uint32_t i = 0; i < one->current->program->image->event_count; i++) {
			if (one->due[i] >= first)
				continue;
			first = one->due[i];
			*handler = one;
			*index = i;
		}
	}
	return first;
}

/* Run the first due timer; periods that have passed meanwhile are one event. */
static void run_timer(void)
{
	struct handler *handler;
	uint32_t index = 0;
	uint64_t due = next_timer(&handler, &index), now = clock_monotonic(), period;

	if (due > now)
		return;
	period = handler_image_events(handler->current->program->image)[index].period_ms *
		 NANOSECONDS_PER_MS;
	handler->due[index] = due + ((now - due) / period + 1) * period;
	deliver(handler, index, NULL, 0);
}

/* The next request, or NULL when a timer is due first. */
static struct request *wait_for_work(void)
{
	struct handler *handler;
	uint32_t index;
	uint64_t due = next_timer(&handler, &index), flags = spin_lock(&handlers_lock);
	struct list *node = NULL;
	twz_result result = TWZ_OK;

	while (!(node = list_pop(&requests)) && result != -TWZ_ERR_TIMED_OUT)
		result = wait_sleep(&work, &handlers_lock, due);
	spin_unlock(&handlers_lock, flags);
	return node ? LIST_ENTRY(node, struct request, node) : NULL;
}

static void handler_restore(uint64_t slot, struct handler_version *version,
			    struct handler_version *previous)
{
	struct handler *handler = handler_make(version, previous);

	if (!handler) {
		log_alert("handler %s: out of memory; it is back at the next boot",
			  version->program->image->name);
		version_free(version);
		version_free(previous);
		return;
	}
	handler->slot = slot;
	handler_publish(handler);
}

static void dispatcher(void *unused)
{
	struct handler_version *version, *previous;
	uint64_t slot = 0;

	(void)unused;
	while (persist_load(&slot, &version, &previous))
		handler_restore(slot, version, previous);
	for (;;) {
		struct request *request = wait_for_work();

		if (request)
			answer(request, perform(request));
		run_timer();
	}
}

void handlers_init(void)
{
	if (kernel_thread_start("handlers", dispatcher, NULL) < 0)
		panic("out of memory for the handlers' thread");
}
