/* SPDX-License-Identifier: BSD-2-Clause */
/* The record of a frame, shared by the frame allocator and the heap. */
#ifndef KERNEL_FRAME_H
#define KERNEL_FRAME_H

#include <page.h>

enum frame_state {
	FRAME_TAIL = 0, /* inside a free block */
	FRAME_FREE = 1, /* first of a free block of 2^order */
	FRAME_USED = 2,
	FRAME_CACHED = 3, /* free, on its own, known to no buddy */
};

struct frame {
	uint32_t references;
	uint8_t state;	    /* enum frame_state */
	uint8_t order;	    /* of the free block, or of the heap's allocation */
	uint8_t heap_class; /* heap: size class + 1, or 0 for whole frames */
	uint8_t stale;	    /* debug: an entry was removed and not yet flushed */
	uint32_t next, previous;
	uint16_t heap_used; /* heap: pieces handed out */
	uint16_t heap_free; /* heap: offset / 16 + 1 of the first free piece, 0: none */
	uint32_t note;	    /* the owner's: frame_note */
};

extern struct frame *frame_table;

/* As frames_alloc, without zeroing. */
physical_address frames_alloc_raw(unsigned order);

#endif
