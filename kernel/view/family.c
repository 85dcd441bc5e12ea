/* SPDX-License-Identifier: BSD-2-Clause */
/* Families: the views that descend from one, so that a program can be ended with all that it has
 * left. */
#include <object.h>
#include <thread.h>
#include <timer.h>
#include <wait.h>
#include <view.h>

#define SIGNAL_KILL 9

static struct spinlock family_lock = SPINLOCK_INIT(LOCK_DEVICE);
static struct list members = LIST_INIT(members); /* view.family_node */
static struct wait_queue left = WAIT_QUEUE_INIT(left);

bool view_join_family(struct view *view, struct object *family)
{
	if (!family)
		return true;
	uint64_t flags = spin_lock(&family_lock);
	bool joins = !view->family && !view->left_family;

	if (joins) {
		object_get(family);
		view->family = family;
		list_append(&members, &view->family_node);
	}
	spin_unlock(&family_lock, flags);
	return joins;
}

void view_leave_family(struct view *view)
{
	uint64_t flags = spin_lock(&family_lock);
	struct object *family = view->family;

	view->left_family = true;
	if (family) {
		list_remove(&view->family_node);
		view->family = NULL;
		wait_wake_all(&left);
	}
	spin_unlock(&family_lock, flags);
	if (family)
		object_put(family);
}

/*
 * The first view of the family that nobody has ended, with a reference, or NULL; *any: there are
 * some. The lock is held.
 */
static struct view *find_living(const struct object *family, bool *any)
{
	*any = false;
	LIST_FOR_EACH (node, &members) {
		struct view *view = LIST_ENTRY(node, struct view, family_node);

		if (view->family != family)
			continue;
		*any = true;
		if (!view->exiting) {
			view_get(view);
			return view;
		}
	}
	return NULL;
}

twz_result view_family_end(struct object *family)
{
	twz_result ended = 0, result = TWZ_OK;

	for (;;) {
		bool any;
		uint64_t flags = spin_lock(&family_lock);
		struct view *view = find_living(family, &any);

		if (!view && any)
			result = wait_sleep(&left, &family_lock, TWZ_FOREVER);
		spin_unlock(&family_lock, flags);
		if (result < 0)
			return result;
		if (view) {
			/* one without threads ends by this, the others by the next line */
			view_disown(view);
			view_end(view, TWZ_VIEW_KILLED, SIGNAL_KILL, NULL);
			view_put(view);
			ended++;
		} else if (!any) {
			break;
		}
	}
	object_release_ties(family);
	return ended;
}
