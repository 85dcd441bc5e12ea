/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls on threads. */
#include <object.h>
#include <platform.h>
#include <security.h>
#include <string.h>
#include <sync.h>
#include <syscall.h>
#include <thread.h>
#include <user.h>
#include <view.h>
#include "../thread/state.h"
#include "rights.h"

twz_result sys_thread_spawn(const struct twz_thread_spec *user, struct twz_id *id)
{
	struct twz_thread_spec spec;
	struct thread *thread;
	struct view *view;
	twz_result result = copy_from_user(&spec, user, sizeof(spec));

	if (result < 0)
		return result;
	result = find_view(spec.view, RIGHTS_thread_spawn, &view);
	if (result < 0)
		return result;
	result = thread_create(view, &spec, &thread);
	view_put(view);
	if (result < 0)
		return result;
	if (id) {
		result = copy_to_user(id, &thread->control->id, sizeof(*id));
		if (result < 0) {
			thread_discard(thread);
			return result;
		}
	}
	result = thread->number;
	thread_start(thread);
	return result;
}

/* Drop the pages of a stack that nobody uses any more: whole pages of one slot. */
static void free_stack(uint64_t stack, uint64_t length)
{
	uint64_t offset;
	uint32_t rights;
	struct object *object = view_object_at(current_thread()->view, stack, &offset, &rights);

	if (!object)
		return;
	if (rights & TWZ_RIGHT_WRITE &&
	    security_check(current_thread()->view, object, TWZ_RIGHT_WRITE) >= 0)
		object_discard_pages(object, offset, length); /* a wrong range frees nothing */
	object_put(object);
}

twz_result sys_thread_exit(uint32_t *clear_word, uint64_t stack, uint64_t length)
{
	struct thread *thread = current_thread();

	if ((uint64_t)clear_word % 4 || !user_range_valid(clear_word, 4))
		return -TWZ_ERR_INVALID_ARGUMENT;
	/* the stack goes first: whoever the word wakes may use the range again */
	if (length)
		free_stack(stack, length);
	thread->exit_word = (uint64_t)clear_word;
	thread_exit_current();
}

static twz_result set_name(struct thread *thread, const char *user)
{
	char name[sizeof(thread->name)];
	uint64_t i = 0;

	for (; i + 1 < sizeof(name); i++) {
		twz_result result = copy_from_user(&name[i], user + i, 1);

		if (result < 0)
			return result;
		if (!name[i])
			break;
	}
	name[i] = 0;
	memcpy(thread->name, name, sizeof(name));
	return TWZ_OK;
}

struct priority_request {
	const struct view *view;
	uint64_t priority;
	twz_result result;
	bool set;
};

static bool with_priority(struct thread *thread, void *context)
{
	struct priority_request *request = context;

	if (thread->view != request->view)
		return false;
	request->result = thread->priority | (thread->fifo ? TWZ_PRIORITY_FIFO : 0);
	if (!request->set)
		return true;
	request->result = thread_check_priority(request->priority, thread->ceiling);
	if (request->result >= 0)
		thread_set_priority(thread, request->priority & (TWZ_PRIORITIES - 1),
				    request->priority & TWZ_PRIORITY_FIFO);
	return true;
}

/* `argument`: the thread's number, 0 for the caller, above 32 bits of priority. */
static twz_result do_priority(uint64_t argument, bool set)
{
	const struct thread *self = current_thread();
	struct priority_request request = {self->view, (uint32_t)argument, TWZ_OK, set};
	uint64_t number = argument >> 32 ? argument >> 32 : self->number;

	if (set)
		request.result = thread_check_priority(request.priority, self->ceiling);
	else if (request.priority)
		request.result = -TWZ_ERR_INVALID_ARGUMENT;
	if (request.result < 0)
		return request.result;
	return thread_number_act(number, with_priority, &request) ? request.result
								  : -TWZ_ERR_NO_SUCH_THREAD;
}

static twz_result set_ceiling(struct thread *thread, uint64_t ceiling)
{
	if (ceiling >= TWZ_PRIORITIES)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (ceiling > thread->ceiling)
		return -TWZ_ERR_ACCESS_DENIED;
	thread->ceiling = (uint8_t)ceiling;
	if (thread->priority > ceiling)
		thread_set_priority(thread, (uint8_t)ceiling, thread->fifo);
	return TWZ_OK;
}

static twz_result set_upcall_stack(struct thread *thread, const void *user)
{
	uint64_t range[2] = {0, 0};

	if (user) {
		twz_result result = copy_from_user(range, user, sizeof(range));

		if (result < 0)
			return result;
		if (!user_range_valid((void *)range[0], range[1]))
			return -TWZ_ERR_INVALID_ARGUMENT;
	}
	thread->upcall_stack = range[0];
	thread->upcall_stack_length = range[1];
	return TWZ_OK;
}

twz_result sys_thread_control(uint64_t command, uint64_t argument)
{
	struct thread *thread = current_thread();

	switch (command) {
	case TWZ_THREAD_YIELD:
		thread_yield();
		return TWZ_OK;
	case TWZ_THREAD_NUMBER:
		return thread->number;
	case TWZ_THREAD_SET_FS:
		if (argument >= USER_END)
			return -TWZ_ERR_INVALID_ARGUMENT;
		platform->set_fs_base(argument);
		return TWZ_OK;
	case TWZ_THREAD_SET_NAME:
		return set_name(thread, (const char *)argument);
	case TWZ_THREAD_ROBUST_LIST:
		if (argument >= USER_END)
			return -TWZ_ERR_INVALID_ARGUMENT;
		thread->robust_list = argument;
		return TWZ_OK;
	case TWZ_THREAD_UPCALL_STACK:
		return set_upcall_stack(thread, (const void *)argument);
	case TWZ_THREAD_CLEAR_WORD:
		if (argument % 4 || argument >= USER_END)
			return -TWZ_ERR_INVALID_ARGUMENT;
		thread->clear_word = argument;
		return TWZ_OK;
	case TWZ_THREAD_VIEW:
		return copy_to_user((void *)argument, &thread->view->control->id,
				    sizeof(struct twz_id));
	case TWZ_THREAD_PRIORITY:
	case TWZ_THREAD_SET_PRIORITY:
		return do_priority(argument, command == TWZ_THREAD_SET_PRIORITY);
	case TWZ_THREAD_SET_CEILING:
		return set_ceiling(thread, argument);
	case TWZ_THREAD_CALLS:
		return (twz_result)thread->calls;
	case TWZ_THREAD_INTERRUPT_WORDS:
		if (argument % 8 || argument >= USER_END)
			return -TWZ_ERR_INVALID_ARGUMENT;
		thread->interrupt_words = argument;
		return TWZ_OK;
	default:
		return -TWZ_ERR_INVALID_ARGUMENT;
	}
}

struct interrupt_request {
	struct view *view;
	uint64_t code;
};

static bool interrupt(struct thread *thread, void *context)
{
	const struct interrupt_request *request = context;

	if (thread->view != request->view)
		return false;
	__atomic_or_fetch(&thread->interrupts, 1ull << (request->code - 1), __ATOMIC_SEQ_CST);
	thread_post(thread, PENDING_INTERRUPT);
	return true;
}

twz_result sys_thread_interrupt(uint64_t number, uint64_t code)
{
	struct interrupt_request request = {current_thread()->view, code};

	if (code < 1 || code > TWZ_INTERRUPT_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	return thread_number_act(number, interrupt, &request) ? TWZ_OK : -TWZ_ERR_NO_SUCH_THREAD;
}
