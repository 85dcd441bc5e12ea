/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the kernel's records of system calls (twizzler/trace.h) and prints a line a call. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <twizzler/error.h>
#include <twizzler/trace.h>

#include "loop.h"
#include "run.h"
#include "trace.h"

#define TRACE_PORT "5ea"

/* A call that has begun: its arguments are printed, and those that it fills are to come. */
struct begun {
	uint64_t view;
	uint32_t thread, call;
	uint64_t values[6];
	uint8_t *parts; /* what was read of the program's memory */
	size_t parts_size;
};

struct trace {
	struct watch watch;
	int port;
	FILE *to;
	const char *calls; /* patterns, or NULL: all */
	uint8_t *bytes;	   /* not yet a whole record */
	size_t have, capacity;
	uint64_t *views; /* programs in the order of their first calls */
	size_t view_count;
	struct begun *begun;
	size_t begun_count;
};

static void *grown(void *block, size_t size)
{
	block = realloc(block, size);
	if (block == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	return block;
}

/* Programs are counted from 1. */
static size_t program_of(struct trace *trace, uint64_t view)
{
	for (size_t i = trace->view_count; i-- > 0;)
		if (trace->views[i] == view)
			return i + 1;
	trace->views = grown(trace->views, (trace->view_count + 1) * sizeof(*trace->views));
	trace->views[trace->view_count++] = view;
	return trace->view_count;
}

static bool wanted(const struct trace *trace, const char *name)
{
	char *patterns, *rest, *pattern;
	bool found = false;

	if (trace->calls == NULL)
		return true;
	patterns = rest = format_string("%s", trace->calls);
	while (!found && (pattern = strsep(&rest, ",")) != NULL)
		found = fnmatch(pattern, name, 0) == 0;
	free(patterns);
	return found;
}

/* The part of an argument among `size` bytes of parts; NULL: none. */
static const uint8_t *part_of(const uint8_t *parts, size_t size, unsigned argument,
			      struct twz_trace_part *part)
{
	for (size_t at = 0; at + sizeof(*part) <= size; at += sizeof(*part) + part->length) {
		memcpy(part, parts + at, sizeof(*part));
		if (part->length > size - at - sizeof(*part))
			return NULL;
		if (part->argument == argument)
			return parts + at + sizeof(*part);
	}
	return NULL;
}

static void print_argument(FILE *to, const struct begun *begun, const struct trace_call *call,
			   unsigned index, const uint8_t *out, size_t out_size)
{
	const struct trace_argument *argument = &call->arguments[index];
	uint64_t value = begun->values[index];
	struct twz_trace_part part = {0};
	const uint8_t *bytes = NULL;

	if (argument->way == WAY_IN)
		bytes = part_of(begun->parts, begun->parts_size, index, &part);
	else if (argument->way == WAY_OUT)
		bytes = part_of(out, out_size, index, &part);
	if (bytes != NULL && (part.length > 0 || part.whole == 0))
		trace_print_memory(to, argument, bytes, part.length, part.whole);
	else if (argument->way != WAY_NONE)
		trace_print_value(to, argument->name, SHAPE_POINTER, 8, NULL, value);
	else if (argument->shape == SHAPE_ID && (value | begun->values[index + 1]) == 0)
		fputs("none", to);
	else if (argument->shape == SHAPE_ID)
		fprintf(to, "%016llx%016llx", (unsigned long long)value,
			(unsigned long long)begun->values[index + 1]);
	else
		trace_print_value(to, argument->name, argument->shape, argument->unit,
				  argument->names, value);
}

static void print_result(FILE *to, int64_t result)
{
	const char *name = twz_error_name(result);

	if (name != NULL)
		fprintf(to, "%s (%s)", name, twz_error_text(result));
	else if (result >= 1 << 20)
		fprintf(to, "0x%llx", (unsigned long long)result);
	else
		fprintf(to, "%lld", (long long)result);
}

/* result NULL: it has not returned. */
static void print_call(struct trace *trace, const struct begun *begun, const int64_t *result,
		       const uint8_t *out, size_t out_size)
{
	const struct trace_call *call = trace_call_of(begun->call);
	const char *between = "";

	if (call == NULL ? trace->calls != NULL : !wanted(trace, call->name))
		return;
	fprintf(trace->to, "%zu.%u ", program_of(trace, begun->view), begun->thread);
	if (call != NULL)
		fprintf(trace->to, "%s(", call->name);
	else
		fprintf(trace->to, "call_0x%x(", begun->call);
	for (unsigned i = 0; i < (call != NULL ? call->count : 6); i++) {
		if (call != NULL && call->arguments[i].shape == SHAPE_HIDDEN)
			continue;
		fputs(between, trace->to);
		between = ", ";
		if (call != NULL)
			print_argument(trace->to, begun, call, i, out, out_size);
		else
			fprintf(trace->to, "0x%llx", (unsigned long long)begun->values[i]);
	}
	fputs(") = ", trace->to);
	if (result != NULL)
		print_result(trace->to, *result);
	else
		fputc('?', trace->to);
	fputc('\n', trace->to);
}

static struct begun *find_begun(struct trace *trace, const struct twz_trace_record *record)
{
	for (size_t i = 0; i < trace->begun_count; i++)
		if (trace->begun[i].view == record->view &&
		    trace->begun[i].thread == record->thread)
			return &trace->begun[i];
	return NULL;
}

static void forget(struct trace *trace, struct begun *begun)
{
	free(begun->parts);
	*begun = trace->begun[--trace->begun_count];
}

static void take_enter(struct trace *trace, const struct twz_trace_record *record,
		       const uint8_t *values, const uint8_t *parts, size_t size)
{
	struct begun *begun = find_begun(trace, record);

	if (begun != NULL) {
		/* Its thread is gone and the number is another's. */
		print_call(trace, begun, NULL, NULL, 0);
		forget(trace, begun);
	}
	trace->begun = grown(trace->begun, (trace->begun_count + 1) * sizeof(*trace->begun));
	begun = &trace->begun[trace->begun_count++];
	*begun = (struct begun){
		.view = record->view,
		.thread = record->thread,
		.call = record->call,
		.parts = grown(NULL, size + 1),
		.parts_size = size,
	};
	memcpy(begun->values, values,
	       record->values < 6 ? record->values * 8u : sizeof(begun->values));
	memcpy(begun->parts, parts, size);
	program_of(trace, record->view);
}

/* Takes the first whole record. False: there is none. */
static bool next_record(struct trace *trace)
{
	struct twz_trace_record record;

	if (trace->have < sizeof(record))
		return false;
	memcpy(&record, trace->bytes, sizeof(record));
	if (record.magic != TWZ_TRACE_MAGIC || record.size < sizeof(record) + record.values * 8u) {
		complain("--trace: the kernel's trace is malformed; the rest of it is not printed");
		trace_end(trace);
		watch_stop(&trace->watch);
		trace->have = 0;
		return false;
	}
	if (trace->have < record.size)
		return false;
	const uint8_t *values = trace->bytes + sizeof(record);
	const uint8_t *parts = values + record.values * 8u;
	size_t size = record.size - (size_t)(parts - trace->bytes);
	struct begun *begun;
	int64_t result;

	if (record.kind == TWZ_TRACE_ENTER) {
		take_enter(trace, &record, values, parts, size);
	} else if (record.values > 0 && (begun = find_begun(trace, &record)) != NULL) {
		memcpy(&result, values, sizeof(result));
		print_call(trace, begun, &result, parts, size);
		forget(trace, begun);
	}
	trace->have -= record.size;
	memmove(trace->bytes, trace->bytes + record.size, trace->have);
	return true;
}

static bool fetch(struct trace *trace)
{
	if (trace->capacity - trace->have < 65536) {
		trace->capacity = trace->have + 2 * 65536;
		trace->bytes = grown(trace->bytes, trace->capacity);
	}
	ssize_t got = recv(trace->port, trace->bytes + trace->have, trace->capacity - trace->have,
			   MSG_DONTWAIT);
	if (got < 0 && errno == EINTR)
		return true;
	if (got == 0)
		watch_stop(&trace->watch);
	if (got <= 0)
		return false;
	trace->have += (size_t)got;
	while (next_record(trace))
		;
	return true;
}

static void take(struct watch *watch)
{
	struct trace *trace = (struct trace *)watch;

	fetch(trace);
	fflush(trace->to);
}

void trace_open(struct trace **out, const struct options *options, struct strings *arguments,
		int *guest_end)
{
	struct trace *trace;
	int ends[2];

	*out = NULL;
	*guest_end = -1;
	if (options->trace == NULL)
		return;
	trace = grown(NULL, sizeof(*trace));
	*trace = (struct trace){.to = options->trace, .calls = options->trace_calls};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		complain("socketpair: %s", strerror(errno));
		exit(EXIT_MACHINE);
	}
	fcntl(ends[1], F_SETFD, 0);
	trace->port = ends[0];
	*guest_end = ends[1];
	strings_add(arguments, "-chardev");
	strings_addf(arguments, "socket,id=trace,fd=%d", ends[1]);
	strings_add(arguments, "-device");
	strings_add(arguments, "isa-debugcon,iobase=0x" TRACE_PORT ",chardev=trace");
	*out = trace;
}

