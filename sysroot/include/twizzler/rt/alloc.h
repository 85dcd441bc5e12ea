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
 * Maps zeroed memory (fd < 0) or a file's bytes (copy-on-write unless SHARED), page-aligned.
 * rights: TWZ_RIGHT_*; never WRITE with EXEC. Returns 0 and the address in *out.
 */
twz_result twz_rt_range_map(void *hint, size_t length, uint32_t rights, uint32_t flags, int fd,
			    uint64_t offset, void **out);
twz_result twz_rt_range_unmap(void *address, size_t length);
twz_result twz_rt_range_protect(void *address, size_t length, uint32_t rights);
#define TWZ_REMAP_MAY_MOVE 0x1u
twz_result twz_rt_range_remap(void *address, size_t old_length, size_t new_length, uint32_t flags,
			      void **out);
/*
 * The rights that all pages of a range have; those of images and stacks as their slot's. Part of it
 * is not mapped: OUT_OF_MEMORY.
 */
twz_result twz_rt_range_query(const void *address, size_t length);
/* Drops the pages: they read as zero again. */
twz_result twz_rt_range_discard(void *address, size_t length);
/* Makes a shared file range durable. */
twz_result twz_rt_range_sync(void *address, size_t length);

/* The runtime's own allocator; apart from libstd-c's malloc. NULL when out of memory. */
#define TWZ_MALLOC_ZERO 0x1u
void *twz_rt_malloc(size_t size, size_t align, uint32_t flags);
void twz_rt_free(void *pointer, size_t size, size_t align);
void *twz_rt_realloc(void *pointer, size_t old_size, size_t align, size_t new_size, uint32_t flags);

#ifdef __cplusplus
}
#endif
#endif
