/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for a call's values: numbers, names of flags, ids, structures, strings. */
#include <ctype.h>
#include <string.h>

#include <twizzler/types.h>

#include "trace.h"

static void print_names(FILE *to, const struct trace_names *set, uint64_t value)
{
	const char *between = "";

	for (size_t i = 0; set->names[i].name != NULL; i++) {
		uint64_t bit = set->names[i].value;

		if (!set->flags && bit == value) {
			fputs(set->names[i].name, to);
			return;
		}
		if (set->flags && bit != 0 && (value & bit) == bit) {
			fprintf(to, "%s%s", between, set->names[i].name);
			between = "|";
			value &= ~bit;
		}
	}
	if (value != 0 || *between == '\0')
		fprintf(to, set->flags && value > 9 ? "%s0x%llx" : "%s%llu", between,
			(unsigned long long)value);
}

static void print_id(FILE *to, uint64_t hi, uint64_t lo)
{
	if ((hi | lo) == 0)
		fputs("none", to);
	else
		fprintf(to, "%016llx%016llx", (unsigned long long)hi, (unsigned long long)lo);
}

void trace_print_value(FILE *to, const char *name, enum trace_shape shape, unsigned size,
		       const struct trace_names *names, uint64_t value)
{
	if (size == 4)
		value = shape == SHAPE_SIGNED ? (uint64_t)(int64_t)(int32_t)value : (uint32_t)value;
	if (names != NULL)
		print_names(to, names, value);
	else if (shape == SHAPE_SIGNED)
		fprintf(to, "%lld", (long long)value);
	else if (shape == SHAPE_POINTER && value == 0)
		fputs("NULL", to);
	else if (value == TWZ_FOREVER && strcmp(name, "deadline") == 0)
		fputs("FOREVER", to);
	else if (value == TWZ_SLOT_ANY && strcmp(name, "slot") == 0)
		fputs("ANY", to);
	else if (shape == SHAPE_POINTER || value >= 1u << 20)
		fprintf(to, "0x%llx", (unsigned long long)value);
	else
		fprintf(to, "%llu", (unsigned long long)value);
}

/* As in C, between quotes. */
static void print_text(FILE *to, const uint8_t *bytes, uint32_t length, bool more)
{
	fputc('"', to);
	for (uint32_t i = 0; i < length; i++) {
		uint8_t c = bytes[i];

		if (c == '\n')
			fputs("\\n", to);
		else if (c == '"' || c == '\\')
			fprintf(to, "\\%c", c);
		else if (isprint(c))
			fputc(c, to);
		else
			fprintf(to, "\\x%02x", c);
	}
	fputs(more ? "\"..." : "\"", to);
}

static uint64_t word_at(const uint8_t *bytes, unsigned size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, size < sizeof(value) ? size : sizeof(value));
	return value;
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static void print_struct(FILE *to, const struct trace_field *fields, const uint8_t *bytes)
{
	const char *between = "";

	fputc('{', to);
	for (; fields->name != NULL; fields++) {
		const uint8_t *at = bytes + fields->offset;

		/* Zeros say little; a name of zero says something. */
		if (is_zero(at, fields->size) && (fields->names == NULL || fields->names->flags))
			continue;
		fprintf(to, "%s%s=", between, fields->name);
		between = ", ";
		if (fields->shape == SHAPE_STRUCT)
			print_struct(to, fields->fields, at);
		else if (fields->shape == SHAPE_ID)
			print_id(to, word_at(at, 8), word_at(at + 8, 8));
		else if (fields->shape == SHAPE_TEXT)
			print_text(to, at, (uint32_t)strnlen((const char *)at, fields->size),
				   false);
		else if (fields->shape == SHAPE_HEX)
			for (unsigned i = 0; i < fields->size; i++)
				fprintf(to, "%02x", at[i]);
		else
			trace_print_value(to, fields->name, fields->shape, fields->size,
					  fields->names, word_at(at, fields->size));
	}
	fputc('}', to);
}

void trace_print_memory(FILE *to, const struct trace_argument *argument, const uint8_t *bytes,
			uint32_t length, uint32_t whole)
{
	bool id = argument->fields != NULL && strcmp(argument->fields->name, "hi") == 0;

	if (argument->shape == SHAPE_TEXT || argument->shape == SHAPE_BYTES) {
		print_text(to, bytes, length, length < whole);
		return;
	}
	if (argument->by >= 0)
		fputc('[', to);
	for (uint32_t at = 0; at + argument->unit <= length; at += argument->unit) {
		if (at > 0)
			fputs(", ", to);
		if (id)
			print_id(to, word_at(bytes + at, 8), word_at(bytes + at + 8, 8));
		else
			print_struct(to, argument->fields, bytes + at);
	}
	if (length < whole)
		fputs(length > 0 ? ", ..." : "...", to);
	if (argument->by >= 0)
		fputc(']', to);
}
