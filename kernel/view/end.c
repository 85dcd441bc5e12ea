/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of a program: its threads die, its maps go, who waits for it hears. */
#include <cpu.h>
#include <heap.h>
#include <log.h>
#include <main.h>
#include <object.h>
#include <sync.h>
#include <thread.h>
#include <timeline.h>
#include <timer.h>
#include <tlb.h>
#include <wait.h>
#include "../thread/state.h"
#include "internal.h"

struct hook {
	struct hook *next;
	view_end_hook function;
};

static struct hook *hooks;
static struct spinlock ended_lock = SPINLOCK_INIT(LOCK_DEVICE);
static struct wait_queue ended_waiters = WAIT_QUEUE_INIT(ended_waiters);

void view_on_end(view_end_hook function)
{
	struct hook *hook = kernel_alloc(sizeof(*hook));

	if (!hook)
		panic("out of memory at start");
	hook->function = function;
	hook->next = hooks;
	hooks = hook;
}

void view_end(struct view *view, uint32_t state, int32_t code, const struct twz_fault *fault)
{
	uint64_t flags = spin_lock(&view->lock);

	if (!view->exiting) {
		view->exiting = true;
		view->exit_state = state;
		view->exit_code = code;
		timeline_mark("program ended");
		if (fault)
			view->fault = *fault;
		LIST_FOR_EACH (node, &view->threads)
			thread_post(LIST_ENTRY(node, struct thread, view_node), PENDING_KILL);
	}
	spin_unlock(&view->lock, flags);
	timeline_print();
}

bool view_add_thread(struct view *view, struct thread *thread)
{
	uint64_t flags = spin_lock(&view->lock);
	bool added = !view->exiting;

	if (added) {
		list_append(&view->threads, &thread->view_node);
		if (!view->number)
			program_numbered(view, thread->number);
		if (++view->thread_count == 1)
			timeline_mark("program started");
		view->control_page->threads = view->thread_count;
	}
	spin_unlock(&view->lock, flags);
	return added;
}

/* No thread is left. In the context of the last one, or of who gives up a view without any. */
static void finish(struct view *view)
{
	struct object *control = view->control;
	struct twz_view_control *page = view->control_page;
	uint64_t flags, cpus;
	uint32_t marks;

	for (struct hook *hook = hooks; hook; hook = hook->next)
		hook->function(view);
	cpus = view->cpus;
	if (cpus)
		tlb_flush_cpus(cpus, view);
	view_clear(view);
	object_release_ties(control);

	flags = spin_lock(&view->lock);
	view->ended = true;
	marks = __atomic_load_n(&control->flags, __ATOMIC_RELAXED);
	spin_unlock(&view->lock, flags);

	page->threads = 0;
	page->code = view->exit_code;
	page->fault = view->fault;
	/* Who hears of the end by the message finds the state changed; who sees that first waits.
	 */
	__atomic_store_n(&page->state, view->exit_state, __ATOMIC_RELEASE);
	program_ended(view);
	__atomic_store_n(&page->announced, 1, __ATOMIC_RELEASE);
	sync_wake_object(control, offsetof(struct twz_view_control, state), ~0u);
	sync_wake_object(control, offsetof(struct twz_view_control, announced), ~0u);

	flags = spin_lock(&ended_lock);
	wait_wake_all(&ended_waiters);
	spin_unlock(&ended_lock, flags);

	if (marks & OBJECT_DELETED)
		view_control_deleted(view); /* before it had ended */
	else if (marks & OBJECT_ORPHAN)
		object_delete(control);
	view->control = NULL;
	object_put(control);
	view_leave_family(view);
}

void view_lose_thread(struct view *view, struct thread *thread)
{
	uint64_t flags = spin_lock(&view->lock);
	bool last;

	list_remove(&thread->view_node);
	view->thread_count--;
	view->control_page->threads = view->thread_count;
	view->run_time += thread->run_time;
	last = view->thread_count == 0;
	if (last && !view->exiting) {
		/* every thread ended by itself: the program exits with 0 */
		view->exiting = true;
		view->exit_state = TWZ_VIEW_EXITED;
	}
	spin_unlock(&view->lock, flags);
	if (last) {
		finish(view);
		race_window("end");
	}
}

bool view_disown(struct view *view)
{
	uint64_t flags = spin_lock(&view->lock);
	bool runs = view->thread_count > 0, empty = !runs && !view->exiting;

	if (!view->ended)
		__atomic_or_fetch(&view->control->flags, OBJECT_ORPHAN, __ATOMIC_RELAXED);
	if (empty) {
		view->exiting = true;
		view->exit_state = TWZ_VIEW_KILLED;
	}
	spin_unlock(&view->lock, flags);
	if (empty)
		finish(view);
	return runs;
}

void view_control_deleted(struct view *view)
{
	uint64_t flags = spin_lock(&view->lock);
	/* finish sees under the lock that the id is gone, or is seen to be that far */
	uint32_t number = view->ended ? view->number : 0;

	spin_unlock(&view->lock, flags);
	if (number)
		program_number_release(number, view);
}

void view_abandon(struct view *view)
{
	view_disown(view);
	view_put(view);
}

twz_result view_wait(struct view *view, uint64_t deadline)
{
	uint64_t flags = spin_lock(&ended_lock);
	twz_result result = TWZ_OK;

	while (!view->ended && result >= 0)
		result = wait_sleep(&ended_waiters, &ended_lock, deadline);
	spin_unlock(&ended_lock, flags);
	return result;
}
