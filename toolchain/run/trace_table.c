/* SPDX-License-Identifier: BSD-2-Clause */
/* The tables that the trace is printed by, from the generated trace.def. */
#include <stddef.h>

#include <twizzler/object.h>
#include <twizzler/syscall.h>

#include "trace.h"

#define TRACE_SET(index)   &names_##index
#define TRACE_FIELDS(type) fields_##type
#define TRACE_FIELD(name, shape, offset, size, names, fields)    \
	{                                                        \
		name, SHAPE_##shape, offset, size, names, fields \
	}
#define TRACE_ARGUMENT(name, shape, way, unit, by, names, fields)       \
	{                                                               \
		name, SHAPE_##shape, WAY_##way, unit, by, names, fields \
	}

#define TRACE_NAMES(index, flags, ...) \
	static const struct trace_names names_##index = {flags, {__VA_ARGS__}};
#define TRACE_STRUCT(type, ...)                                         \
	static const struct trace_field fields_##type[] = {__VA_ARGS__, \
							   {NULL, 0, 0, 0, NULL, NULL}};
#define TRACE_CALL(...)
#include <trace.def>
#undef TRACE_NAMES
#undef TRACE_STRUCT
#undef TRACE_CALL

#define TRACE_NAMES(...)
#define TRACE_STRUCT(...)
#define TRACE_CALL(number, name, count, ...) [number - 0x1000] = {#name, count, {__VA_ARGS__}},
static const struct trace_call calls[] = {
#include <trace.def>
};

const struct trace_call *trace_call_of(uint32_t number)
{
	uint32_t index = number - 0x1000;

	if (index >= sizeof(calls) / sizeof(*calls) || calls[index].name == NULL)
		return NULL;
	return &calls[index];
}
