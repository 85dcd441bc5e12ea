/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls on programs: messages, groups and sessions. */
#include <object.h>
#include <security.h>
#include <sync.h>
#include <syscall.h>
#include <thread.h>
#include <user.h>
#include <view.h>
#include "../thread/state.h"
#include "../view/internal.h"
#include "rights.h"

/* Whether the caller may act on a program: on its own always. */
static twz_result may_act(struct view *view, uint32_t rights)
{
	struct view *caller = current_thread()->view;
	struct object *control = NULL;
	twz_result result = TWZ_OK;
	uint64_t flags;

	if (view == caller)
		return TWZ_OK;
	flags = spin_lock(&view->lock);
	if (!view->ended && view->control) {
		control = view->control;
		object_get(control);
	}
	spin_unlock(&view->lock, flags);
	if (control) {
		result = security_check(caller, control, rights);
		object_put(control);
	}
	return result;
}

/* ---- messages ---- */

static twz_result send_to(struct view *view, const struct twz_message *message, uint64_t flags)
{
	twz_result result = may_act(view, TWZ_RIGHT_USE);

	if (result < 0 || message->signal == 0)
		return result;
	if (!(flags & TWZ_SEND_KILL)) {
		result = program_post(view, message, TWZ_TAKES_MESSAGES);
		if (result != -TWZ_ERR_NOT_SUPPORTED)
			return result;
		if (!(flags & TWZ_SEND_END))
			return TWZ_OK;
	}
	view_end(view, TWZ_VIEW_KILLED, (int32_t)message->signal, NULL);
	return TWZ_OK;
}

static twz_result send_to_group(uint32_t group, const struct twz_message *message, uint64_t flags)
{
	twz_result reached = 0, error = -TWZ_ERR_NO_SUCH_THREAD;

	for (uint64_t number = 1; number <= program_number_limit(); number++) {
		struct view *view = program_number_find(number);

		if (!view)
			continue;
		/* who has a successor is one program with it */
		if (view->group == group && !view->ended && !view->successor) {
			twz_result result = send_to(view, message, flags);

			if (result >= 0)
				reached++;
			else
				error = result;
		}
		view_put(view);
	}
	return reached ? reached : error;
}

twz_result sys_program_send(int64_t target, const struct twz_message *user, uint64_t flags)
{
	struct view *caller = current_thread()->view, *view;
	struct twz_message message;
	twz_result result = copy_from_user(&message, user, sizeof(message));

	if (result < 0)
		return result;
	if (message.signal > TWZ_INTERRUPT_MAX || message.sender ||
	    flags & ~(uint64_t)(TWZ_SEND_END | TWZ_SEND_KILL) || target == INT64_MIN)
		return -TWZ_ERR_INVALID_ARGUMENT;
	message.sender = caller->known_as;
	if (target < 0)
		return -target > UINT32_MAX ? -TWZ_ERR_NO_SUCH_THREAD
					    : send_to_group((uint32_t)-target, &message, flags);
	if (target == 0)
		return send_to_group(caller->group, &message, flags);
	view = program_find((uint64_t)target);
	if (!view)
		return -TWZ_ERR_NO_SUCH_THREAD;
	result = send_to(view, &message, flags);
	view_put(view);
	return result < 0 ? result : 1;
}

twz_result sys_program_take(struct twz_message *user)
{
	struct twz_message message;
	twz_result result = user_prefault(user, sizeof(*user), true);

	if (result < 0)
		return result;
	if (!program_take(current_thread()->view, &message))
		return -TWZ_ERR_NOT_FOUND;
	return copy_to_user(user, &message, sizeof(message));
}

/* ---- groups and sessions ---- */

static bool is_child(const struct view *view, const struct view *parent)
{
	return view->parent == parent->number && view->parent_serial == parent->serial;
}

/* A group of this number in the session. */
static bool has_group(uint32_t group, uint32_t session)
{
	bool found = false;

	for (uint64_t number = 1; number <= program_number_limit() && !found; number++) {
		struct view *view = program_number_find(number);

		if (!view)
			continue;
		found = view->group == group && view->session == session && !view->ended;
		view_put(view);
	}
	return found;
}

