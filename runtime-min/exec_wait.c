/* SPDX-License-Identifier: BSD-2-Clause */
/* The children of this program: waiting for them and ending them. */
#include "exec_internal.h"

static struct rt_lock children_lock;
static struct exec_child *children;
/* Changes with every child added or removed, so that waiters look again. */
static uint32_t children_generation;

struct exec_child *exec_child_make(struct twz_id view)
{
	struct exec_child *child = twz_rt_malloc(sizeof(*child), _Alignof(struct exec_child), 0);
	if (child == NULL)
		return NULL;
	struct twz_map map = {.object = view,
			      .slot = TWZ_SLOT_ANY,
			      .rights = TWZ_RIGHT_READ,
			      .inherit = TWZ_INHERIT_NONE};
	twz_result slot = twz_sys_view_map(&map);
	if (slot < 0) {
		twz_rt_free(child, sizeof(*child), _Alignof(struct exec_child));
		return NULL;
	}
	*child = (struct exec_child){.view = view,
				     .control_slot = (uint64_t)slot,
				     .control = (void *)((uint64_t)slot << TWZ_SLOT_SHIFT)};
	return child;
}

/* The lock is held. */
static void generation_changed(void)
{
	__atomic_add_fetch(&children_generation, 1, __ATOMIC_RELEASE);
	twz_rt_futex_wake(&children_generation, ~0u);
}

void exec_child_add_locked(struct exec_child *child, uint32_t number)
{
	child->number = number;
	child->next = children;
	children = child;
	generation_changed();
}

void exec_child_add(struct exec_child *child, uint32_t number)
{
	rt_lock(&children_lock);
	exec_child_add_locked(child, number);
	rt_unlock(&children_lock);
}

void exec_children_before_fork(void)
{
	rt_lock(&children_lock);
}

void exec_children_after_fork(bool child)
{
	/* The control pages are not mapped in the clone: only the records are there. */
	while (child && children != NULL) {
		struct exec_child *record = children;
		children = record->next;
		twz_rt_free(record, sizeof(*record), _Alignof(struct exec_child));
	}
	rt_unlock(&children_lock);
}

void exec_child_free(struct exec_child *child)
{
	twz_sys_view_unmap(0, 0, child->control_slot);
	twz_sys_object_delete(child->view.hi, child->view.lo);
	twz_rt_free(child, sizeof(*child), _Alignof(struct exec_child));
}

static void report(const struct exec_child *child, uint32_t state, struct twz_rt_wait_result *out)
{
	*out = (struct twz_rt_wait_result){
		.number = child->number, .state = state, .code = child->control->code};
	if (state == TWZ_VIEW_KILLED)
		memcpy(&out->fault, (const void *)&child->control->fault, sizeof(out->fault));
}

/*
 * One look at the children that `number` means, with the lock held. Returns 1 when one had ended
 * and was taken off, 0 and the list of words to wait on otherwise, NO_SUCH_THREAD when there is
 * none.
 */
static twz_result look(uint32_t number, struct twz_rt_wait_result *out, struct twz_sync_op **ops,
		       size_t *count)
{
	size_t found = 0;
	for (struct exec_child **link = &children; *link != NULL; link = &(*link)->next) {
		struct exec_child *child = *link;
		if (number != 0 && child->number != number)
			continue;
		uint32_t state = __atomic_load_n(&child->control->state, __ATOMIC_ACQUIRE);
		if (state != TWZ_VIEW_RUNNING) {
			report(child, state, out);
			*link = child->next;
			exec_child_free(child);
			generation_changed();
			return 1;
		}
		found++;
	}
	if (found == 0)
		return RT_ERROR(NO_SUCH_THREAD);
	*count = found + 1;
	*ops = twz_rt_malloc(*count * sizeof(**ops), _Alignof(struct twz_sync_op), 0);
	if (*ops == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	(*ops)[0] = (struct twz_sync_op){
		.word = &children_generation, .value = children_generation, .kind = TWZ_SYNC_WAIT};
	size_t at = 1;
	for (struct exec_child *child = children; child != NULL; child = child->next) {
		if (number == 0 || child->number == number)
			(*ops)[at++] =
				(struct twz_sync_op){.word = (uint32_t *)&child->control->state,
						     .value = TWZ_VIEW_RUNNING,
						     .kind = TWZ_SYNC_WAIT};
	}
	return 0;
}

twz_result twz_rt_exec_wait(uint32_t number, uint64_t deadline, struct twz_rt_wait_result *out)
{
	if (!rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	for (;;) {
		struct twz_sync_op *ops = NULL;
		size_t count = 0;
		rt_lock(&children_lock);
		twz_result result = look(number, out, &ops, &count);
		rt_unlock(&children_lock);
		if (result != 0)
			return result < 0 ? result : out->number;
		result = twz_sys_thread_sync(ops, count, deadline);
		twz_rt_free(ops, count * sizeof(*ops), _Alignof(struct twz_sync_op));
		/* Another thread may have taken a child between our look and the sleep. */
		if (result < 0 && result != RT_ERROR(BAD_ADDRESS))
			return result;
	}
}

twz_result twz_rt_exec_kill(uint32_t number, int signal)
{
	if (signal < 0 || signal > 64)
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result result = RT_ERROR(NO_SUCH_THREAD);
	rt_lock(&children_lock);
	for (struct exec_child *child = children; child != NULL; child = child->next) {
		if (child->number != number)
			continue;
		result = 0;
		if (signal != 0)
			result = twz_sys_view_kill(child->view.hi, child->view.lo, signal);
		break;
	}
	rt_unlock(&children_lock);
	return result;
}
