/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime ABI, programs: spawn, wait, fork, exec. */
#ifndef TWIZZLER_RT_EXEC_H
#define TWIZZLER_RT_EXEC_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a descriptor is, when passed to a new program. */
enum twz_rt_passed_kind {
	TWZ_PASS_STREAM = 1, /* handle: kernel stream number */
	TWZ_PASS_OBJECT = 2, /* id: file or directory object */
	TWZ_PASS_HOST = 3,   /* path on 9P device `handle`: reopened by the new program */
	TWZ_PASS_PIPE = 4,   /* id: pipe object */
	TWZ_PASS_DEVICE = 5, /* handle: 0 null, 1 zero, 2 random */
};

struct twz_rt_passed_fd {
	int32_t fd;
	uint32_t kind;	/* enum twz_rt_passed_kind */
	uint32_t flags; /* TWZ_OPEN_* */
	uint32_t handle;
	struct twz_id id;
	uint64_t position;
	uint32_t path; /* offset from the block of a NUL-ended path, 0: none */
	uint32_t reserved;
};

/* On a new program's stack, found by AT_TWZ_SPAWN. Hostile until checked. */
struct twz_rt_spawn_block {
	struct twz_abi_version abi;
	uint32_t size; /* of the whole block, paths included */
	uint32_t fd_count;
	uint32_t cwd;	      /* offset of the NUL-ended absolute current directory */
	struct twz_id parent; /* the parent's view, or none */
	struct twz_id self;
	uint32_t parent_number; /* what twz_rt_exec_parent tells; 0: none */
	uint32_t positions;	/* offset of fd_count ids of objects that hold shared positions, */
				/* TWZ_ID_NONE for a position of its own; 0: none have one */
	uint32_t self_number;	/* what twz_rt_exec_self tells; 0: the first thread's number */
	uint32_t reserved;
	struct twz_rt_passed_fd fds[];
};

/* Actions on the child's descriptors before it starts, in order. */
struct twz_rt_spawn_action {
	enum {
		TWZ_SPAWN_DUP = 1,
		TWZ_SPAWN_CLOSE = 2,
		TWZ_SPAWN_OPEN = 3,
		TWZ_SPAWN_CHDIR = 4,
		TWZ_SPAWN_FCHDIR = 5
	} kind;
	int from,
		to; /* DUP: from -> to (equal: clears CLOEXEC); CLOSE: to; OPEN: to; FCHDIR: from */
	const char *path; /* OPEN, CHDIR */
	uint32_t flags, mode;
};

struct twz_rt_spawn_args {
	const char *path; /* of an ELF program, or a #! script */
	size_t path_length;
	char *const *argv;
	char *const *envp;
	const struct twz_rt_spawn_action *actions;
	size_t action_count;
	uint32_t flags;	      /* TWZ_SPAWN_FAMILY_GIVEN */
	struct twz_id family; /* with that flag: the object whose family (view_family) it is in */
};
#define TWZ_SPAWN_FAMILY_GIVEN 0x1u

/*
 * Starts a program; returns a number (>= 1) that waits take, like a pid. Its id is its view's. argv
 * is needed, envp may be NULL (empty). INVALID_ARGUMENT, what opening the file gives, ACCESS_DENIED
 * (not executable), BAD_FORMAT, VERSION_MISMATCH, what an action gives: twz_rt_exec_error says it
 * in words, and nothing is left of the program.
 */
twz_result twz_rt_exec_spawn(const struct twz_rt_spawn_args *args);

struct twz_rt_wait_result {
	uint32_t number; /* which child */
	uint32_t state;	 /* enum twz_view_state, TWZ_RT_STOPPED, TWZ_RT_CONTINUED */
	int32_t code;	 /* exit code, or POSIX signal number when killed or stopped */
	uint32_t reserved;
	struct twz_fault fault;
};
/*
 * Waits for a child (number 0: any) until the monotonic deadline and returns its number; each is
 * waited for once. TIMED_OUT, INTERRUPTED, NO_SUCH_THREAD when there is none.
 */
twz_result twz_rt_exec_wait(uint32_t number, uint64_t deadline, struct twz_rt_wait_result *out);

/* What a program that has stopped, or goes on, writes in its report word (TWZ_PROGRAM_REPORT). */
#define TWZ_RT_STOPPED	 3u
#define TWZ_RT_CONTINUED 4u
#define TWZ_RT_REPORT(state, signal, sequence) \
	((uint32_t)(state) | (uint32_t)(signal) << 8 | (uint32_t)(sequence) << 16)

#define TWZ_RT_WAIT_ENDED     0x1u
#define TWZ_RT_WAIT_STOPPED   0x2u
#define TWZ_RT_WAIT_CONTINUED 0x4u
#define TWZ_RT_WAIT_KEEP      0x8u /* what is told stays to be told again */
/*
 * The same for one of `events` (TWZ_RT_WAIT_*) of the child `who`, of any (0), or of those in a
 * group (its number negated). Each stop is told once. INVALID_ARGUMENT.
 */
twz_result twz_rt_exec_wait_event(int64_t who, uint32_t events, uint64_t deadline,
				  struct twz_rt_wait_result *out);

/*
 * Messages between programs, their groups and sessions, as the system calls program_send,
 * program_take and program_control have them (syscall.h).
 */
twz_result twz_rt_exec_send(int64_t target, const struct twz_message *message, uint32_t flags);
twz_result twz_rt_exec_take(struct twz_message *out);
twz_result twz_rt_exec_control(uint32_t number, uint32_t command, uint64_t argument);

/* Ends a child as if by a signal (1..64; 0: only asks whether it is there). NO_SUCH_THREAD. */
twz_result twz_rt_exec_kill(uint32_t number, int signal);

/*
 * fork: 0 in the child, the child's number in the parent. The child has the calling thread only,
 * memory of its own from here on but for what is mapped SHARED, and the open files, whose
 * positions both share.
 */
twz_result twz_rt_exec_fork(void);
/*
 * Replaces this program: the other one is started with its descriptors, is known by its number and
 * gets the messages that are sent to it; this one ends as that one ends (docs/decisions/0011).
 * Returns only on error.
 */
twz_result twz_rt_exec_replace(const struct twz_rt_spawn_args *args);

/*
 * Why the last spawn or replace of this program failed: one line that names the file and the mend.
 * Returns its length; at most capacity bytes are written, no NUL. NOT_FOUND when none has failed.
 */
twz_result twz_rt_exec_error(char *buffer, size_t capacity);

/* This program's number in its parent's eyes, and its parent's number (like pids). */
uint32_t twz_rt_exec_self(void);
uint32_t twz_rt_exec_parent(void);

#ifdef __cplusplus
}
#endif
#endif
