/* SPDX-License-Identifier: BSD-2-Clause */
/* Entry, TLS, images, exit: the Runtime ABI over Linux for static programs. */

#include "linux.h"

struct phdr {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_size, memory_size, align;
};
enum { PHDR_DYNAMIC = 2, PHDR_SELF = 6, PHDR_TLS = 7, PHDR_EH_FRAME = 0x6474e550 };
enum { AUX_PHDR = 3, AUX_PHNUM = 5, AUX_RANDOM = 25, AUX_EXECFN = 31 };

struct host_program host_program;
static const struct phdr *tls;
static const struct phdr *eh_frame;

extern const char _DYNAMIC[] __attribute__((weak, visibility("hidden")));
extern const size_t twz_libc_thread_area __attribute__((weak));
typedef void constructor(int argc, char **argv, char **envp);
extern constructor *const __preinit_array_start[] __attribute__((weak));
extern constructor *const __preinit_array_end[] __attribute__((weak));
extern constructor *const __init_array_start[] __attribute__((weak));
extern constructor *const __init_array_end[] __attribute__((weak));
extern void (*const __fini_array_start[])(void) __attribute__((weak));
extern void (*const __fini_array_end[])(void) __attribute__((weak));

twz_result linux_result(long result)
{
	static const struct {
		int linux, twizzler;
	} errors[] = {
		{1, TWZ_ERR_ACCESS_DENIED},
		{2, TWZ_ERR_NOT_FOUND},
		{3, TWZ_ERR_NO_SUCH_THREAD},
		{4, TWZ_ERR_INTERRUPTED},
		{5, TWZ_ERR_IO},
		{8, TWZ_ERR_BAD_FORMAT},
		{9, TWZ_ERR_BAD_HANDLE},
		{10, TWZ_ERR_NO_SUCH_THREAD},
		{11, TWZ_ERR_WOULD_BLOCK},
		{12, TWZ_ERR_OUT_OF_MEMORY},
		{13, TWZ_ERR_ACCESS_DENIED},
		{14, TWZ_ERR_BAD_ADDRESS},
		{16, TWZ_ERR_BUSY},
		{17, TWZ_ERR_EXISTS},
		{18, TWZ_ERR_CROSS_DEVICE},
		{20, TWZ_ERR_NOT_A_DIRECTORY},
		{21, TWZ_ERR_IS_A_DIRECTORY},
		{24, TWZ_ERR_TOO_MANY},
		{25, TWZ_ERR_NOT_A_TERMINAL},
		{28, TWZ_ERR_NO_SPACE},
		{29, TWZ_ERR_NOT_SEEKABLE},
		{30, TWZ_ERR_READ_ONLY},
		{32, TWZ_ERR_END_OF_STREAM},
		{36, TWZ_ERR_NAME_TOO_LONG},
		{38, TWZ_ERR_NOT_SUPPORTED},
		{39, TWZ_ERR_NOT_EMPTY},
		{40, TWZ_ERR_LOOP},
		{110, TWZ_ERR_TIMED_OUT},
	};

	if (result >= 0)
		return result;
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].linux == -result)
			return -errors[i].twizzler;
	return -TWZ_ERR_INVALID_ARGUMENT;
}

/* Above the block: the control block and libstd-c's area; below it, at its alignment, static TLS.
 */
static size_t tls_above(void)
{
	size_t area = &twz_libc_thread_area ? twz_libc_thread_area : 0;
	return (sizeof(struct twz_rt_tcb) + area + 2 * sizeof(uintptr_t) + 63) & -64ul;
}

/* The program's TLS block starts this far below the control block. */
static size_t tls_below(void)
{
	if (!tls)
		return 0;
	size_t align = tls->align ? tls->align : 1;
	return (tls->memory_size + (-tls->memory_size - tls->address) % align);
}

size_t twz_rt_tls_size(void)
{
	return tls_above() + ((tls_below() + 63) & -64ul);
}

struct twz_rt_tcb *twz_rt_tls_init(void *memory)
{
	struct twz_rt_tcb *tcb = (void *)((char *)memory + ((tls_below() + 63) & -64ul));
	uintptr_t *dtv = (uintptr_t *)((char *)tcb + tls_above()) - 2;

	tcb->self = tcb;
	tcb->dtv = dtv;
	dtv[0] = tls ? 1 : 0;
	if (tls) {
		dtv[1] = (uintptr_t)tcb - tls_below();
		memcpy((void *)dtv[1], (void *)(host_program.base + tls->address), tls->file_size);
	}
	memcpy(&tcb->canary, host_program.random, sizeof tcb->canary);
	return tcb;
}

