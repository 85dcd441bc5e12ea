/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the call frame information of an address. */
#include <string.h>

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

static bool parse_common(const struct section *section, uint64_t offset,
			 struct frame_common *common)
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
	*common = (struct frame_common){.encoding = 0};
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
	} else if (strcmp(letters, "S") == 0) { /* .debug_frame has it alone */
		common->signal = true;
	} else if (*letters != '\0') {
		return false;
	}
	common->program = body;
	return true;
}

/* Looks at every description of a section for the one that covers an address of the file. */
static bool find_in(const struct section *section, uint64_t address, struct frame_common *common,
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

bool frame_info_find(const struct image *image, uint64_t address, struct frame_common *common,
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
