/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF files of the host, and the way from a function's frame to its caller's. */
#ifndef TWIZZLER_RUN_IMAGE_H
#define TWIZZLER_RUN_IMAGE_H

#include <elf.h>

#include "run.h"

/* ---- image.c ---- */

/* An ELF file in memory. */
struct image {
	const uint8_t *bytes;
	size_t size;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
};

/* False: no file, or none of ELF for 64 bits. */
bool image_open(struct image *image, const char *path);
void image_close(struct image *image);

/* The file's bytes that stand at an address of the image, and how many follow; NULL: none. */
const uint8_t *image_at(const struct image *image, uint64_t address, uint64_t *length);

/* A section's bytes, their number and address; NULL: it has none of that name. */
const uint8_t *image_section(const struct image *image, const char *name, uint64_t *length,
			     uint64_t *address);

/* Adds the names of the libraries that an image needs to `names`, each once. */
void image_needed(const struct image *image, struct strings *names);

/* Whether the address (a file's own) is to be executed and a call stands before it. */
bool image_after_call(const struct image *image, uint64_t address);

/* ---- unwind.c ---- */

/* DWARF's numbers for the registers of x86-64; the return address has one too. */
enum { FRAME_RBP = 6, FRAME_RSP = 7, FRAME_RIP = 16, FRAME_REGISTERS = 17 };

/* Where a function is in its run. */
struct frame {
	uint64_t registers[FRAME_REGISTERS];
	bool interrupted; /* rip is where it stopped, not where a call returns to */
};

/* The part of a stack that is known. */
struct stack_part {
	uint64_t address, length;
	const uint8_t *bytes;
};

/* Eight bytes of the stack; false where it is not known. */
bool stack_read(const struct stack_part *stack, uint64_t address, uint64_t *value);

enum unwind_result {
	UNWIND_DONE,	/* the frame is the caller's now */
	UNWIND_NO_RULE, /* the image says nothing of this address */
	UNWIND_END,	/* it has no caller, or the stack does not tell who */
};

/*
 * From a frame to its caller's by the call frame information (.eh_frame, .debug_frame) of its
 * image, which stands `bias` above the file's own addresses. Reads nothing but the image and the
 * part of the stack; whatever these hold it ends. Source: DWARF 5, 6.4; LSB core, "DWARF
 * extensions".
 */
enum unwind_result unwind_step(const struct image *image, uint64_t bias,
			       const struct stack_part *stack, struct frame *frame);

#endif
