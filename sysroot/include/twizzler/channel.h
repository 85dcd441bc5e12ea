/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run channel between x86_64-twizzler-run on the host and init in the guest.
 *
 * Four virtio-serial ports by name: twz.stdin, twz.stdout, twz.stderr carry a program's bytes;
 * twz.control carries the messages below, each a header and `size` bytes of payload. Two 9P
 * devices: tag "host" is the caller's current directory, seen at /host; tag "program", when there
 * is one, is the program's own directory, seen at /program, read-only.
 *
 *   host -> guest   RUN, QUIT
 *   guest -> host   READY (after boot; payload: struct twz_abi_version), EXIT (a program has ended
 * and its output has been written whole), ERROR (it could not be started)
 *
 * On twz.stdin the guest's kernel writes one byte each time a reader finds the port empty; the host
 * then sends what it has, or closes the port at the end of its input. So what no program reads
 * stays with the host. Programs of one boot run one after another, each in its own view, and share
 * the one standard input.
 */
#ifndef TWIZZLER_CHANNEL_H
#define TWIZZLER_CHANNEL_H

#include <twizzler/types.h>
#include <twizzler/syscall.h>

#define TWZ_CHANNEL_MAGIC	0x5a4c4e43u /* "CNLZ" */
#define TWZ_CHANNEL_MAX_PAYLOAD (1u << 20)

enum twz_channel_kind {
	TWZ_CHANNEL_READY = 1, /* payload: struct twz_abi_version */
	TWZ_CHANNEL_RUN = 2,   /* payload: struct twz_channel_run, then strings */
	TWZ_CHANNEL_EXIT = 3,  /* payload: struct twz_channel_exit */
	TWZ_CHANNEL_ERROR = 4, /* payload: message text */
	TWZ_CHANNEL_QUIT = 5,  /* power off */
};

struct twz_channel_header {
	uint32_t magic;
	uint32_t kind;
	uint32_t sequence; /* of the RUN that this answers */
	uint32_t size;
};

/* Strings follow, each NUL-ended: path, cwd, argc arguments, envc environment entries. */
struct twz_channel_run {
	uint32_t argc;
	uint32_t envc;
	uint64_t timeout; /* ns, 0: none; then the program is killed as by SIGKILL */
};

struct twz_channel_exit {
	uint32_t state;	      /* enum twz_view_state */
	int32_t code;	      /* exit code or signal number */
	uint64_t nanoseconds; /* from spawn to end */
	struct twz_fault fault;
};

#endif
