/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds and follows the call frame information of an address. */
#include <string.h>

#include "image.h"
#include "unwind.h"

/* How an address is written (LSB core, DW_EH_PE_*). */
#define ENCODING_FORMAT	  0x0f
#define ENCODING_RELATIVE 0x70
#define ENCODING_PC	  0x10
#define ENCODING_OMIT	  0xff

/* ---- bytes, never beyond their end: what is missing reads as 0 and marks the cursor ---- */

uint64_t take_bytes(struct cursor *from, unsigned size)
{
	uint64_t value = 0;

	if ((uint64_t)(from->end - from->at) < size) {
		from->short_of = true;
		from->at = from->end;
		return 0;
	}
	memcpy(&value, from->at, size);
	from->at += size;
	return value;
}

/* LEB128: groups of seven bits, the lowest first. *shift: how many bits there were; *last: the last
 * byte. */
static uint64_t take_groups(struct cursor *from, unsigned *shift, uint64_t *last)
{
	uint64_t value = 0;

	*shift = 0;
	do {
		*last = take_bytes(from, 1);
		if (*shift < 64)
			value |= (*last & 0x7f) << *shift;
		*shift += 7;
	} while ((*last & 0x80) && !from->short_of);
	return value;
}

uint64_t take_unsigned(struct cursor *from)
{
	uint64_t last;
	unsigned shift;

	return take_groups(from, &shift, &last);
}

int64_t take_signed(struct cursor *from)
{
	uint64_t last;
	unsigned shift;
	uint64_t value = take_groups(from, &shift, &last);

	if (shift < 64 && (last & 0x40))
		value |= ~0ull << shift;
	return (int64_t)value;
}

/* A block of bytes of its own, as long as the cursor says. */
struct cursor take_block(struct cursor *from)
{
	uint64_t length = take_unsigned(from);
	struct cursor block = {.at = from->at, .end = from->at};

	if (length > (uint64_t)(from->end - from->at)) {
		from->short_of = true;
		from->at = from->end;
		return block;
	}
	block.end = from->at += length;
	return block;
}

/* ---- entries ---- */

struct section {
	const uint8_t *bytes;
	uint64_t length, address;
	bool debug; /* .debug_frame: plain addresses, other marks of a common entry */
};

/* A common information entry. */
struct common {
	struct cursor program;
	uint64_t code_factor;
	int64_t data_factor;
	uint64_t return_register;
	uint8_t encoding;
	bool augmented; /* its descriptions say how long their own augmentation is */
	bool signal;
};

static uint64_t take_address(struct cursor *from, const struct section *section, uint8_t encoding)
{
	uint64_t base = 0, value;

	if ((encoding & ENCODING_RELATIVE) == ENCODING_PC)
		base = section->address + (uint64_t)(from->at - section->bytes);
	else if (encoding & ENCODING_RELATIVE)
		from->short_of = true; /* relative to what is not known here */
	switch (encoding & ENCODING_FORMAT) {
	case 0x00:
	case 0x04:
	case 0x0c:
		value = take_bytes(from, 8);
		break;
	case 0x01:
		value = take_unsigned(from);
		break;
	case 0x02:
		value = take_bytes(from, 2);
		break;
	case 0x03:
		value = take_bytes(from, 4);
		break;
	case 0x09:
		value = (uint64_t)take_signed(from);
		break;
	case 0x0a:
		value = (uint64_t)(int16_t)take_bytes(from, 2);
		break;
	case 0x0b:
		value = (uint64_t)(int32_t)take_bytes(from, 4);
		break;
	default:
		from->short_of = true;
		value = 0;
		break;
	}
	return base + value;
}

/* The entry at an offset: its body, without the length. False at the end or for 64-bit DWARF. */
static bool take_entry(const struct section *section, uint64_t offset, struct cursor *body)
{
	struct cursor all = {.at = section->bytes + offset,
			     .end = section->bytes + section->length};

	if (offset >= section->length)
		return false;
	uint64_t length = take_bytes(&all, 4);
	if (all.short_of || length < 4 || length > (uint64_t)(all.end - all.at))
		return false;
	*body = (struct cursor){.at = all.at, .end = all.at + length};
	return true;
}

static bool parse_common(const struct section *section, uint64_t offset, struct common *common)
{
	struct cursor body;

	if (!take_entry(section, offset, &body) ||
	    take_bytes(&body, 4) != (section->debug ? 0xffffffffu : 0))
		return false;
	uint64_t version = take_bytes(&body, 1);
	const char *letters = (const char *)body.at;
	while (take_bytes(&body, 1) != 0)
		;
	if (version >= 4)
		take_bytes(&body, 2); /* sizes of addresses and segments */
	*common = (struct common){.encoding = 0};
	common->code_factor = take_unsigned(&body);
	common->data_factor = take_signed(&body);
	common->return_register = version == 1 ? take_bytes(&body, 1) : take_unsigned(&body);
	if (body.short_of || common->return_register != FRAME_RIP)
		return false;
	if (*letters == 'z') {
		struct cursor more = take_block(&body);

		common->augmented = true;
		for (const char *letter = letters + 1; *letter != '\0'; letter++)
			if (*letter == 'R')
				common->encoding = (uint8_t)take_bytes(&more, 1);
			else if (*letter == 'L')
				take_bytes(&more, 1);
			else if (*letter == 'P') {
				uint8_t encoding = (uint8_t)take_bytes(&more, 1);

				take_address(&more, section, encoding & ENCODING_FORMAT);
			} else if (*letter == 'S')
				common->signal = true;
			else
				return false;
		if (more.short_of)
			return false;
	} else if (*letters != '\0') {
		return false;
	}
	common->program = body;
	return true;
}

/* Looks at every description of a section for the one that covers an address of the file. */
static bool find_in(const struct section *section, uint64_t address, struct common *common,
		    struct cursor *program, uint64_t *start)
{
	struct cursor body;

	for (uint64_t offset = 0; take_entry(section, offset, &body);
	     offset = (uint64_t)(body.end - section->bytes)) {
		uint64_t here = (uint64_t)(body.at - section->bytes);
		uint64_t mark = take_bytes(&body, 4);

		if (mark == (section->debug ? 0xffffffffu : 0))
			continue;
		if (!section->debug && mark > here)
			continue;
		if (!parse_common(section, section->debug ? mark : here - mark, common))
			continue;
		*start = take_address(&body, section, common->encoding);
		uint64_t size = take_address(&body, section, common->encoding & ENCODING_FORMAT);
		if (common->augmented)
			take_block(&body);
		if (body.short_of || address - *start >= size)
			continue;
		*program = body;
		return true;
	}
	return false;
}

static bool find(const struct image *image, uint64_t address, struct common *common,
		 struct cursor *program, uint64_t *start)
{
	static const char *const names[] = {".eh_frame", ".debug_frame"};

	for (int i = 0; i < 2; i++) {
		struct section section = {.debug = i == 1};

		section.bytes = image_section(image, names[i], &section.length, &section.address);
		if (section.bytes != NULL && find_in(&section, address, common, program, start))
			return true;
	}
	return false;
}

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
	const struct common *common;
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
	struct common common;
	struct cursor program;
	struct run run = {.common = &common};
	struct frame next = *frame;
	uint64_t cfa;

	if (!find(image, address, &common, &program, &run.location))
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
