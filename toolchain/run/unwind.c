/* SPDX-License-Identifier: BSD-2-Clause */
/* Follows the call frame information of an address: a frame's caller. */
#include <string.h>

#include "image.h"
#include "unwind.h"

/* ---- rules ---- */

/* The instructions of call frame programs, DW_CFA_* (DWARF 5, 7.24). */
enum {
	ADVANCE = 1, /* these three in the two topmost bits */
	OFFSET = 2,
	RESTORE = 3,
	ADVANCE_1 = 0x02,
	ADVANCE_2 = 0x03,
	ADVANCE_4 = 0x04,
	OFFSET_EXTENDED = 0x05,
	RESTORE_EXTENDED = 0x06,
	UNDEFINED = 0x07,
	SAME_VALUE = 0x08,
	REGISTER = 0x09,
	REMEMBER = 0x0a,
	RECALL = 0x0b,
	DEFINE = 0x0c,
	DEFINE_REGISTER = 0x0d,
	DEFINE_OFFSET = 0x0e,
	DEFINE_EXPRESSION = 0x0f,
	EXPRESSION = 0x10,
	OFFSET_SIGNED = 0x11,
	DEFINE_SIGNED = 0x12,
	DEFINE_OFFSET_SIGNED = 0x13,
	VALUE_OFFSET = 0x14,
	VALUE_OFFSET_SIGNED = 0x15,
	VALUE_EXPRESSION = 0x16,
	ARGUMENTS_SIZE = 0x2e,
};

enum rule_kind {
	RULE_SAME,
	RULE_UNDEFINED,
	RULE_AT,	  /* saved at CFA + number */
	RULE_IS,	  /* CFA + number */
	RULE_REGISTER,	  /* in register `number` */
	RULE_AT_COMPUTED, /* saved where the expression says */
	RULE_COMPUTED,	  /* what the expression says */
};

struct rule {
	enum rule_kind kind;
	int64_t number;
	struct cursor expression;
};

struct row {
	struct rule cfa; /* RULE_IS of register `cfa_register`, or RULE_COMPUTED */
	uint64_t cfa_register;
	struct rule registers[FRAME_REGISTERS];
};

#define REMEMBERED 16

struct run {
	const struct frame_common *common;
	struct row row, first, remembered[REMEMBERED];
	unsigned depth;
	uint64_t location;
};

static void set_rule(struct run *run, uint64_t number, enum rule_kind kind, int64_t value)
{
	if (number < FRAME_REGISTERS)
		run->row.registers[number] = (struct rule){.kind = kind, .number = value};
}

static void set_expression(struct run *run, struct cursor *from, enum rule_kind kind)
{
	uint64_t number = take_unsigned(from);
	struct cursor block = take_block(from);

	if (number < FRAME_REGISTERS)
		run->row.registers[number] = (struct rule){.kind = kind, .expression = block};
}

static void set_cfa(struct run *run, uint64_t number, int64_t offset)
{
	run->row.cfa = (struct rule){.kind = RULE_IS, .number = offset};
	run->row.cfa_register = number;
}

static void restore(struct run *run, uint64_t number)
{
	if (number < FRAME_REGISTERS)
		run->row.registers[number] = run->first.registers[number];
}

/* The extended instructions that change the row. False: unknown. */
static bool change(struct run *run, uint8_t code, struct cursor *from)
{
	int64_t factor = run->common->data_factor;
	uint64_t number;

	switch (code) {
	case OFFSET_EXTENDED:
	case VALUE_OFFSET:
		number = take_unsigned(from);
		set_rule(run, number, code == OFFSET_EXTENDED ? RULE_AT : RULE_IS,
			 (int64_t)take_unsigned(from) * factor);
		return true;
	case OFFSET_SIGNED:
	case VALUE_OFFSET_SIGNED:
		number = take_unsigned(from);
		set_rule(run, number, code == OFFSET_SIGNED ? RULE_AT : RULE_IS,
			 take_signed(from) * factor);
		return true;
	case RESTORE_EXTENDED:
		restore(run, take_unsigned(from));
		return true;
	case UNDEFINED:
		set_rule(run, take_unsigned(from), RULE_UNDEFINED, 0);
		return true;
	case SAME_VALUE:
		set_rule(run, take_unsigned(from), RULE_SAME, 0);
		return true;
	case REGISTER:
		number = take_unsigned(from);
		set_rule(run, number, RULE_REGISTER, (int64_t)take_unsigned(from));
		return true;
	case DEFINE:
		number = take_unsigned(from);
		set_cfa(run, number, (int64_t)take_unsigned(from));
		return true;
	case DEFINE_SIGNED:
		number = take_unsigned(from);
		set_cfa(run, number, take_signed(from) * factor);
		return true;
	case DEFINE_REGISTER:
		run->row.cfa_register = take_unsigned(from);
		return true;
	case DEFINE_OFFSET:
		run->row.cfa.number = (int64_t)take_unsigned(from);
		return true;
	case DEFINE_OFFSET_SIGNED:
		run->row.cfa.number = take_signed(from) * factor;
		return true;
	case DEFINE_EXPRESSION:
		run->row.cfa = (struct rule){.kind = RULE_COMPUTED};
		run->row.cfa.expression = take_block(from);
		return true;
	case EXPRESSION:
		set_expression(run, from, RULE_AT_COMPUTED);
		return true;
	case VALUE_EXPRESSION:
		set_expression(run, from, RULE_COMPUTED);
		return true;
	case ARGUMENTS_SIZE:
		take_unsigned(from);
		return true;
	default:
		return code == 0;
	}
}

