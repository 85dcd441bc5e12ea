/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run channel between x86_64-twizzler-run on the host and init in the guest.
 *
 * Four virtio-serial ports by name: twz.stdin, twz.stdout, twz.stderr carry a program's bytes;
 * twz.control carries the messages below, each a header and `size` bytes of payload. Two 9P
 * devices: tag "host" is the caller's current directory, seen at /host; tag "program", when there
 * is one, is the program's own directory, seen at /program, read-only.
 *
 *   host -> guest   RUN, INPUT_END, OUTPUT_END, CANCEL, QUIT
 *   guest -> host   READY (after boot; payload: struct twz_abi_version), EXIT (a program has ended
 * and its output has been written whole; CRASH before it where its death has a place), ERROR (it
 * could not be started)
 *
 * On twz.stdin the guest's kernel writes one byte each time a reader finds the port empty; the host
 * then sends what it has, or INPUT_END at the end of its input. So what no program reads stays with
 * the host. Programs of one boot run one after another, each in its own view; RUN says where in the
 * port's bytes the program's own input begins, and what an earlier one has left there is dropped.
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
	/* the program's input ends; payload: uint64_t, bytes of twz.stdin up to there since boot */
	TWZ_CHANNEL_INPUT_END = 6,
	TWZ_CHANNEL_CANCEL = 7, /* end the program that this sequence number started */
	/* nobody reads its output any more; payload: uint32_t, 1: twz.stdout, 2: twz.stderr */
	TWZ_CHANNEL_OUTPUT_END = 8,
	/* where the thread was that ended its program; payload: struct twz_crash and what follows
	   it */
	TWZ_CHANNEL_CRASH = 9,
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
	uint64_t input;	  /* bytes of twz.stdin since boot at which its input begins */
	uint32_t flags;	  /* TWZ_RUN_* */
	uint32_t reserved;
};
#define TWZ_RUN_NO_INPUT 0x1u /* standard input is /dev/null */

struct twz_channel_exit {
	uint32_t state; /* enum twz_view_state */
	int32_t code;	/* exit code or signal number */
	uint32_t flags; /* TWZ_EXIT_* */
	uint32_t reserved;
	uint64_t nanoseconds; /* from spawn to end */
	struct twz_fault fault;
};
#define TWZ_EXIT_TIMED_OUT 0x1u /* it was killed at its timeout */
#define TWZ_EXIT_UNCLEAN   0x2u /* it left something that only a new boot removes */

#endif
