/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls on views. */
#include <main.h>
#include <object.h>
#include <platform.h>
#include <security.h>
#include <syscall.h>
#include <thread.h>
#include <user.h>
#include <view.h>
#include "../view/internal.h"
#include "rights.h"

/*
 * Tell the caller the id of a view it made, which it owns from now on. The control object comes
 * with a reference: a family's end may have ended the view already, and taken it away there.
 */
static twz_result hand_over(struct object *control, struct twz_id *id)
{
	struct view *maker = current_thread()->view;
	twz_result result = copy_to_user(id, &control->id, sizeof(*id));

	if (result >= 0)
		object_tie(maker->control, control);
	return result;
}

twz_result sys_view_create(struct twz_id *id)
{
	struct object *control;
	struct view *view;
	twz_result result = view_make(&view);

	if (result < 0)
		return result;
	control = view->control;
	object_get(control);
	view_join_family(view, current_thread()->view->family);
	program_made(view, current_thread()->view);
	if (view->family)
		race_window("made");
	result = hand_over(control, id);
	if (result < 0)
		view_disown(view);
	object_put(control);
	view_put(view); /* the control object keeps it */
	return result;
}

twz_result sys_view_clone(const struct twz_view_clone *user, struct twz_id *id)
{
	struct thread *self = current_thread(), *thread = NULL;
	struct twz_view_clone arguments;
	struct object *control;
	struct view *clone;
	twz_result result = copy_from_user(&arguments, user, sizeof(arguments));

	if (result < 0)
		return result;
	if (arguments.flags)
		return -TWZ_ERR_INVALID_ARGUMENT;
	result = view_make_clone(self->view, &clone);
	if (result < 0)
		return result;
	control = clone->control;
	object_get(control);
	view_join_family(clone, self->view->family);
	program_made(clone, self->view);
	if (clone->family)
		race_window("made");
	if (arguments.entry) {
		struct twz_thread_spec spec = {
			.entry = arguments.entry,
			.stack = arguments.stack,
			.argument = arguments.argument,
			.fs_base = platform->get_fs_base(),
			.upcall_stack = self->upcall_stack + self->upcall_stack_length,
			.upcall_stack_length = self->upcall_stack_length,
		};

		result = thread_create(clone, &spec, &thread);
		if (result >= 0)
			thread->interrupt_words = self->interrupt_words;
	}
	if (result >= 0)
		result = hand_over(control, id);
	object_put(control);
	if (result < 0) {
		/* a thread that never ran ends its view with it */
		view_disown(clone);
		if (thread)
			thread_discard(thread);
		view_put(clone);
		return result;
	}
	if (thread) {
		result = thread->number;
		thread_start(thread);
	}
	view_put(clone);
	return result;
}

static twz_result check_map(const struct twz_map *map, const struct view *view,
			    const struct object *object)
{
	const uint32_t both = TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC;

	(void)view;
	if (map->rights & ~(TWZ_RIGHT_READ | both) || map->inherit > TWZ_INHERIT_NONE ||
	    map->flags & ~TWZ_MAP_REPLACE || map->reserved)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (map->slot >= TWZ_SLOT_COUNT && map->slot != TWZ_SLOT_ANY)
		return -TWZ_ERR_INVALID_ARGUMENT;
	/* both only where page-level rights keep them apart */
	if ((map->rights & both) == both &&
	    (!(object->flags & TWZ_OBJECT_RAW) || map->inherit == TWZ_INHERIT_SHARED))
		return -TWZ_ERR_INVALID_ARGUMENT;
	return TWZ_OK;
}

twz_result find_view(struct twz_id id, uint32_t rights, struct view **out)
{
	struct view *caller = current_thread()->view;
	struct object *object;
	twz_result result;

	if (twz_id_is_none(id))
		return view_find(id, out);
	object = object_find(id);
	if (!object)
		return -TWZ_ERR_NO_SUCH_OBJECT;
	/* rights first: who may do nothing with an object is not told what it is */
	result = object->control_view == caller ? TWZ_OK : security_check(caller, object, rights);
	if (result >= 0 && !object->control_view)
		result = -TWZ_ERR_INVALID_ARGUMENT;
	if (result >= 0) {
		*out = object->control_view;
		view_get(*out);
	}
	object_put(object);
	return result;
}

