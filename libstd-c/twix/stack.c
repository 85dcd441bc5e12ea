/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stacks of threads: pthread_create and pthread_join map and unmap them here (build.py renames
 * __mmap, __mprotect and __munmap in those two files), and a few of the last ones joined are kept.
 * A kept stack has its pages and its guard; only the thread's block at the top is cleared.
 */

#include <string.h>
#include <sys/mman.h>
#include "libc.h"
#include "twix.h"

#define KEPT	  8	     /* stacks */
#define KEPT_SIZE (2u << 20) /* bytes; longer ones are given back */

/* Lies below a thread's block: libc.tls_size has room for it. */
struct stack {
	void *map;
	size_t size, guard;
};
TWZ_STATIC_ASSERT(sizeof(struct stack) <= TWIX_STACK_HEAD, "the head has its place");

extern volatile size_t __pthread_tsd_size;

/* No lock: a fork in between leaves the child with slots that it can use. */
static struct stack *kept[KEPT];

static struct stack *head_of(void *map, size_t size)
{
	return (struct stack *)((char *)map + size - __pthread_tsd_size - libc.tls_size);
}

static int keep(struct stack *stack)
{
	for (int i = 0; i < KEPT; i++) {
		struct stack *none = NULL;

		if (!__atomic_load_n(&kept[i], __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&kept[i], &none, stack, 0, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED))
			return 1;
	}
	return 0;
}

static struct stack *take(size_t size, int guarded)
{
	for (int i = 0; i < KEPT; i++) {
		struct stack *stack;

		if (!__atomic_load_n(&kept[i], __ATOMIC_RELAXED))
			continue;
		stack = __atomic_exchange_n(&kept[i], NULL, __ATOMIC_ACQUIRE);
		if (!stack)
			continue;
		if (stack->size == size && !stack->guard == !guarded)
			return stack;
		if (!keep(stack))
			__munmap(stack->map, stack->size);
	}
	return NULL;
}

/*
 * As __mmap of private memory. PROT_NONE asks for a stack with a guard, which twix_stack_protect
 * sets next: it is mapped writable at first, so that only the guard's pages change.
 */
void *twix_stack_map(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
	struct twix_thread *self = twix_self();
	struct stack *stack = take(size, protection == PROT_NONE);
	void *map;

	self->stack_guard = 0;
	if (!stack) {
		map = __mmap(address, size, PROT_READ | PROT_WRITE, flags, fd, offset);
		self->stack_map = map;
		return map;
	}
	map = stack->map;
	self->stack_guard = stack->guard;
	self->stack_map = map;
	memset(stack, 0, __pthread_tsd_size + libc.tls_size);
	return map;
}

/* As __mprotect of the stack that this thread has just mapped: all above the guard is writable. */
int twix_stack_protect(void *start, size_t length, int protection)
{
	struct twix_thread *self = twix_self();
	size_t guard = (size_t)((char *)start - (char *)self->stack_map);
	int result = 0;

	if (self->stack_guard != guard) {
		if (self->stack_guard)
			result = __mprotect(self->stack_map, guard + length, protection);
		if (!result)
			result = __mprotect(self->stack_map, guard, PROT_NONE);
	}
	/* a guard that is none never fits again */
	head_of(self->stack_map, guard + length)->guard = result ? 1 : guard;
	return result;
}

/* As __munmap of a stack that no thread runs on any more. */
int twix_stack_unmap(void *map, size_t size)
{
	struct stack *stack = head_of(map, size);

	stack->map = map;
	stack->size = size;
	if (size <= KEPT_SIZE && keep(stack))
		return 0;
	return __munmap(map, size);
}
