/* SPDX-License-Identifier: BSD-2-Clause */
/* pthread_once, through which an exception may leave: std::call_once promises that. */

#include "twix.h"

enum { FRESH = 0, RUNNING = 1, DONE = 2, AWAITED = 3 };

/* Only in a thread that is being cancelled, or that an exception leaves: the next caller tries
 * again. */
static void undo(void *control)
{
	/* All that wait are to look: who they are is not known from FRESH any more. */
	if (a_swap(control, FRESH) == AWAITED)
		__wake(control, -1, 1);
}

/*
 * The personality of run(), in the terms of the Itanium C++ ABI, Level I: nothing is caught here,
 * and on the way to who does catch, what pthread_cancel would have run is run. Cleanups above that
 * one are of frames that are gone.
 */
__attribute__((used)) static int leave(int version, int actions, uint64_t class, void *exception,
				       void *context)
{
	enum { CLEANUP_PHASE = 2, CONTINUE_UNWIND = 8 };
	struct __ptcb *top;
	int ours = 0;

	(void)version, (void)class, (void)exception, (void)context;
	while (actions & CLEANUP_PHASE && !ours && (top = __pthread_self()->cancelbuf)) {
		ours = top->__f == undo;
		_pthread_cleanup_pop(top, ours);
	}
	return CONTINUE_UNWIND;
}

/* Apart, because the personality is this function's alone. GCC's own would need all of its library
 * here. */
__attribute__((noinline)) static void run(pthread_once_t *control, void (*init)(void))
{
	__asm__ volatile(".cfi_personality 0x1b, leave"); /* DW_EH_PE_pcrel | DW_EH_PE_sdata4 */
	pthread_cleanup_push(undo, control);
	init();
	pthread_cleanup_pop(0);
}

/* musl has a short cut of its own to this. */
hidden int __pthread_once_full(pthread_once_t *control, void (*init)(void))
{
	for (;;) {
		switch (a_cas(control, FRESH, RUNNING)) {
		case FRESH:
			run(control, init);
			if (a_swap(control, DONE) == AWAITED)
				__wake(control, -1, 1);
			return 0;
		case RUNNING:
			a_cas(control, RUNNING, AWAITED);
			/* fall through */
		case AWAITED:
			__wait(control, 0, AWAITED, 1);
			break;
		default:
			return 0;
		}
	}
}

int __pthread_once(pthread_once_t *control, void (*init)(void))
{
	if (*(volatile int *)control != DONE)
		return __pthread_once_full(control, init);
	a_barrier(); /* what init() has written is seen */
	return 0;
}

weak_alias(__pthread_once, pthread_once);
