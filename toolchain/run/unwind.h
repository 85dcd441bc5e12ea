/* SPDX-License-Identifier: BSD-2-Clause */
/* What unwind.c and expression.c share: bytes of DWARF. */
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
struct cursor take_block(struct cursor *from);

/*
 * The value of a DWARF expression (DWARF 5, 2.5), `first` on its stack at the start unless NULL.
 * False: it uses what frames have no need of, reads beyond the known stack, or is endless.
 */
bool expression_value(struct cursor from, const struct frame *frame, const struct stack_part *stack,
		      const uint64_t *first, uint64_t *value);

#endif
