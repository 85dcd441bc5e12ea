/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's course: itself, the program, what it needs, relocation, TLS, and into the program.
 */
#include "../runtime-min/start.h"
#include "loader.h"

#include "tlsdesc.h"

struct library *libraries;
struct library *program;
struct library *self;
uint64_t library_loads, library_unloads;
int loader_ready;

static struct rt_lock lock;
static struct twz_rt_tcb *lock_holder;
static uint32_t lock_depth;

/* Before the program runs there is one thread and no thread control block. */
void loader_lock(void)
{
	struct twz_rt_tcb *me;
	if (!loader_ready)
		return;
	__asm__ volatile("mov %%fs:0, %0" : "=r"(me));
	if (__atomic_load_n(&lock_holder, __ATOMIC_RELAXED) != me) {
		rt_lock(&lock);
		__atomic_store_n(&lock_holder, me, __ATOMIC_RELAXED);
	}
	lock_depth++;
}

void loader_unlock(void)
{
	if (!loader_ready || --lock_depth > 0)
		return;
	__atomic_store_n(&lock_holder, NULL, __ATOMIC_RELAXED);
	rt_unlock(&lock);
}

static struct rt_lock list_lock;

void libraries_read_lock(void)
{
	rt_lock(&list_lock);
}

void libraries_read_unlock(void)
{
	rt_unlock(&list_lock);
}

void runtime_before_fork(void)
{
	loader_lock();
	rt_lock(&list_lock);
	tls_before_fork();
}

void runtime_after_fork(bool child)
{
	tls_after_fork(child);
	rt_unlock(&list_lock);
	loader_unlock();
}

void libraries_append(struct library *library)
{
	rt_lock(&list_lock);
	struct library **link = &libraries;
	while (*link != NULL)
		link = &(*link)->next;
	*link = library;
	rt_unlock(&list_lock);
}

/* The arguments of dynamic TLS descriptors are the loader's (loader_relocate.c). */
static void free_descriptors(const struct library *library)
{
	static const uint32_t type_tlsdesc = 36;
	const struct relocations *lists = &library->relocations;
	const struct elf_rela *tables[2] = {lists->rela, lists->plt};
	size_t counts[2] = {lists->rela_count, lists->plt_count};
	for (int table = 0; table < 2; table++) {
		for (size_t i = 0; i < counts[table]; i++) {
			const struct elf_rela *rela = &tables[table][i];
			if ((uint32_t)rela->info != type_tlsdesc)
				continue;
			const uint64_t *word = library_at(library, rela->offset, 16);
			if (word != NULL && word[0] == (uintptr_t)tlsdesc_dynamic)
				twz_rt_free((void *)word[1], sizeof(struct twz_rt_tls_index),
					    _Alignof(struct twz_rt_tls_index));
		}
	}
}

void library_free(struct library *library)
{
	rt_lock(&list_lock);
	struct library **link = &libraries;
	while (*link != NULL && *link != library)
		link = &(*link)->next;
	if (*link != NULL)
		*link = library->next;
	rt_unlock(&list_lock);
	tls_release(library);
	if (library->owned) {
		free_descriptors(library);
		twz_sys_view_unmap(0, 0, library->image.slot);
		twz_sys_object_delete(library->image.object.hi, library->image.object.lo);
		twz_rt_free(library->segments,
			    library->elf.segment_count * sizeof(struct elf_segment), 8);
	}
	if (library->needed != NULL)
		twz_rt_free(library->needed, library->needed_capacity * sizeof(struct library *),
			    8);
	if (library->scope != NULL)
		twz_rt_free(library->scope, library->scope_count * sizeof(struct library *), 8);
	if (library->path_size != 0)
		twz_rt_free(library->path, library->path_size, 1);
	twz_rt_free(library, sizeof(*library), _Alignof(struct library));
}

/* Where libstd-c says how much room its part of a thread needs; 0 without libstd-c. */
static size_t thread_area(void)
{
	struct symbol_name name = symbol_name("twz_libc_thread_area");
	struct symbol_found found = symbol_lookup(NULL, &name, NULL);
	if (found.library == NULL)
		return 0;
	const size_t *area = library_at(found.library, found.symbol->value, sizeof(*area));
	return area != NULL && *area <= TWZ_SLOT_SIZE / 2 ? *area : 0;
}

static int load_all(void)
{
	if (library_adopt_program() < 0 || library_adopt_self() < 0 ||
	    libraries_load_needed(libraries) < 0)
		return -1;
	for (struct library *library = libraries; library != NULL; library = library->next) {
		library->permanent = 1;
		library->global = 1;
		library_loads++;
	}
	if (tls_assign(libraries, 1) < 0)
		return -1;
	tls_layout_done(thread_area());
	debug_start();
	return libraries_relocate(libraries);
}

/* The first thread's TLS and control block; after this, code of the program may run. */
static void make_first_thread(void)
{
	void *memory;
	if (twz_rt_range_map(NULL, twz_rt_tls_size(), TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, 0, -1, 0,
			     &memory) < 0)
		rt_fatal("out of memory for the first thread's thread-local storage");
	if (twz_rt_thread_set_tcb(twz_rt_tls_init(memory)) < 0)
		rt_fatal("the kernel refuses the thread pointer");
	loader_ready = 1;
}

RT_BEGIN
uintptr_t loader_start(uintptr_t *sp) __attribute__((used));
RT_END

/* Called by start.S once libtwz_rt.so is relocated. Returns the program's entry point. */
uintptr_t loader_start(uintptr_t *sp)
{
	rt_start_parse(sp);
	exec_begin(rt_start.spawn);
	rt_fd_start();
	if (rt_start.base == 0) {
		loader_complain("it loads programs and is none itself; run a program", NULL);
		loader_die();
	}
	if (load_all() < 0)
		loader_die();
	debug_changed(DEBUG_CONSISTENT);
	make_first_thread();
	return rt_start.entry;
}

void twz_rt_entry(uintptr_t *sp, void (*start)(uintptr_t *sp))
{
	/* The loader has made the runtime ready. */
	start(sp);
	twz_rt_abort();
}
