/* SPDX-License-Identifier: BSD-2-Clause */
/* The children of this program: waiting for them and ending them. */
#include "exec/exec.h"

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

static bool is_meant(const struct exec_child *child, int64_t who)
{
	if (who >= 0)
		return who == 0 || child->number == who;
	return twz_sys_program_control(child->number, TWZ_PROGRAM_GROUP, 0) == -who;
}

/*
 * SIGCHLD comes before the wait that tells of the end returns: where the message is on its way
 * still that is a moment, on another CPU, in the kernel.
 */
static void await_announced(const struct exec_child *child)
{
	uint32_t *word = (uint32_t *)&child->control->announced;
	struct twz_sync_op op = {.word = word, .value = 0, .kind = TWZ_SYNC_WAIT};
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0)
		twz_sys_thread_sync(&op, 1, TWZ_FOREVER);
}

/* Whether one of the events has come, which is then in *out. */
static bool has_event(struct exec_child *child, uint32_t events, struct twz_rt_wait_result *out)
{
	uint32_t state = __atomic_load_n(&child->control->state, __ATOMIC_ACQUIRE);
	uint32_t report = __atomic_load_n(&child->control->report, __ATOMIC_ACQUIRE);
	*out = (struct twz_rt_wait_result){.number = child->number};
	if (state != TWZ_VIEW_RUNNING) {
		await_announced(child);
		out->state = state;
		out->code = child->control->code;
		if (state == TWZ_VIEW_KILLED)
			memcpy(&out->fault, (const void *)&child->control->fault,
			       sizeof(out->fault));
		return events & TWZ_RT_WAIT_ENDED;
	}
	out->state = report & 0xff;
	out->code = report >> 8 & 0xff;
	child->seen = report;
	if (report == child->told ||
	    !((out->state == TWZ_RT_STOPPED && (events & TWZ_RT_WAIT_STOPPED)) ||
	      (out->state == TWZ_RT_CONTINUED && (events & TWZ_RT_WAIT_CONTINUED))))
		return false;
	if (!(events & TWZ_RT_WAIT_KEEP))
		child->told = report;
	return true;
}

/*
 * One look at the children that are meant, with the lock held. Returns 1 when one has an event, 0
 * and the list of words to wait on otherwise, NO_SUCH_THREAD when there is none.
 */
static twz_result look(int64_t who, uint32_t events, struct twz_rt_wait_result *out,
		       struct twz_sync_op **ops, size_t *count)
{
	size_t found = 0;
	for (struct exec_child **link = &children; *link != NULL; link = &(*link)->next) {
		struct exec_child *child = *link;
		if (!is_meant(child, who))
			continue;
		if (has_event(child, events, out)) {
			bool ended = out->state <= TWZ_VIEW_KILLED;
			if (ended && !(events & TWZ_RT_WAIT_KEEP)) {
				*link = child->next;
				exec_child_free(child);
				generation_changed();
			}
			return 1;
		}
		found++;
	}
	if (found == 0)
		return RT_ERROR(NO_SUCH_THREAD);
	*count = 2 * found + 1;
	*ops = twz_rt_malloc(*count * sizeof(**ops), _Alignof(struct twz_sync_op), 0);
	if (*ops == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	(*ops)[0] = (struct twz_sync_op){
		.word = &children_generation, .value = children_generation, .kind = TWZ_SYNC_WAIT};
	size_t at = 1;
	for (struct exec_child *child = children; child != NULL && at < *count;
	     child = child->next) {
		if (!is_meant(child, who))
			continue;
		(*ops)[at++] = (struct twz_sync_op){.word = (uint32_t *)&child->control->state,
						    .value = TWZ_VIEW_RUNNING,
						    .kind = TWZ_SYNC_WAIT};
		(*ops)[at++] = (struct twz_sync_op){.word = (uint32_t *)&child->control->report,
						    .value = child->seen,
						    .kind = TWZ_SYNC_WAIT};
	}
	for (; at < *count; at++) /* one has left the group meanwhile */
		(*ops)[at] = (*ops)[0];
	return 0;
}

twz_result twz_rt_exec_wait_event(int64_t who, uint32_t events, uint64_t deadline,
				  struct twz_rt_wait_result *out)
{
	const uint32_t all = TWZ_RT_WAIT_ENDED | TWZ_RT_WAIT_STOPPED | TWZ_RT_WAIT_CONTINUED;
	if (!rt_user_pointer(out, sizeof(*out)))
		return RT_ERROR(BAD_ADDRESS);
	if ((events & all) == 0 || (events & ~(all | TWZ_RT_WAIT_KEEP)) != 0 || who == INT64_MIN)
		return RT_ERROR(INVALID_ARGUMENT);
	twz_result slept = 0;
	for (;;) {
		struct twz_sync_op *ops = NULL;
		size_t count = 0;
		rt_lock(&children_lock);
		twz_result result = look(who, events, out, &ops, &count);
		rt_unlock(&children_lock);
		if (result != 0)
			return result < 0 ? result : out->number;
		/* What ended the sleep may be word of the very event: hence one look more. */
		bool last = slept < 0;
		if (!last)
			slept = twz_sys_thread_sync(ops, count, deadline);
		twz_rt_free(ops, count * sizeof(*ops), _Alignof(struct twz_sync_op));
		if (last)
			return slept;
		/* Another thread may have taken a child between our look and the sleep. */
		if (slept == RT_ERROR(BAD_ADDRESS))
			slept = 0;
	}
}

twz_result twz_rt_exec_wait(uint32_t number, uint64_t deadline, struct twz_rt_wait_result *out)
{
	return twz_rt_exec_wait_event(number, TWZ_RT_WAIT_ENDED, deadline, out);
}

twz_result twz_rt_exec_send(int64_t target, const struct twz_message *message, uint32_t flags)
{
	return twz_sys_program_send(target, message, flags);
}

twz_result twz_rt_exec_take(struct twz_message *out)
{
	return twz_sys_program_take(out);
}

twz_result twz_rt_exec_control(uint32_t number, uint32_t command, uint64_t argument)
{
	return twz_sys_program_control(number, command, argument);
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
