/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept of the thread that ended its program, so that others can name its callers. */
#include <heap.h>
#include <string.h>
#include <thread.h>
#include <user.h>
#include <view.h>
#include "../thread/internal.h"
#include "internal.h"

/* Where an image that wants one place stands: the usual one of the processor's ABI supplement. */
#define FIXED_IMAGE 0x400000ull

#define BIT(signal) (1ull << (signal))
/* SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS */
#define DEFECTS                                                                              \
	(BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) | BIT(24) | BIT(25) | \
	 BIT(31))

/* The slots with something to execute, at most TWZ_CRASH_IMAGES; returns how many. */
static uint32_t executable_slots(struct view *view, uint64_t *slots)
{
	uint32_t count = 0;
	uint64_t flags = spin_lock(&view->lock);

	for (const struct mapping *map = view_next_mapping(view, 0);
	     map && count < TWZ_CRASH_IMAGES; map = view_next_mapping(view, map->slot + 1))
		if (map->rights & TWZ_RIGHT_EXEC)
			slots[count++] = map->slot;
	spin_unlock(&view->lock, flags);
	return count;
}

static uint32_t keep_images(struct view *view, struct twz_crash_image *images)
{
	uint64_t slots[TWZ_CRASH_IMAGES];
	uint32_t count = executable_slots(view, slots), kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct twz_crash_image *image = &images[kept];

		image->base = slots[i] ? slots[i] << TWZ_SLOT_SHIFT : FIXED_IMAGE;
		if (copy_from_user(image->header, (const void *)image->base,
				   sizeof(image->header)) >= 0 &&
		    memcmp(image->header, "\177ELF", 4) == 0)
			kept++;
	}
	return kept;
}

/*
 * The stack from `start` on, page by page: a stack that overflowed begins where nothing can be
 * read, and its callers stand above. Returns how far the last page reaches that could be read.
 */
static uint64_t keep_stack(uint8_t *to, uint64_t start)
{
	uint64_t reached = 0, step;

	for (uint64_t at = 0; at < TWZ_CRASH_STACK && start + at < USER_END; at += step) {
		step = PAGE_SIZE - ((start + at) & (PAGE_SIZE - 1));
		if (step > TWZ_CRASH_STACK - at)
			step = TWZ_CRASH_STACK - at;
		if (copy_from_user(to + at, (const void *)(start + at), step) >= 0)
			reached = at + step;
		else
			memset(to + at, 0, step);
	}
	return reached;
}

/* As much memory as it needs, no more: it stays until the program's parent has asked. */
static struct twz_crash *copy_of(const struct twz_crash *crash, uint64_t size)
{
	struct twz_crash *copy = kernel_alloc(size);

	if (copy)
		memcpy(copy, crash, size);
	return copy;
}

/* A copy of what a program has kept that ran in this one's place and died. */
static struct twz_crash *successors(struct view *view, uint64_t *size)
{
	struct twz_crash *crash = NULL;
	struct view *successor;
	uint64_t flags = spin_lock(&view->lock);

	successor = view->successor;
	if (successor)
		view_get(successor);
	spin_unlock(&view->lock, flags);
	if (!successor)
		return NULL;
	if (successor->ended && successor->crash) {
		*size = successor->crash_size;
		crash = copy_of(successor->crash, *size);
	}
	view_put(successor);
	return crash;
}

static struct twz_crash *make(struct view *view, const struct trap_frame *frame, uint64_t *size)
{
	const struct thread *thread = current_thread();
	struct twz_crash *crash = kernel_alloc(TWZ_CRASH_MAX), *copy;
	struct twz_crash_image *images = (struct twz_crash_image *)(crash + 1);
	uint8_t *stack;

	if (!crash)
		return NULL;
	crash->thread = thread->number;
	memcpy(crash->name, thread->name, sizeof(crash->name));
	registers_from_frame(&crash->registers, frame);
	crash->image_count = keep_images(view, images);
	crash->stack = frame->rsp;
	stack = (uint8_t *)(images + crash->image_count);
	crash->stack_length = keep_stack(stack, frame->rsp);
	*size = (uint64_t)(stack - (uint8_t *)crash) + crash->stack_length;
	copy = copy_of(crash, *size);
	kernel_free(crash);
	return copy;
}

void view_keep_crash(struct view *view, const struct trap_frame *frame, int32_t signal)
{
	struct twz_crash *crash;
	uint64_t size = 0, flags;
	bool kept;

	if (signal < 1 || signal > 63 || !(DEFECTS & BIT(signal)))
		return;
	crash = successors(view, &size);
	if (!crash)
		crash = make(view, frame, &size);
	flags = spin_lock(&view->lock);
	kept = crash && !view->crash && !view->exiting;
	if (kept) {
		view->crash_size = size;
		view->crash = crash; /* it does not change any more */
	}
	spin_unlock(&view->lock, flags);
	if (!kept)
		kernel_free(crash);
}

twz_result view_copy_crash(struct view *view, void *user)
{
	twz_result result;

	if (!view->ended || !view->crash || view->exit_state != TWZ_VIEW_KILLED)
		return -TWZ_ERR_NOT_FOUND;
	result = copy_to_user(user, view->crash, view->crash_size);
	return result < 0 ? result : (twz_result)view->crash_size;
}
