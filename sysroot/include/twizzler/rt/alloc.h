/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime ABI, memory: address ranges and the runtime's own allocator. */
#ifndef TWIZZLER_RT_ALLOC_H
#define TWIZZLER_RT_ALLOC_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_RANGE_FIXED	    0x1u /* at exactly this address, replacing what is there */
#define TWZ_RANGE_FIXED_NEW 0x2u /* at exactly this address, EXISTS when something is there */
#define TWZ_RANGE_SHARED    0x4u /* of a descriptor: the file object itself */

/*
 * Lengths are rounded up to pages; addresses and a file's offset are page-aligned, INVALID_ARGUMENT
 * otherwise. Each call may be made by several threads at once.
 */

/*
 * Maps zeroed memory (fd < 0) or a file's bytes (copy-on-write unless SHARED; zeroes follow its
 * end), page-aligned. rights: TWZ_RIGHT_*, none for a guard; never WRITE with EXEC. hint: where, if
 * it is free; with FIXED or FIXED_NEW exactly there. Returns 0 and the address in *out.
 * OUT_OF_MEMORY (of address space too), EXISTS (FIXED_NEW), BAD_HANDLE, ACCESS_DENIED (more than
 * the descriptor may), NO_SPACE (behind a shared file's largest size), NOT_SUPPORTED (SHARED of a
 * file that is no object, or at a fixed place).
 */
twz_result twz_rt_range_map(void *hint, size_t length, uint32_t rights, uint32_t flags, int fd,
			    uint64_t offset, void **out);
/* Unmaps what was mapped in a range by twz_rt_range_map; what is nobody's is passed over. */
twz_result twz_rt_range_unmap(void *address, size_t length);
/*
 * Changes the rights of a mapped range, of an image's and the stack's too. A length of 0 does
 * nothing. OUT_OF_MEMORY where something is not mapped, ACCESS_DENIED for more than a shared
 * mapping was made with.
 */
twz_result twz_rt_range_protect(void *address, size_t length, uint32_t rights);
#define TWZ_REMAP_MAY_MOVE 0x1u
/*
 * Makes an anonymous range shorter, longer or, with MAY_MOVE, another place; what is new is zero.
 * On an error all is as before: OUT_OF_MEMORY (no room there, or anywhere), BAD_ADDRESS (not
 * mapped), NOT_SUPPORTED (a shared one).
 */
twz_result twz_rt_range_remap(void *address, size_t old_length, size_t new_length, uint32_t flags,
			      void **out);
/*
 * The rights that all pages of a range have; those of images and stacks as their slot's. Part of it
 * is not mapped: OUT_OF_MEMORY.
 */
twz_result twz_rt_range_query(const void *address, size_t length);
/* Drops the pages: they read as zero again. OUT_OF_MEMORY: not mapped; never a file's own. */
twz_result twz_rt_range_discard(void *address, size_t length);
/* Makes a shared file range durable; nothing to do for other mappings. OUT_OF_MEMORY: not mapped.
 */
twz_result twz_rt_range_sync(void *address, size_t length);

/*
 * The runtime's own allocator; apart from libstd-c's malloc, and for several threads. align: 0 or a
 * power of two up to a page. NULL when out of memory or for bad arguments.
 */
#define TWZ_MALLOC_ZERO 0x1u
void *twz_rt_malloc(size_t size, size_t align, uint32_t flags);
/* Frees with the size and alignment that it was got with. NULL is nothing. */
void twz_rt_free(void *pointer, size_t size, size_t align);
/*
 * Changes the size, keeping what fits; ZERO: what is new is zero. NULL, with the old piece as it
 * was, when out of memory.
 */
void *twz_rt_realloc(void *pointer, size_t old_size, size_t align, size_t new_size, uint32_t flags);

#ifdef __cplusplus
}
#endif
#endif
