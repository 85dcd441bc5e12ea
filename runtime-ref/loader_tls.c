/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread-local storage of a dynamic program ("ELF Handling for Thread-Local Storage", Drepper,
 * variant II). One thread's memory, the control block at a multiple of the largest alignment:
 *
 *   [surplus][static blocks][struct twz_rt_tcb][libstd-c's trailing area][struct thread_tls][dtv]
 *
 * The libraries of the program's start have static blocks. A dlopened one gets its block in each
 * thread at first use, or a part of the surplus when its code wants static storage.
 */
#include "../runtime-min/start.h"
#include "loader.h"

#define BLOCK_ALIGN 64
/* Static storage that dlopened libraries may take, as much as other systems keep. */
#define SURPLUS 2048

struct thread_tls {
	struct thread_tls *next, *previous;
	uintptr_t *first_dtv; /* the one in the block; a larger one is twz_rt_malloc'ed */
	struct twz_rt_tcb *tcb;
	struct loader_message message;
};

/* Held briefly and never while other code runs: unlike the loader's lock, a constructor never has
 * it. */
static struct rt_lock tls_lock;
static struct library **modules; /* [id - 1], NULL: free */
static size_t module_count, module_capacity;
static struct thread_tls *threads;

/* Set once, before the program runs. */
static size_t static_size, block_align = BLOCK_ALIGN, trailing_area, first_dtv_count;
static size_t static_used;

static size_t first_modules_size(void)
{
	return (first_dtv_count + 1) * sizeof(uintptr_t);
}

static struct thread_tls *thread_of(struct twz_rt_tcb *tcb)
{
	return (struct thread_tls *)((uint8_t *)(tcb + 1) + trailing_area);
}

static struct twz_rt_tcb *current(void)
{
	struct twz_rt_tcb *tcb;
	__asm__ volatile("mov %%fs:0, %0" : "=r"(tcb));
	return tcb;
}

struct loader_message *tls_thread_message(void)
{
	static struct loader_message at_start;
	return loader_ready ? &thread_of(current())->message : &at_start;
}

/* Finds a free number for a module; the lock is held. */
static int take_number(struct library *library)
{
	size_t id = 0;
	while (id < module_count && modules[id] != NULL)
		id++;
	if (id == module_capacity) {
		size_t capacity = module_capacity * 2 + 8;
		struct library **larger =
			twz_rt_realloc(modules, module_capacity * sizeof(*modules), 8,
				       capacity * sizeof(*modules), 0);
		if (larger == NULL)
			return loader_fail(library->path, "out of memory", NULL);
		modules = larger;
		module_capacity = capacity;
	}
	if (id == module_count)
		module_count++;
	modules[id] = library;
	library->tls.id = id + 1;
	return 0;
}

/* The next static offset for a block; the thread control block is aligned as its largest. */
static size_t static_offset(const struct tls_module *tls)
{
	return rt_round_up(static_used + tls->size, tls->align);
}

int tls_assign(struct library *first, int at_start)
{
	int result = 0;
	rt_lock(&tls_lock);
	for (struct library *library = first; library != NULL && result == 0;
	     library = library->next) {
		struct tls_module *tls = &library->tls;
		if (tls->size == 0 || tls->id != 0)
			continue;
		result = take_number(library);
		if (result == 0 && at_start) {
			tls->offset = static_used = static_offset(tls);
			if (tls->align > block_align)
				block_align = tls->align;
		}
	}
	rt_unlock(&tls_lock);
	return result;
}

void tls_layout_done(size_t thread_area)
{
	static_size = static_used + SURPLUS;
	trailing_area = rt_round_up(thread_area, 16);
	first_dtv_count = module_count;
}

int tls_make_static(struct library *library)
{
	int result = -1;
	rt_lock(&tls_lock);
	size_t offset = static_offset(&library->tls);
	if (library->tls.align <= block_align && offset <= static_size) {
		library->tls.offset = static_used = offset;
		result = 0;
	}
	rt_unlock(&tls_lock);
	return result;
}

static void fill_static(struct twz_rt_tcb *tcb, const struct tls_module *tls)
{
	uint8_t *block = (uint8_t *)tcb - tls->offset;
	memcpy(block, tls->image, tls->file_size);
	memset(block + tls->file_size, 0, tls->size - tls->file_size);
	if (tls->id <= tcb->dtv[0])
		tcb->dtv[tls->id] = (uintptr_t)block;
}

void tls_publish(struct library *first)
{
	rt_lock(&tls_lock);
	for (struct library *library = first; library != NULL; library = library->next) {
		if (library->tls.id == 0 || library->tls.offset == 0)
			continue;
		for (struct thread_tls *thread = threads; thread != NULL; thread = thread->next)
			fill_static(thread->tcb, &library->tls);
	}
	rt_unlock(&tls_lock);
}

static void free_block(struct twz_rt_tcb *tcb, const struct tls_module *tls)
{
	if (tls->id > tcb->dtv[0])
		return;
	uintptr_t block = tcb->dtv[tls->id];
	tcb->dtv[tls->id] = 0;
	if (block != 0 && tls->offset == 0)
		twz_rt_free((void *)block, tls->size, tls->align);
}

void tls_release(struct library *library)
{
	struct tls_module *tls = &library->tls;
	if (tls->id == 0)
		return;
	rt_lock(&tls_lock);
	for (struct thread_tls *thread = threads; thread != NULL; thread = thread->next)
		free_block(thread->tcb, tls);
	/* The last piece of the surplus can be given back. */
	if (tls->offset != 0 && tls->offset == static_used)
		static_used -= tls->size;
	modules[tls->id - 1] = NULL;
	rt_unlock(&tls_lock);
}

void tls_before_fork(void)
{
	rt_lock(&tls_lock);
}

void tls_after_fork(bool child)
{
	if (child) {
		threads = thread_of(current());
		threads->next = threads->previous = NULL;
	}
	rt_unlock(&tls_lock);
}

size_t twz_rt_tls_size(void)
{
	size_t size = rt_round_up(static_size, block_align) + (block_align - BLOCK_ALIGN);
	size += sizeof(struct twz_rt_tcb) + trailing_area + sizeof(struct thread_tls);
	return rt_round_up(size + first_modules_size(), BLOCK_ALIGN);
}

struct twz_rt_tcb *twz_rt_tls_init(void *memory)
{
	struct twz_rt_tcb *tcb = (void *)rt_round_up((uintptr_t)memory + static_size, block_align);
	struct thread_tls *thread = thread_of(tcb);
	*thread = (struct thread_tls){.first_dtv = (uintptr_t *)(thread + 1), .tcb = tcb};
	tcb->self = tcb;
	tcb->dtv = thread->first_dtv;
	tcb->dtv[0] = first_dtv_count;
	tcb->canary = rt_canary;
	rt_lock(&tls_lock);
	for (size_t i = 0; i < module_count; i++) {
		if (modules[i] != NULL && modules[i]->tls.offset != 0)
			fill_static(tcb, &modules[i]->tls);
	}
	thread->next = threads;
	if (threads != NULL)
		threads->previous = thread;
	threads = thread;
	rt_unlock(&tls_lock);
	return tcb;
}

static void free_dtv(struct thread_tls *thread)
{
	uintptr_t *dtv = thread->tcb->dtv;
	thread->tcb->dtv = thread->first_dtv;
	if (dtv != thread->first_dtv)
		twz_rt_free(dtv, (dtv[0] + 1) * sizeof(*dtv), 8);
}

void twz_rt_tls_fini(struct twz_rt_tcb *tcb)
{
	struct thread_tls *thread = thread_of(tcb);
	rt_lock(&tls_lock);
	for (size_t i = 0; i < module_count; i++) {
		if (modules[i] != NULL)
			free_block(tcb, &modules[i]->tls);
	}
	if (thread->next != NULL)
		thread->next->previous = thread->previous;
	if (thread->previous != NULL)
		thread->previous->next = thread->next;
	else
		threads = thread->next;
	free_dtv(thread);
	rt_unlock(&tls_lock);
	if (thread->message.text != NULL)
		twz_rt_free(thread->message.text, thread->message.size, 1);
	thread->message = (struct loader_message){0};
}

/* Makes the thread's DTV long enough for every module; the lock is held. */
static int grow_dtv(struct thread_tls *thread)
{
	uintptr_t *old = thread->tcb->dtv;
	size_t count = module_count;
	if (count <= old[0])
		return 0;
	uintptr_t *dtv = twz_rt_malloc((count + 1) * sizeof(*dtv), 8, TWZ_MALLOC_ZERO);
	if (dtv == NULL)
		return -1;
	memcpy(dtv + 1, old + 1, old[0] * sizeof(*dtv));
	dtv[0] = count;
	free_dtv(thread);
	thread->tcb->dtv = dtv;
	return 0;
}

/* The calling thread's first access to a module. */
static uintptr_t make_block(struct twz_rt_tcb *tcb, size_t id)
{
	uintptr_t block = 0;
	rt_lock(&tls_lock);
	if (id == 0 || id > module_count || modules[id - 1] == NULL) {
		rt_unlock(&tls_lock);
		rt_fatal("a thread-local access to a library that is not loaded");
	}
	const struct tls_module *tls = &modules[id - 1]->tls;
	if (grow_dtv(thread_of(tcb)) == 0) {
		if (tls->offset != 0) {
			block = (uintptr_t)tcb - tls->offset;
		} else {
			block = (uintptr_t)twz_rt_malloc(tls->size, tls->align, TWZ_MALLOC_ZERO);
			if (block != 0)
				memcpy((void *)block, tls->image, tls->file_size);
		}
		tcb->dtv[id] = block;
	}
	rt_unlock(&tls_lock);
	if (block == 0)
		rt_fatal("out of memory for thread-local storage");
	return block;
}

void *twz_rt_tls_get_addr(struct twz_rt_tls_index *index)
{
	struct twz_rt_tcb *tcb = current();
	uintptr_t block = 0;
	if (index->module <= tcb->dtv[0] && index->module != 0)
		block = tcb->dtv[index->module];
	if (block == 0)
		block = make_block(tcb, index->module);
	return (void *)(block + index->offset);
}
