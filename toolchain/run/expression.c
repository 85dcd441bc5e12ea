/* SPDX-License-Identifier: BSD-2-Clause */
/* Evaluates the expressions of call frame information: those of linkage tables, of functions that
 * align their stack, of signals' frames. */
#include "unwind.h"

#define DEPTH 16
#define STEPS 256

/* DW_OP_* (DWARF 5, 7.7.1). */
enum {
	OP_ADDRESS = 0x03,
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST8S = 0x0f,
	OP_CONSTU = 0x10,
	OP_CONSTS = 0x11,
	OP_DUP = 0x12,
	OP_DROP = 0x13,
	OP_OVER = 0x14,
	OP_SWAP = 0x16,
	OP_AND = 0x1a,
	OP_MINUS = 0x1c,
	OP_MUL = 0x1e,
	OP_NEG = 0x1f,
	OP_NOT = 0x20,
	OP_OR = 0x21,
	OP_PLUS = 0x22,
	OP_PLUS_CONST = 0x23,
	OP_SHL = 0x24,
	OP_SHR = 0x25,
	OP_XOR = 0x27,
	OP_EQ = 0x29,
	OP_GE = 0x2a,
	OP_GT = 0x2b,
	OP_LE = 0x2c,
	OP_LT = 0x2d,
	OP_NE = 0x2e,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG16 = 0x80,
	OP_NOP = 0x96,
};

struct values {
	uint64_t items[DEPTH];
	unsigned count;
	bool wrong; /* too many or too few */
};

static void push(struct values *values, uint64_t value)
{
	if (values->count == DEPTH)
		values->wrong = true;
	else
		values->items[values->count++] = value;
}

static uint64_t pop(struct values *values)
{
	if (values->count == 0) {
		values->wrong = true;
		return 0;
	}
	return values->items[--values->count];
}

static uint64_t constant(struct cursor *from, uint8_t code)
{
	unsigned size = 1u << (code - OP_CONST1U) / 2;
	uint64_t value = take_bytes(from, size);

	if ((code - OP_CONST1U) % 2 == 1 && size < 8 && value >> (size * 8 - 1) != 0)
		value |= ~0ull << size * 8;
	return value;
}

/* a op b for the operators of two values; false: unknown. */
static bool combine(uint8_t code, uint64_t a, uint64_t b, uint64_t *out)
{
	switch (code) {
	case OP_AND:
		*out = a & b;
		return true;
	case OP_MINUS:
		*out = a - b;
		return true;
	case OP_MUL:
		*out = a * b;
		return true;
	case OP_OR:
		*out = a | b;
		return true;
	case OP_PLUS:
		*out = a + b;
		return true;
	case OP_SHL:
		*out = b < 64 ? a << b : 0;
		return true;
	case OP_SHR:
		*out = b < 64 ? a >> b : 0;
		return true;
	case OP_XOR:
		*out = a ^ b;
		return true;
	case OP_EQ:
		*out = a == b;
		return true;
	case OP_GE:
		*out = (int64_t)a >= (int64_t)b;
		return true;
	case OP_GT:
		*out = (int64_t)a > (int64_t)b;
		return true;
	case OP_LE:
		*out = (int64_t)a <= (int64_t)b;
		return true;
	case OP_LT:
		*out = (int64_t)a < (int64_t)b;
		return true;
	case OP_NE:
		*out = a != b;
		return true;
	default:
		return false;
	}
}

static bool step(uint8_t code, struct cursor *from, const struct frame *frame,
		 const struct stack_part *stack, struct values *values)
{
	uint64_t a, b, value;

	if (code >= OP_LIT0 && code <= OP_LIT31) {
		push(values, code - OP_LIT0);
	} else if (code >= OP_BREG0 && code <= OP_BREG16) {
		value = frame->registers[code - OP_BREG0];
		push(values, value + (uint64_t)take_signed(from));
	} else if (code >= OP_CONST1U && code <= OP_CONST8S) {
		push(values, constant(from, code));
	} else if (code == OP_ADDRESS) {
		push(values, take_bytes(from, 8));
	} else if (code == OP_CONSTU) {
		push(values, take_unsigned(from));
	} else if (code == OP_CONSTS) {
		push(values, (uint64_t)take_signed(from));
	} else if (code == OP_DEREF) {
		if (!stack_read(stack, pop(values), &value))
			return false;
		push(values, value);
	} else if (code == OP_DUP) {
		value = pop(values);
		push(values, value);
		push(values, value);
	} else if (code == OP_DROP) {
		pop(values);
	} else if (code == OP_OVER || code == OP_SWAP) {
		b = pop(values);
		a = pop(values);
		push(values, code == OP_OVER ? a : b);
		push(values, code == OP_OVER ? b : a);
		if (code == OP_OVER)
			push(values, a);
	} else if (code == OP_NEG) {
		push(values, -pop(values));
	} else if (code == OP_NOT) {
		push(values, ~pop(values));
	} else if (code == OP_PLUS_CONST) {
		value = pop(values);
		push(values, value + take_unsigned(from));
	} else if (code != OP_NOP) {
		b = pop(values);
		a = pop(values);
		if (!combine(code, a, b, &value))
			return false;
		push(values, value);
	}
	return true;
}

bool expression_value(struct cursor from, const struct frame *frame, const struct stack_part *stack,
		      const uint64_t *first, uint64_t *value)
{
	struct values values = {.count = 0};

	if (first != NULL)
		push(&values, *first);
	for (unsigned steps = 0; from.at < from.end; steps++) {
		uint8_t code = (uint8_t)take_bytes(&from, 1);

		if (steps == STEPS || !step(code, &from, frame, stack, &values) || values.wrong)
			return false;
	}
	*value = pop(&values);
	return !values.wrong && !from.short_of;
}
