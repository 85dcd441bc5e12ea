/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a server and its clients say to each other over a Unix stream socket; both are this tool.
 *
 *   server -> client  struct wire_hello, then the shared directory's path, NUL-ended
 *   client -> server  struct wire_request with three descriptors (SCM_RIGHTS) for a RUN: the
 *                     program's standard input, output and error; then the strings
 *   server -> client  struct wire_answer, then the reason's bytes
 *
 * A client that closes before the answer cancels its program.
 */
#ifndef TWIZZLER_RUN_WIRE_H
#define TWIZZLER_RUN_WIRE_H

#include <stdint.h>
#include <twizzler/syscall.h>

#define WIRE_MAGIC    0x52535a54u /* "TZSR" */
#define WIRE_VERSION  2u
#define WIRE_MAX_SIZE (1u << 20)

enum wire_command {
	WIRE_RUN = 1,
	WIRE_STOP = 2, /* end the server */
};

struct wire_hello {
	uint32_t magic, version;
	uint32_t size; /* of the path */
};

/* Strings follow, each NUL-ended: path in the guest, directory there, arguments, environment. */
struct wire_request {
	uint32_t magic, command;
	uint32_t argc, envc;
	uint64_t timeout_ns;
	uint32_t size; /* of the strings */
	uint32_t reserved;
};

struct wire_answer {
	uint32_t magic;
	uint32_t kind; /* enum ending_kind */
	int32_t code;
	uint32_t size;	     /* of the reason */
	uint32_t crash_size; /* of what the guest's CRASH message had, behind the reason */
	uint32_t reserved;
	uint64_t nanoseconds;
	struct twz_fault fault;
};

#endif
