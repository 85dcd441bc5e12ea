/* SPDX-License-Identifier: BSD-2-Clause */
/* What frame_info.c, unwind.c and expression.c share: bytes of DWARF. */
#ifndef TWIZZLER_RUN_UNWIND_H
#define TWIZZLER_RUN_UNWIND_H

#include "image.h"

/* Bytes still to be read. */
struct cursor {
	const uint8_t *at, *end;
	bool short_of; /* more was asked for than there is, or what is not understood came */
};

uint64_t take_bytes(struct cursor *from, unsigned size);
/* LEB128. */
uint64_t take_unsigned(struct cursor *from);
int64_t take_signed(struct cursor *from);
/* A block of bytes of its own, as long as the cursor says. */
struct cursor take_block(struct cursor *from);

/* A common information entry. */
struct frame_common {
	struct cursor program;
	uint64_t code_factor;
	int64_t data_factor;
	uint64_t return_register;
	uint8_t encoding;
	bool augmented; /* its descriptions say how long their own augmentation is */
	bool signal;
};

/*
 * The description of the function that an address of the file lies in: its program of call frame
 * instructions, the entry that it shares with others, and where the function starts. False: none.
 */
bool frame_info_find(const struct image *image, uint64_t address, struct frame_common *common,
		     struct cursor *program, uint64_t *start);

/*
 * The value of a DWARF expression (DWARF 5, 2.5), `first` on its stack at the start unless NULL.
 * False: it uses what frames have no need of, reads beyond the known stack, or is endless.
 */
bool expression_value(struct cursor from, const struct frame *frame, const struct stack_part *stack,
		      const uint64_t *first, uint64_t *value);

#endif
