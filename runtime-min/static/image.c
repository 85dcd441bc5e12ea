/* SPDX-License-Identifier: BSD-2-Clause */
/* A static program's one image: its headers, its constructors, and no dynamic linking. */
#include "start.h"
#include "image.h"

struct rt_image rt_image = {.tls_align = 1};

static void read_segment(const struct elf64_phdr *ph)
{
	struct rt_image *image = &rt_image;
	uintptr_t start = image->base + ph->vaddr;
	if (!rt_user_range(start, ph->memsz) || ph->filesz > ph->memsz)
		rt_fatal("a program header lies outside the address space");
	switch (ph->type) {
	case ELF_PT_LOAD:
		if (image->high == 0 || start < image->low)
			image->low = start;
		if (start + ph->memsz > image->high)
			image->high = start + ph->memsz;
		break;
	case ELF_PT_TLS:
		if (ph->memsz > TWZ_SLOT_SIZE / 2 || ph->align > TWZ_SLOT_SIZE / 2 ||
		    (ph->align & (ph->align - 1)) != 0)
			rt_fatal("the program's thread-local segment is malformed");
		image->tls = (const void *)start;
		image->tls_file_size = ph->filesz;
		image->tls_size = ph->memsz;
		image->tls_align = ph->align > 1 ? ph->align : 1;
		break;
	case ELF_PT_GNU_EH_FRAME:
		image->eh_frame_hdr = (const void *)start;
		break;
	}
}

void rt_image_start(void)
{
	const struct rt_start *start = &rt_start;
	for (size_t i = 0; i < start->phdr_count; i++) {
		if (start->phdr[i].type == ELF_PT_PHDR)
			rt_image.base = (uintptr_t)start->phdr - start->phdr[i].vaddr;
	}
	for (size_t i = 0; i < start->phdr_count; i++) {
		uint32_t type = start->phdr[i].type;
		if (type == ELF_PT_LOAD || type == ELF_PT_TLS || type == ELF_PT_GNU_EH_FRAME)
			read_segment(&start->phdr[i]);
	}
}

twz_result twz_rt_image(size_t index, struct twz_rt_image *out)
{
	if (!rt_user_pointer(out, sizeof(*out)) || out == NULL)
		return RT_ERROR(BAD_ADDRESS);
	if (index != 0)
		return RT_ERROR(NOT_FOUND);
	*out = (struct twz_rt_image){
		.base = rt_image.base,
		.path = "",
		.phdr = rt_start.phdr,
		.phdr_count = (uint32_t)rt_start.phdr_count,
		.tls_module = rt_image.tls_size != 0 ? 1 : 0,
		.tls_offset = rt_round_up(rt_image.tls_size, rt_image.tls_align),
		.eh_frame_hdr = rt_image.eh_frame_hdr,
		.generation = 1,
		.unloads = 0,
	};
	return 0;
}

twz_result twz_rt_image_at(const void *address, struct twz_rt_image *out)
{
	uintptr_t at = (uintptr_t)address;
	if (at < rt_image.low || at >= rt_image.high)
		return RT_ERROR(NOT_FOUND);
	return twz_rt_image(0, out);
}

/* The linker defines the bounds of the arrays in every static program. */
typedef void (*constructor)(int argc, char **argv, char **envp);
typedef void (*destructor)(void);
RT_BEGIN
extern const constructor __preinit_array_start[] __attribute__((weak));
extern const constructor __preinit_array_end[] __attribute__((weak));
extern const constructor __init_array_start[] __attribute__((weak));
extern const constructor __init_array_end[] __attribute__((weak));
extern const destructor __fini_array_start[] __attribute__((weak));
extern const destructor __fini_array_end[] __attribute__((weak));
RT_END
extern void _init(void) __attribute__((weak));
extern void _fini(void) __attribute__((weak));

void twz_rt_run_constructors(int argc, char **argv, char **envp)
{
	for (const constructor *f = __preinit_array_start; f < __preinit_array_end; f++)
		(*f)(argc, argv, envp);
	if (_init != NULL)
		_init();
	for (const constructor *f = __init_array_start; f < __init_array_end; f++)
		(*f)(argc, argv, envp);
}

void twz_rt_run_destructors(void)
{
	static uint32_t done;
	if (__atomic_exchange_n(&done, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	for (const destructor *f = __fini_array_end; f > __fini_array_start; f--)
		f[-1]();
	if (_fini != NULL)
		_fini();
}
