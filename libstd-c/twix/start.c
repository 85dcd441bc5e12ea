/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What musl's dynamic linker and static TLS code did at a program's start: here the runtime has
 * made the first thread's control block before anything of libstd-c runs.
 */

#include <elf.h>
#include <string.h>
#include <unistd.h>
#include "libc.h"
#include "signals.h"

TWZ_STATIC_ASSERT(offsetof(struct pthread, dtv) == offsetof(struct twz_rt_tcb, dtv) &&
			  offsetof(struct pthread, canary) == offsetof(struct twz_rt_tcb, canary) &&
			  offsetof(struct pthread, tid) == sizeof(struct twz_rt_tcb),
		  "struct pthread begins with the thread control block");
TWZ_STATIC_ASSERT(sizeof(struct pthread) % 8 == 0, "struct twix_thread follows aligned");

#define TLS_ALIGN 64 /* of the memory that twz_rt_tls_init takes */

const size_t twz_libc_thread_area =
	sizeof(struct pthread) - sizeof(struct twz_rt_tcb) + sizeof(struct twix_thread);

volatile int __thread_list_lock;

/* Called by __libc_start_main's first half, and by it alone. */
void __init_tls(size_t *aux)
{
	struct pthread *self = __pthread_self();
	size_t size = twz_rt_default_stack_size();

	(void)aux;
	libc.page_size = TWZ_PAGE_SIZE;
	libc.tls_size = TWIX_STACK_HEAD + twz_rt_tls_size() + TLS_ALIGN;
	libc.can_do_threads = 1;
	if (size > __default_stacksize)
		__default_stacksize = size < DEFAULT_STACK_MAX ? (unsigned)size : DEFAULT_STACK_MAX;
	self->detach_state = DT_JOINABLE;
	self->tid = (int)twz_rt_thread_set_clear_word((uint32_t *)&__thread_list_lock);
	self->locale = &libc.global_locale;
	self->robust_list.head = &self->robust_list.head;
	self->next = self->prev = self;
	twz_rt_thread_interrupt_words(&twix_self()->words);
	twix_thread_enter(twix_self());
	twix_use_upcalls(); /* for trampolines, before anything can call one */
}

/* A new thread's block in libc.tls_size zeroed bytes, behind what stack.c keeps there. */
void *__copy_tls(unsigned char *memory)
{
	uintptr_t start = (uintptr_t)memory + TWIX_STACK_HEAD + TLS_ALIGN - 1;

	return twz_rt_tls_init((void *)(start & -(uintptr_t)TLS_ALIGN));
}

/* Constructors and destructors of all images, in the runtime's order. */
void __libc_start_init(void)
{
	char **argv = __environ - 1;
	int argc = 0;

	/* The environment follows the arguments, and before those stands their number. */
	for (; (uintptr_t)argv[-1] != (uintptr_t)argc; argc++)
		argv--;
	twz_rt_run_constructors(argc, argv, __environ);
}

void __libc_exit_fini(void)
{
	twz_rt_run_destructors();
}