static twz_result set_group(struct view *view, struct view *original, uint64_t group)
{
	struct view *caller = current_thread()->view;

	if (view != caller && !is_child(view, caller) && !is_child(original, caller))
		return -TWZ_ERR_NO_SUCH_THREAD;
	if (group > UINT32_MAX)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!group)
		group = view->known_as;
	if (view->session == view->known_as || view->session != caller->session)
		return -TWZ_ERR_ACCESS_DENIED;
	if (group != view->known_as && !has_group((uint32_t)group, view->session))
		return -TWZ_ERR_ACCESS_DENIED;
	view->group = (uint32_t)group;
	return TWZ_OK;
}

static twz_result new_session(struct view *view)
{
	if (view->group == view->known_as || has_group(view->known_as, view->session))
		return -TWZ_ERR_ACCESS_DENIED;
	view->group = view->session = view->known_as;
	return view->known_as;
}

static twz_result set_successor(struct view *caller, const struct twz_id *user)
{
	struct twz_id id;
	struct view *child;
	twz_result result;

	if (!user) {
		program_succeed(caller, NULL);
		return TWZ_OK;
	}
	result = copy_from_user(&id, user, sizeof(id));
	if (result >= 0)
		result = find_view(id, TWZ_RIGHT_USE, &child);
	if (result < 0)
		return result;
	if (child == caller || !is_child(child, caller) || child->number)
		result = -TWZ_ERR_INVALID_ARGUMENT;
	else
		program_succeed(caller, child);
	view_put(child);
	return result < 0 ? result : TWZ_OK;
}

/* Commands that are for the caller's own program only. */
static twz_result control_own(struct view *view, uint64_t command, uint64_t argument)
{
	switch (command) {
	case TWZ_PROGRAM_TAKES:
		if (argument & ~(uint64_t)(TWZ_TAKES_MESSAGES | TWZ_TAKES_CHILDREN))
			return -TWZ_ERR_INVALID_ARGUMENT;
		view->takes = (uint32_t)argument;
		return TWZ_OK;
	case TWZ_PROGRAM_NEW_SESSION:
		return new_session(view);
	case TWZ_PROGRAM_REPORT:
		__atomic_store_n(&view->control_page->report, (uint32_t)argument, __ATOMIC_RELEASE);
		sync_wake_object(view->control, offsetof(struct twz_view_control, report), ~0u);
		return TWZ_OK;
	default:
		return set_successor(view, (const struct twz_id *)argument);
	}
}

/* What a child has left behind that died. */
static twz_result copy_crash(uint64_t number, void *user)
{
	struct view *view = program_number_find(number);
	twz_result result = -TWZ_ERR_ACCESS_DENIED;

	if (!view)
		return -TWZ_ERR_NO_SUCH_THREAD;
	if (is_child(view, current_thread()->view))
		result = view_copy_crash(view, user);
	view_put(view);
	return result;
}

twz_result sys_program_control(uint64_t number, uint64_t command, uint64_t argument)
{
	struct view *caller = current_thread()->view, *original, *view;
	twz_result result;

	if (command > TWZ_PROGRAM_CRASH)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (command == TWZ_PROGRAM_CRASH)
		return copy_crash(number, (void *)argument);
	if (command != TWZ_PROGRAM_GROUP && command != TWZ_PROGRAM_SET_GROUP &&
	    command != TWZ_PROGRAM_SESSION)
		return number ? -TWZ_ERR_INVALID_ARGUMENT : control_own(caller, command, argument);
	original = program_number_find(number ? number : caller->number);
	if (!original)
		return -TWZ_ERR_NO_SUCH_THREAD;
	view = program_find(number ? number : caller->number);
	if (!view)
		result = -TWZ_ERR_NO_SUCH_THREAD;
	else
		result = may_act(view, TWZ_RIGHT_USE);
	if (result >= 0 && command == TWZ_PROGRAM_GROUP)
		result = view->group;
	else if (result >= 0 && command == TWZ_PROGRAM_SESSION)
		result = view->session;
	else if (result >= 0)
		result = set_group(view, original, argument);
	if (view)
		view_put(view);
	view_put(original);
	return result;
}
