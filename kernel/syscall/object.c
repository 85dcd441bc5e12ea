/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls on objects. */
#include <main.h>
#include <object.h>
#include <security.h>
#include <syscall.h>
#include <thread.h>
#include <user.h>
#include <view.h>
#include "rights.h"

static struct view *caller(void)
{
	return current_thread()->view;
}

/* The object with a reference, if the caller has the rights. */
static twz_result find(struct twz_id id, uint32_t rights, struct object **out)
{
	struct object *object = object_find_in(caller(), id);
	twz_result result;

	if (!object)
		return -TWZ_ERR_NO_SUCH_OBJECT;
	result = security_check(caller(), object, rights);
	if (result < 0) {
		object_put(object);
		return result;
	}
	*out = object;
	return TWZ_OK;
}

static twz_result find_by_words(uint64_t hi, uint64_t lo, uint32_t rights, struct object **out)
{
	return find((struct twz_id){hi, lo}, rights, out);
}

static twz_result check_spec(const struct twz_object_spec *spec)
{
	if (spec->flags & ~(TWZ_OBJECT_RAW | TWZ_OBJECT_PERSISTENT) || spec->reserved ||
	    spec->protections & ~TWZ_RIGHTS_ALL)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (spec->flags & TWZ_OBJECT_PERSISTENT && !object_make_persistent)
		return -TWZ_ERR_NOT_SUPPORTED;
	return TWZ_OK;
}

static twz_result apply_source(struct object *object, const struct twz_object_source *user)
{
	struct twz_object_source source;
	struct object *from;
	twz_result result = copy_from_user(&source, user, sizeof(source));

	if (result < 0)
		return result;
	if ((source.src | source.dst | source.len) % TWZ_PAGE_SIZE)
		return -TWZ_ERR_INVALID_ARGUMENT;
	result = find(source.id, TWZ_RIGHT_READ, &from);
	if (result < 0)
		return result;
	result = object_copy(object, source.dst, from, source.src, source.len);
	object_put(from);
	return result;
}

/*
 * What is tied to it lives as long as the owner: the caller must be able to end it, or nobody might
 * ever. A thread or a program ends by itself, so that its use is enough.
 */
static twz_result find_owner(struct twz_id id, struct object **out)
{
	twz_result result = find(id, TWZ_RIGHT_NONE, out);
	uint32_t needed;

	if (result < 0)
		return result;
	needed = (*out)->flags & OBJECT_CONTROL ? TWZ_RIGHT_USE : TWZ_RIGHT_DELETE;
	result = security_check(caller(), *out, needed);
	if (result < 0)
		object_put(*out);
	return result;
}

/* Tie to the owner named, or to none: then a member's object goes with its family. */
static twz_result tie(struct twz_id id, struct object *object)
{
	struct object *owner = NULL;
	twz_result result;

	if (!twz_id_is_none(id)) {
		result = find_owner(id, &owner);
		if (result < 0)
			return result;
	} else if (caller()->family && !(object->flags & TWZ_OBJECT_PERSISTENT)) {
		owner = caller()->family;
		object_get(owner);
	}
	if (owner)
		race_window("tie");
	result = object_tie(owner, object);
	if (owner)
		object_put(owner);
	return result;
}

twz_result sys_object_tie(uint64_t hi, uint64_t lo, uint64_t owner_hi, uint64_t owner_lo)
{
	struct object *object;
	twz_result result = find_by_words(hi, lo, RIGHTS_object_tie, &object);

	if (result < 0)
		return result;
	/* threads and programs end by themselves */
	result = object->flags & OBJECT_CONTROL ? -TWZ_ERR_ACCESS_DENIED
						: tie((struct twz_id){owner_hi, owner_lo}, object);
	object_put(object);
	return result;
}

twz_result sys_object_create(const struct twz_object_spec *user, struct twz_id *id)
{
	struct twz_object_spec spec;
	struct object *object;
	twz_result result = copy_from_user(&spec, user, sizeof(spec));

	if (result >= 0)
		result = check_spec(&spec);
	if (result < 0)
		return result;
	if (spec.flags & TWZ_OBJECT_PERSISTENT)
		result = object_make_persistent(&spec, &object);
	else
		result = object_make(&spec, TWZ_ID_NONE, &object);
	if (result < 0)
		return result;
	for (uint64_t i = 0; i < spec.source_count && result >= 0; i++) {
		result = apply_source(object, spec.sources + i);
		if (thread_interrupted() && result >= 0 && i + 1 < spec.source_count)
			result = -TWZ_ERR_INTERRUPTED;
	}
	if (result >= 0)
		result = tie(spec.tie, object);
	if (result >= 0)
		result = copy_to_user(id, &object->id, sizeof(*id));
	if (result < 0)
		object_delete(object);
	object_put(object);
	return result < 0 ? result : TWZ_OK;
}