const char *trace_words(const struct options *options, bool unikernel)
{
	if (options->trace == NULL)
		return "";
	return unikernel ? " trace=" TRACE_PORT ",all" : " trace=" TRACE_PORT;
}

int trace_port(const struct trace *trace)
{
	return trace != NULL ? trace->port : -1;
}

void trace_begin(struct trace *trace, const struct job *job)
{
	if (trace == NULL)
		return;
	fputc('#', trace->to);
	for (size_t i = 0; i < job->argv.count; i++)
		fprintf(trace->to, " %s", job->argv.items[i]);
	fputc('\n', trace->to);
}

void trace_watch(struct trace *trace)
{
	if (trace != NULL)
		watch_set(&trace->watch, trace->port, EPOLLIN, take);
}

void trace_drain(struct trace *trace)
{
	while (trace != NULL && fetch(trace))
		;
}

void trace_end(struct trace *trace)
{
	if (trace == NULL)
		return;
	trace_drain(trace);
	while (trace->begun_count > 0) {
		print_call(trace, &trace->begun[0], NULL, NULL, 0);
		free(trace->begun[0].parts);
		trace->begun_count--;
		memmove(trace->begun, trace->begun + 1, trace->begun_count * sizeof(*trace->begun));
	}
	fflush(trace->to);
}

void trace_close(struct trace *trace)
{
	if (trace == NULL)
		return;
	trace_end(trace);
	watch_stop(&trace->watch);
	close(trace->port);
	free(trace->bytes);
	free(trace->views);
	free(trace->begun);
	free(trace);
}