/* Follows a program up to the address, as the row stands there. False: it is not understood. */
static bool follow(struct run *run, struct cursor from, uint64_t address)
{
	while (from.at < from.end && !from.short_of) {
		uint8_t code = (uint8_t)take_bytes(&from, 1), low = code & 0x3f;
		uint64_t step = 0;

		if (code >> 6 == ADVANCE) {
			step = low;
		} else if (code >> 6 == OFFSET) {
			set_rule(run, low, RULE_AT,
				 (int64_t)take_unsigned(&from) * run->common->data_factor);
		} else if (code >> 6 == RESTORE) {
			restore(run, low);
		} else if (code == ADVANCE_1 || code == ADVANCE_2 || code == ADVANCE_4) {
			step = take_bytes(&from, 1u << (code - ADVANCE_1));
		} else if (code == REMEMBER) {
			if (run->depth == REMEMBERED)
				return false;
			run->remembered[run->depth++] = run->row;
		} else if (code == RECALL) {
			if (run->depth == 0)
				return false;
			run->row = run->remembered[--run->depth];
		} else if (!change(run, code, &from)) {
			return false;
		}
		run->location += step * run->common->code_factor;
		if (run->location > address)
			return true;
	}
	return !from.short_of;
}

/* ---- a step ---- */

bool stack_read(const struct stack_part *stack, uint64_t address, uint64_t *value)
{
	if (address < stack->address || address - stack->address >= stack->length ||
	    stack->length - (address - stack->address) < sizeof(*value))
		return false;
	memcpy(value, stack->bytes + (address - stack->address), sizeof(*value));
	return true;
}

static bool apply(const struct rule *rule, unsigned number, uint64_t cfa, const struct frame *frame,
		  const struct stack_part *stack, uint64_t *value)
{
	uint64_t at;

	switch (rule->kind) {
	case RULE_AT:
		return stack_read(stack, cfa + (uint64_t)rule->number, value);
	case RULE_IS:
		*value = cfa + (uint64_t)rule->number;
		return true;
	case RULE_REGISTER:
		if ((uint64_t)rule->number >= FRAME_REGISTERS)
			return false;
		*value = frame->registers[rule->number];
		return true;
	case RULE_AT_COMPUTED:
		return expression_value(rule->expression, frame, stack, &cfa, &at) &&
		       stack_read(stack, at, value);
	case RULE_COMPUTED:
		return expression_value(rule->expression, frame, stack, &cfa, value);
	case RULE_UNDEFINED:
		return false;
	default:
		*value = frame->registers[number];
		return true;
	}
}

enum unwind_result unwind_step(const struct image *image, uint64_t bias,
			       const struct stack_part *stack, struct frame *frame)
{
	/* a call may be the last instruction of its function */
	uint64_t address = frame->registers[FRAME_RIP] - (frame->interrupted ? 0 : 1) - bias;
	struct frame_common common;
	struct cursor program;
	struct run run = {.common = &common};
	struct frame next = *frame;
	uint64_t cfa;

	if (!frame_info_find(image, address, &common, &program, &run.location))
		return UNWIND_NO_RULE;
	set_cfa(&run, FRAME_RSP, 8);
	for (unsigned i = 0; i < FRAME_REGISTERS; i++)
		run.row.registers[i].kind = RULE_SAME;
	run.row.registers[FRAME_RIP].kind = RULE_UNDEFINED;
	uint64_t start = run.location;
	run.location = 0;
	if (!follow(&run, common.program, UINT64_MAX))
		return UNWIND_END;
	run.first = run.row;
	run.location = start;
	if (!follow(&run, program, address))
		return UNWIND_END;
	if (run.row.cfa.kind == RULE_COMPUTED) {
		if (!expression_value(run.row.cfa.expression, frame, stack, NULL, &cfa))
			return UNWIND_END;
	} else {
		if (run.row.cfa_register >= FRAME_REGISTERS)
			return UNWIND_END;
		cfa = frame->registers[run.row.cfa_register] + (uint64_t)run.row.cfa.number;
	}
	/* Callers stand above; only a signal's frame can lie on another stack. */
	if (!common.signal && cfa <= frame->registers[FRAME_RSP])
		return UNWIND_END;
	for (unsigned i = 0; i < FRAME_REGISTERS; i++)
		if (!apply(&run.row.registers[i], i, cfa, frame, stack, &next.registers[i]) &&
		    i == FRAME_RIP)
			return UNWIND_END;
	if (run.row.registers[FRAME_RSP].kind == RULE_SAME)
		next.registers[FRAME_RSP] = cfa;
	next.interrupted = common.signal;
	if (next.registers[FRAME_RIP] == 0)
		return UNWIND_END;
	*frame = next;
	return UNWIND_DONE;
}
