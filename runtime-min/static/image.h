/* SPDX-License-Identifier: BSD-2-Clause */
/* The one image of a static program, from its program headers. */
#ifndef RT_STATIC_IMAGE_H
#define RT_STATIC_IMAGE_H

#include "internal.h"

RT_BEGIN

struct rt_image {
	uintptr_t base;	     /* load bias: 0, but in a static-PIE */
	uintptr_t low, high; /* of its PT_LOAD segments in memory */
	const void *tls;     /* initial bytes of the TLS block */
	size_t tls_file_size;
	size_t tls_size;
	size_t tls_align;	  /* a power of two, at least 1 */
	const void *eh_frame_hdr; /* or NULL */
};

extern struct rt_image rt_image;

/* Reads rt_start's program headers; ends the program where they contradict themselves. */
void rt_image_start(void);

RT_END

#endif
