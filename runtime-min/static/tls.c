/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Thread-local storage of a static program: one module, its block right below the thread control
 * block ("ELF Handling for Thread-Local Storage", Drepper, variant II, section 3.4.6).
 *
 *   memory ... [TLS block][struct twz_rt_tcb][libstd-c's trailing area][dtv: 2 words]
 */
#include "start.h"
#include "image.h"

extern const size_t twz_libc_thread_area __attribute__((weak));

#define BLOCK_ALIGN 64

static size_t trailing_area(void)
{
	return &twz_libc_thread_area != NULL ? rt_round_up(twz_libc_thread_area, 16) : 0;
}

/* The thread control block stands at an address that is a multiple of the module's alignment. */
static size_t block_align(void)
{
	return rt_image.tls_align > BLOCK_ALIGN ? rt_image.tls_align : BLOCK_ALIGN;
}

static size_t tls_distance(void)
{
	return rt_round_up(rt_image.tls_size, rt_image.tls_align);
}

size_t twz_rt_tls_size(void)
{
	size_t size = rt_round_up(tls_distance(), block_align()) + (block_align() - BLOCK_ALIGN);
	size += sizeof(struct twz_rt_tcb) + trailing_area() + 2 * sizeof(uintptr_t);
	return rt_round_up(size, BLOCK_ALIGN);
}

struct twz_rt_tcb *twz_rt_tls_init(void *memory)
{
	uintptr_t at = rt_round_up((uintptr_t)memory + tls_distance(), block_align());
	struct twz_rt_tcb *tcb = (struct twz_rt_tcb *)at;
	uintptr_t *dtv = (uintptr_t *)(at + sizeof(*tcb) + trailing_area());
	uint8_t *block = (uint8_t *)(at - tls_distance());

	memcpy(block, rt_image.tls, rt_image.tls_file_size);
	dtv[0] = rt_image.tls_size != 0 ? 1 : 0;
	dtv[1] = (uintptr_t)block;
	tcb->self = tcb;
	tcb->dtv = dtv;
	tcb->canary = rt_canary;
	return tcb;
}

void twz_rt_tls_fini(struct twz_rt_tcb *tcb)
{
	(void)tcb; /* one module, in the block itself */
}

void *twz_rt_tls_get_addr(struct twz_rt_tls_index *index)
{
	struct twz_rt_tcb *tcb;
	__asm__("mov %%fs:0, %0" : "=r"(tcb));
	if (index->module != 1)
		rt_fatal("a thread-local access to a module that a static program does not have");
	return (void *)(tcb->dtv[1] + index->offset);
}