void twz_rt_tls_fini(struct twz_rt_tcb *tcb)
{
	(void)tcb;
}

void *twz_rt_tls_get_addr(struct twz_rt_tls_index *index)
{
	struct twz_rt_tcb *self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return (void *)(self->dtv[index->module] + index->offset);
}

twz_result twz_rt_thread_set_tcb(struct twz_rt_tcb *tcb)
{
	return linux_result(CALL(arch_prctl, 0x1002, tcb));
}

static void read_auxv(uintptr_t *sp)
{
	uintptr_t *aux = sp + sp[0] + 2;

	host_program.stack = (uintptr_t)sp;
	while (*aux++)
		;
	for (; aux[0]; aux += 2) {
		if (aux[0] == AUX_PHDR)
			host_program.phdr = (void *)aux[1];
		else if (aux[0] == AUX_PHNUM)
			host_program.phdr_count = aux[1];
		else if (aux[0] == AUX_RANDOM)
			host_program.random = (void *)aux[1];
		else if (aux[0] == AUX_EXECFN)
			host_program.path = (void *)aux[1];
	}
}

void twz_rt_entry(uintptr_t *sp, void (*start)(uintptr_t *sp))
{
	const struct phdr *phdr;

	read_auxv(sp);
	phdr = host_program.phdr;
	for (size_t i = 0; i < host_program.phdr_count; i++) {
		if (phdr[i].type == PHDR_SELF)
			host_program.base = (uintptr_t)phdr - phdr[i].address;
		else if (phdr[i].type == PHDR_DYNAMIC && _DYNAMIC)
			host_program.base = (uintptr_t)_DYNAMIC - phdr[i].address;
		else if (phdr[i].type == PHDR_TLS)
			tls = &phdr[i];
		else if (phdr[i].type == PHDR_EH_FRAME)
			eh_frame = &phdr[i];
	}
	long memory = CALL(mmap, 0, twz_rt_tls_size(), 3, 0x22, -1, 0);
	if (memory < 0 || twz_rt_thread_set_tcb(twz_rt_tls_init((void *)memory)) < 0)
		__builtin_trap();
	start(sp);
	__builtin_unreachable();
}

void twz_rt_run_constructors(int argc, char **argv, char **envp)
{
	for (constructor *const *c = __preinit_array_start; c < __preinit_array_end; c++)
		(*c)(argc, argv, envp);
	for (constructor *const *c = __init_array_start; c < __init_array_end; c++)
		(*c)(argc, argv, envp);
}

void twz_rt_run_destructors(void)
{
	for (void (*const *d)(void) = __fini_array_end; d > __fini_array_start;)
		(*--d)();
}

void twz_rt_exit(int code)
{
	for (;;)
		CALL(exit_group, code);
}

void twz_rt_exit_signal(int signal)
{
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} action = {0};

	CALL(rt_sigaction, signal, &action, 0, 8);
	CALL(kill, CALL(getpid), signal);
	for (;;)
		CALL(exit_group, 128 + signal);
}

void twz_rt_abort(void)
{
	twz_rt_exit_signal(6);
}

/* ---- images ---- */

twz_result twz_rt_image(size_t index, struct twz_rt_image *out)
{
	if (index)
		return -TWZ_ERR_NOT_FOUND;
	*out = (struct twz_rt_image){
		.base = host_program.base,
		.path = "",
		.phdr = host_program.phdr,
		.phdr_count = (uint32_t)host_program.phdr_count,
		.tls_module = tls ? 1 : 0,
		.tls_offset = tls_below(),
		.eh_frame_hdr = eh_frame ? (void *)(host_program.base + eh_frame->address) : 0,
		.generation = 1,
	};
	return 0;
}

void *twz_rt_dl_open(const char *path, uint32_t flags)
{
	(void)path;
	(void)flags;
	return 0;
}

void *twz_rt_dl_symbol(void *handle, const char *name, const char *version, const void *caller)
{
	(void)handle;
	(void)name;
	(void)version;
	(void)caller;
	return 0;
}

int twz_rt_dl_close(void *handle)
{
	(void)handle;
	return -1;
}

const char *twz_rt_dl_error(void)
{
	return "static program";
}

twz_result twz_rt_dl_address(const void *address, struct twz_rt_dl_info *out)
{
	(void)address;
	(void)out;
	return -TWZ_ERR_NOT_FOUND;
}
