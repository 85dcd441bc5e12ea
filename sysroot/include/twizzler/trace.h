/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system call trace: what a kernel with `trace=PORT` on its command line writes to that debug
 * console port, and x86_64-twizzler-run --trace reads.
 *
 * A record for each call's begin and one for its return; a call that does not return has only the
 * first. Records of several CPUs follow one another whole. `trace=PORT` reports the programs that
 * the host has started (members of a family), `trace=PORT,all` every program.
 */
#ifndef TWIZZLER_TRACE_H
#define TWIZZLER_TRACE_H

#include <stdint.h>

#define TWZ_TRACE_MAGIC 0x43525453u /* "STRC" */

enum twz_trace_kind {
	TWZ_TRACE_ENTER = 1, /* values: the six arguments */
	TWZ_TRACE_LEAVE = 2, /* values: the result, and rdx */
};

struct twz_trace_record {
	uint32_t magic;
	uint16_t size;	/* of the record with all that follows */
	uint8_t kind;	/* enum twz_trace_kind */
	uint8_t values; /* so many uint64_t follow, then parts up to `size` */
	uint32_t call;	/* its number */
	uint32_t thread;
	uint64_t view; /* low word of the program's id */
};

/* Memory that an argument points to, before the call where it is read and after where written. */
struct twz_trace_part {
	uint16_t argument; /* its index */
	uint16_t length;   /* bytes that follow; 0: the memory cannot be read */
	uint32_t whole;	   /* bytes that there were to copy */
};

#define TWZ_TRACE_BYTES 64u   /* of a buffer or a string, copied at most */
#define TWZ_TRACE_SIZE	1024u /* of a record, at most */

#endif