twz_result sys_view_map(const struct twz_map *user)
{
	struct twz_map map;
	struct view *view;
	struct object *object;
	twz_result result = copy_from_user(&map, user, sizeof(map));

	if (result < 0)
		return result;
	result = find_view(map.view, RIGHTS_view_map, &view);
	if (result < 0)
		return result;
	object = object_find_in(current_thread()->view, map.object);
	result = object ? check_map(&map, view, object) : -TWZ_ERR_NO_SUCH_OBJECT;
	if (result >= 0)
		result = security_check(current_thread()->view, object, map.rights);
	if (result >= 0)
		result =
			view_map_object(view, object, map.slot, map.rights, map.inherit, map.flags);
	if (object)
		object_put(object);
	view_put(view);
	return result;
}

twz_result sys_view_unmap(uint64_t hi, uint64_t lo, uint64_t slot)
{
	struct view *view;
	twz_result result = find_view((struct twz_id){hi, lo}, RIGHTS_view_unmap, &view);

	if (result < 0)
		return result;
	result = view_unmap_slot(view, slot);
	view_put(view);
	return result;
}

twz_result sys_view_entry(uint64_t hi, uint64_t lo, uint64_t slot, struct twz_map *out)
{
	struct twz_map entry = {.view = {hi, lo}};
	struct mapping *map = NULL;
	struct view *view;
	uint64_t flags;
	twz_result result = find_view(entry.view, RIGHTS_view_entry, &view);

	if (result < 0)
		return result;
	flags = spin_lock(&view->lock);
	if (!view->exiting)
		map = view_next_mapping(view, slot);
	if (map) {
		entry.object = map->object->shown_id;
		entry.slot = map->slot;
		entry.rights = map->rights;
		entry.inherit = map->inherit;
	}
	spin_unlock(&view->lock, flags);
	view_put(view);
	return map ? copy_to_user(out, &entry, sizeof(entry)) : -TWZ_ERR_NOT_FOUND;
}

twz_result sys_view_exit(int64_t code)
{
	/* threads die on their way back to the program, the caller too */
	view_end(current_thread()->view, TWZ_VIEW_EXITED, (int32_t)code, NULL);
	return TWZ_OK;
}

twz_result sys_view_kill(uint64_t hi, uint64_t lo, int64_t signal)
{
	struct view *view;
	twz_result result;

	if (signal < 1 || signal > 64)
		return -TWZ_ERR_INVALID_ARGUMENT;
	result = find_view((struct twz_id){hi, lo}, RIGHTS_view_kill, &view);
	if (result < 0)
		return result;
	if (view->ended || !view->thread_count) {
		result = -TWZ_ERR_NO_SUCH_THREAD;
	} else {
		/* who ends itself so has a place to name */
		if (view == current_thread()->view)
			view_keep_crash(view, current_thread()->frame, (int32_t)signal);
		view_end(view, TWZ_VIEW_KILLED, (int32_t)signal, NULL);
	}
	view_put(view);
	return result;
}

/* The object that stands for a family, if the caller has the right; with a reference. */
static twz_result find_family(uint64_t hi, uint64_t lo, uint32_t rights, struct object **out)
{
	struct object *family = object_find((struct twz_id){hi, lo});

	if (!family)
		return -TWZ_ERR_NO_SUCH_OBJECT;
	twz_result result = security_check(current_thread()->view, family, rights);
	if (result >= 0 && family->flags & (OBJECT_CONTROL | OBJECT_SEALED | TWZ_OBJECT_PERSISTENT))
		result = -TWZ_ERR_INVALID_ARGUMENT;
	if (result < 0)
		object_put(family);
	else
		*out = family;
	return result;
}

twz_result sys_view_family(uint64_t hi, uint64_t lo, uint64_t family_hi, uint64_t family_lo)
{
	struct view *self = current_thread()->view, *view;
	struct object *family;
	twz_result result = find_view((struct twz_id){hi, lo}, RIGHTS_view_family, &view);

	if (result < 0)
		return result;
	if (self->family)
		result = -TWZ_ERR_ACCESS_DENIED; /* there is no way out of a family */
	else if (view->thread_count > 0 || view->exiting)
		result = -TWZ_ERR_BUSY;
	else
		result = find_family(family_hi, family_lo, TWZ_RIGHT_DELETE, &family);
	if (result >= 0) {
		if (self->thread_count > 1)
			race_window("join");
		if (!view_join_family(view, family))
			result = -TWZ_ERR_BUSY;
		object_put(family);
	}
	view_put(view);
	return result < 0 ? result : TWZ_OK;
}

twz_result sys_family_end(uint64_t hi, uint64_t lo)
{
	struct object *family;
	twz_result result = find_family(hi, lo, RIGHTS_family_end, &family);

	if (result < 0)
		return result;
	if (current_thread()->view->family == family)
		result = -TWZ_ERR_BUSY; /* it would wait for itself */
	else
		result = view_family_end(family);
	object_put(family);
	return result;
}
