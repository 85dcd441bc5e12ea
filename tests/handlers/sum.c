/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Adds the numbers that events bring and writes the sum, for handler_api.c. The tests compile it
 * several ways: -DVERSION="..." for another version, -DMORE for other globals under the same
 * version.
 */
#include <stdlib.h>
#include <string.h>
#include <twizzler/handler.h>

#ifndef VERSION
#define VERSION "1.0"
#endif

TWZ_HANDLER("sum", .version = VERSION, .budget_ms = 200);
TWZ_ON_EVENT(add, "sum.add");
TWZ_ON_EVENT(spoil, "sum.spoil");
TWZ_ON_EVENT(wild, "sum.wild");
TWZ_MAY_APPEND("/output");

static uint64_t sum = 100; /* a first value that is in the image */
static uint64_t runs;	   /* and one that is zero */
#ifdef MORE
static volatile char more[3 * 4096];
#endif

void add(const struct twz_event *event)
{
	char text[32] = {0};

	memcpy(text, twz_event_payload(event),
	       event->size < sizeof(text) ? event->size : sizeof(text) - 1);
	sum += (uint64_t)atoi(text);
	runs++;
#ifdef MORE
	more[4096]++;
#endif
	twz_append("/output", "%s: %lu after %lu, event %lu\n", VERSION, sum, runs,
		   event->sequence);
}

/* Changes everything, writes, and then discards itself. */
void spoil(const struct twz_event *event)
{
	sum = runs = event->sequence * 1000;
	twz_append("/output", "spoilt\n");
	twz_discard();
}

/* Hands the kernel a made-up output buffer: the run is discarded. */
void wild(const struct twz_event *event)
{
	static const struct twz_handler_append forged[2] = {{7, 4}, {0, 0xffffffff}};
	long result;

	runs += event->sequence;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(TWZ_SYS_handler_return), "D"(forged), "S"(sizeof(forged))
			 : "rcx", "rdx", "r11", "memory");
}
