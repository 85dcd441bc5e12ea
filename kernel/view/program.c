/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs by number: whose child they are, groups, sessions, and the messages left with them. */
#include <heap.h>
#include <object.h>
#include <thread.h>
#include "../thread/state.h"
#include "internal.h"

struct message {
	struct list node;
	struct twz_message message;
};

/* The codes of a child's end (POSIX: CLD_EXITED, CLD_KILLED). */
enum { CHILD_EXITED = 1, CHILD_KILLED = 2 };

void program_made(struct view *view, const struct view *maker)
{
	view->parent = maker->number;
	view->parent_serial = maker->serial;
	/* a maker that knows nothing of messages knows nothing of groups: each child has its own */
	if (maker->takes & TWZ_TAKES_MESSAGES) {
		view->group = maker->group;
		view->session = maker->session;
	}
}

void program_numbered(struct view *view, uint32_t number)
{
	view->number = number;
	if (!view->known_as)
		view->known_as = number;
	if (!view->group)
		view->group = view->session = number;
	program_number_keep(number, view);
}

struct view *program_find(uint64_t number)
{
	struct view *view = program_number_find(number), *next;

	while (view) {
		uint64_t flags = spin_lock(&view->lock);

		next = view->successor;
		if (next)
			view_get(next);
		spin_unlock(&view->lock, flags);
		if (!next)
			break;
		view_put(view);
		view = next;
	}
	return view;
}

/* The view's lock is held; *entry is used up or left to the caller. */
static twz_result append(struct view *view, const struct twz_message *message,
			 struct message **entry)
{
	uint64_t bit = 1ull << (message->signal - 1);

	if (message->signal < TWZ_MESSAGE_QUEUED && view->message_set & bit)
		return TWZ_OK;
	if (!*entry || view->message_count >= TWZ_MESSAGE_MAX)
		return -TWZ_ERR_OUT_OF_MEMORY;
	(*entry)->message = *message;
	list_append(&view->messages, &(*entry)->node);
	*entry = NULL;
	view->message_count++;
	if (message->signal < TWZ_MESSAGE_QUEUED)
		view->message_set |= bit;
	return TWZ_OK;
}

twz_result program_post(struct view *view, const struct twz_message *message, uint32_t takes)
{
	struct message *entry = kernel_alloc(sizeof(*entry));
	uint64_t flags = spin_lock(&view->lock);
	twz_result result = -TWZ_ERR_NOT_SUPPORTED;

	if (!view->exiting && (view->takes & takes) == takes)
		result = append(view, message, &entry);
	if (result >= 0 && !list_empty(&view->threads)) {
		struct thread *thread = LIST_ENTRY(view->threads.next, struct thread, view_node);

		__atomic_or_fetch(&thread->interrupts, 1ull << (TWZ_INTERRUPT_MESSAGE - 1),
				  __ATOMIC_SEQ_CST);
		thread_post(thread, PENDING_INTERRUPT);
	}
	spin_unlock(&view->lock, flags);
	kernel_free(entry);
	return result;
}

bool program_take(struct view *view, struct twz_message *out)
{
	uint64_t flags = spin_lock(&view->lock);
	struct list *node = list_pop(&view->messages);
	struct message *entry = node ? LIST_ENTRY(node, struct message, node) : NULL;

	if (entry) {
		view->message_count--;
		if (entry->message.signal < TWZ_MESSAGE_QUEUED)
			view->message_set &= ~(1ull << (entry->message.signal - 1));
		*out = entry->message;
	}
	spin_unlock(&view->lock, flags);
	kernel_free(entry);
	return node != NULL;
}

void program_ended(struct view *view)
{
	struct twz_message message = {
		.signal = TWZ_MESSAGE_CHILD,
		.code = view->exit_state == TWZ_VIEW_KILLED ? CHILD_KILLED : CHILD_EXITED,
		.sender = view->number,
		.status = view->exit_code,
	};
	struct view *parent = program_number_find(view->parent), *successor;
	uint64_t flags;

	if (parent && parent->serial == view->parent_serial)
		program_post(parent, &message, TWZ_TAKES_MESSAGES | TWZ_TAKES_CHILDREN);
	if (parent)
		view_put(parent);
	while (program_take(view, &message))
		continue;
	flags = spin_lock(&view->lock);
	successor = view->successor;
	view->successor = NULL;
	spin_unlock(&view->lock, flags);
	if (successor)
		view_put(successor);
}

void program_succeed(struct view *view, struct view *successor)
{
	struct twz_message message;
	struct view *former;
	uint64_t flags;

	if (successor) {
		flags = spin_lock(&successor->lock);
		successor->known_as = view->known_as;
		spin_unlock(&successor->lock, flags);
		view_get(successor);
	}
	flags = spin_lock(&view->lock);
	former = view->successor;
	view->successor = successor;
	spin_unlock(&view->lock, flags);
	if (former)
		view_put(former);
	while (successor && program_take(view, &message))
		program_post(successor, &message, TWZ_TAKES_MESSAGES);
}
