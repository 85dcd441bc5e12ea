/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of system calls as the trace prints them, made by kernel/syscall/trace_table.py. */
#ifndef TWIZZLER_RUN_TRACE_H
#define TWIZZLER_RUN_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum trace_shape {
	SHAPE_NUMBER,
	SHAPE_SIGNED,
	SHAPE_POINTER,
	SHAPE_ID,     /* two words; of arguments the next one is the other */
	SHAPE_HIDDEN, /* the other */
	SHAPE_STRUCT,
	SHAPE_TEXT,
	SHAPE_BYTES,
	SHAPE_HEX,
};

enum trace_way { WAY_NONE, WAY_IN, WAY_OUT };

/* A set of names; `flags`: bits that add up. Ends with a name of NULL. */
struct trace_names {
	bool flags;
	struct {
		const char *name;
		uint64_t value;
	} names[20];
};

/* A field; ends with a name of NULL. */
struct trace_field {
	const char *name;
	enum trace_shape shape;
	uint16_t offset, size;
	const struct trace_names *names;  /* or NULL */
	const struct trace_field *fields; /* of a structure */
};

struct trace_argument {
	const char *name;
	enum trace_shape shape;
	enum trace_way way;
	uint16_t unit; /* bytes of the value, or of each unit of what it points to */
	int8_t by;     /* the argument that counts units, or -1 */
	const struct trace_names *names;
	const struct trace_field *fields;
};

struct trace_call {
	const char *name; /* NULL: no such call */
	uint8_t count;
	struct trace_argument arguments[6];
};

/* NULL for a number that is no call's. */
const struct trace_call *trace_call_of(uint32_t number);

/* ---- trace_print.c ---- */

/* A value of an argument or a field that stands in a register or in memory. */
void trace_print_value(FILE *to, const char *name, enum trace_shape shape, unsigned size,
		       const struct trace_names *names, uint64_t value);
/* `length` bytes of `whole` that an argument points to. */
void trace_print_memory(FILE *to, const struct trace_argument *argument, const uint8_t *bytes,
			uint32_t length, uint32_t whole);

#endif
