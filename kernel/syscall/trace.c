/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells the host of every system call, with the memory that its arguments point to. */
#include <boot.h>
#include <lock.h>
#include <object.h>
#include <string.h>
#include <syscall.h>
#include <thread.h>
#include <twizzler/trace.h>
#include <user.h>
#include <view.h>
#include "trace.h"

enum way { TRACE_NONE, TRACE_IN, TRACE_OUT };

struct argument {
	uint8_t way;   /* enum way */
	int8_t by;     /* the argument that counts the units, or -1: there is one */
	uint16_t unit; /* bytes */
};

struct call {
	uint8_t count;
	struct argument arguments[6];
};

#define TRACE_NAMES(...)
#define TRACE_STRUCT(...)
#define TRACE_ARGUMENT(name, shape, way, unit, by, names, fields) \
	{                                                         \
		TRACE_##way, by, unit                             \
	}
#define TRACE_CALL(number, name, count, ...) [number - 0x1000] = {count, {__VA_ARGS__}},
static const struct call calls[] = {
#include <trace.def>
};

uint16_t trace_port;
static bool trace_all;
static struct spinlock port_lock = SPINLOCK_INIT(LOCK_CONSOLE);

void syscall_trace_init(void)
{
	size_t length;
	const char *text = boot_option("trace", &length);

	trace_port = boot_option_port("trace");
	trace_all = text && length > 4 && !memcmp(text + length - 4, ",all", 4);
}

static void put(const void *bytes, uint64_t length)
{
	uint64_t flags = spin_lock(&port_lock);

	__asm__ volatile("rep outsb" : "+S"(bytes), "+c"(length) : "d"(trace_port) : "memory");
	spin_unlock(&port_lock, flags);
}

/* A record while it is made; what does not fit is left out. */
struct writer {
	struct twz_trace_record head;
	uint8_t bytes[TWZ_TRACE_SIZE - sizeof(struct twz_trace_record)];
	uint32_t used;
};

static void append(struct writer *writer, const void *bytes, uint32_t length)
{
	memcpy(writer->bytes + writer->used, bytes, length);
	writer->used += length;
}

/* How much there is to copy: of a buffer that was written, what the call says it has written. */
static uint64_t extent(const struct argument *argument, const uint64_t *arguments, uint64_t result)
{
	uint64_t count = argument->by >= 0 ? arguments[argument->by] : 1;

	if (argument->way == TRACE_OUT && argument->by >= 0 && count > result)
		count = result;
	return count > UINT32_MAX / argument->unit ? UINT32_MAX : count * argument->unit;
}

static void append_memory(struct writer *writer, uint32_t index, const struct argument *argument,
			  uint64_t address, uint64_t whole)
{
	struct twz_trace_part part = {.argument = (uint16_t)index, .whole = (uint32_t)whole};
	uint32_t room = sizeof(writer->bytes) - writer->used, length;

	if (room < sizeof(part))
		return;
	room -= sizeof(part);
	if (argument->unit == 1 && room > TWZ_TRACE_BYTES)
		room = TWZ_TRACE_BYTES;
	length = whole < room ? (uint32_t)whole : room - room % argument->unit;
	if (copy_from_user(writer->bytes + writer->used + sizeof(part), (const void *)address,
			   length) < 0)
		length = 0;
	part.length = (uint16_t)length;
	append(writer, &part, sizeof(part));
	writer->used += length;
}

static void tell(const struct traced_call *call, enum twz_trace_kind kind, const uint64_t *values,
		 uint8_t count)
{
	struct thread *thread = current_thread();
	uint32_t index = call->number - 0x1000;
	struct writer writer = {.head = {
					.magic = TWZ_TRACE_MAGIC,
					.kind = (uint8_t)kind,
					.values = count,
					.call = call->number,
					.thread = thread->number,
				}};
	struct object *control = thread->view->control;
	enum way way = kind == TWZ_TRACE_ENTER ? TRACE_IN : TRACE_OUT;

	if (control) /* a handler's run has none */
		writer.head.view = control->id.lo;
	append(&writer, values, count * 8u);
	if (index < sizeof(calls) / sizeof(calls[0]) &&
	    (way == TRACE_IN || (twz_result)values[0] >= 0))
		for (uint32_t i = 0; i < calls[index].count; i++) {
			const struct argument *argument = &calls[index].arguments[i];
			uint64_t address = call->arguments[i], whole;

			if (argument->way != way || !address)
				continue;
			whole = extent(argument, call->arguments, values[0]);
			if (whole)
				append_memory(&writer, i, argument, address, whole);
		}
	writer.head.size = (uint16_t)(sizeof(writer.head) + writer.used);
	put(&writer, writer.head.size);
}

void trace_enter(struct traced_call *call, const struct trap_frame *frame)
{
	struct view *view = current_thread()->view;

	*call = (struct traced_call){
		.told = trace_all || view->family,
		.number = (uint32_t)frame->rax,
		.arguments = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9},
	};
	if (call->told)
		tell(call, TWZ_TRACE_ENTER, call->arguments, 6);
}

void trace_leave(const struct traced_call *call, const struct trap_frame *frame)
{
	const uint64_t values[2] = {frame->rax, frame->rdx};

	if (call->told)
		tell(call, TWZ_TRACE_LEAVE, values, 2);
}