twz_result sys_object_delete(uint64_t hi, uint64_t lo)
{
	struct object *object;
	twz_result result = find_by_words(hi, lo, RIGHTS_object_delete, &object);

	if (result < 0)
		return result;
	if (object->control_view && view_disown(object->control_view))
		result = -TWZ_ERR_BUSY; /* still running: its id goes when it ends */
	else if (object->flags & OBJECT_CONTROL && !object->control_view)
		result = -TWZ_ERR_BUSY; /* a thread's */
	else
		object_delete(object);
	object_put(object);
	return result < 0 ? result : TWZ_OK;
}

twz_result sys_object_stat(uint64_t hi, uint64_t lo, struct twz_object_stat *out)
{
	struct object *object;
	twz_result result = find_by_words(hi, lo, RIGHTS_object_stat, &object);
	struct twz_object_stat stat;

	if (result < 0)
		return result;
	stat = (struct twz_object_stat){
		.id = object->shown_id,
		.flags = (object->flags & (TWZ_OBJECT_RAW | TWZ_OBJECT_PERSISTENT)) |
			 (object->large_pages ? TWZ_OBJECT_LARGE : 0) |
			 (object->pager && object->pager->evicts ? TWZ_OBJECT_BY_SYNC : 0),
		.kind = object->kind,
		.rights = security_rights(caller(), object),
		.maps = object->map_count,
		.pages = object->pages,
	};
	object_put(object);
	return copy_to_user(out, &stat, sizeof(stat));
}

static twz_result
on_range(const struct twz_copy_range *user, uint32_t target_rights, uint32_t source_rights,
	 twz_result (*act)(struct object *, uint64_t, struct object *, uint64_t, uint64_t))
{
	struct twz_copy_range range;
	struct object *to, *from;
	twz_result result = copy_from_user(&range, user, sizeof(range));

	if (result < 0)
		return result;
	result = find(range.destination, target_rights, &to);
	if (result < 0)
		return result;
	result = find(range.source, source_rights, &from);
	if (result >= 0) {
		result = act(to, range.destination_offset, from, range.source_offset, range.length);
		object_put(from);
	}
	object_put(to);
	return result < 0 ? result : TWZ_OK;
}

twz_result sys_object_copy_range(const struct twz_copy_range *range)
{
	return on_range(range, RIGHTS_object_copy_range, TWZ_RIGHT_READ, object_copy);
}

twz_result sys_object_move_range(const struct twz_copy_range *range)
{
	return on_range(range, RIGHTS_object_move_range, RIGHTS_object_move_range, object_move);
}

twz_result sys_object_discard(uint64_t hi, uint64_t lo, uint64_t offset, uint64_t length)
{
	struct object *object;
	twz_result result = find_by_words(hi, lo, RIGHTS_object_discard, &object);

	if (result < 0)
		return result;
	result = object_discard_pages(object, offset, length);
	object_put(object);
	return result;
}

twz_result sys_object_protect(uint64_t hi, uint64_t lo, uint64_t offset, uint64_t length,
			      uint32_t rights)
{
	struct object *object;
	struct view *view;
	twz_result result = find_by_words(hi, lo, RIGHTS_object_protect, &object);

	if (result < 0)
		return result;
	result = object_bind(object, &view);
	if (result >= 0 && view) {
		/* the caller's own, or one that it may act on */
		if (view != caller())
			result = security_check(caller(), view->control, TWZ_RIGHT_USE);
		view_put(view);
	}
	if (result >= 0)
		result = object_protect_pages(object, offset, length, rights);
	object_put(object);
	return result;
}

twz_result sys_object_sync(uint64_t hi, uint64_t lo, uint64_t offset, uint64_t length)
{
	struct object *object;
	twz_result result = find_by_words(hi, lo, RIGHTS_object_sync, &object);

	if (result < 0)
		return result;
	if (offset > TWZ_SLOT_SIZE || length > TWZ_SLOT_SIZE - offset)
		result = -TWZ_ERR_INVALID_ARGUMENT;
	else if (!object->pager || !object->pager->sync)
		result = -TWZ_ERR_NOT_SUPPORTED;
	else
		result = object->pager->sync(object, offset, length);
	object_put(object);
	return result;
}
