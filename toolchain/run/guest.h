/* SPDX-License-Identifier: BSD-2-Clause */
/* One boot of the OS and the programs that it runs, one after another. */
#ifndef TWIZZLER_RUN_GUEST_H
#define TWIZZLER_RUN_GUEST_H

#include "loop.h"
#include "run.h"

/* ---- flow.c: from a port of the guest to where a program's output goes ---- */

/* Where bytes go: a descriptor, or (fd -1) memory. */
struct sink {
	int fd;
	bool closed; /* nobody reads any more */
	char *bytes; /* kept; malloc'ed */
	size_t kept;
	size_t capacity;
	size_t limit;	/* bytes kept at most; later ones are only counted */
	uint64_t total; /* bytes that came */
};

/* Bytes on their way; the port is read only while there is room. */
struct flow {
	struct watch from, to;
	int port; /* -1: closed */
	struct sink *sink;
	char pending[65536];
	size_t first, end; /* of what is pending */
	bool ending;	   /* the program has ended: `drained` is called when all has been put */
	void (*closed)(struct flow *flow); /* the sink's reader is gone */
	void (*drained)(struct flow *flow);
};

void flow_open(struct flow *flow, int port, void (*closed)(struct flow *flow));
/* What comes from now on belongs to this sink. */
void flow_begin(struct flow *flow, struct sink *sink);
/* All that the program wrote is in the port: `drained` is called once it has reached the sink. */
void flow_end(struct flow *flow, void (*drained)(struct flow *flow));
/* Moves what the dead machine left, as far as it goes without waiting, and closes the port. */
void flow_close(struct flow *flow);

/* ---- guest.c ---- */

/* How a program's run ended. */
enum ending_kind {
	ENDING_EXITED,	    /* code */
	ENDING_SIGNALLED,   /* code: the signal */
	ENDING_TIMED_OUT,   /* killed at its timeout; reason set when the machine had to be */
	ENDING_NOT_STARTED, /* reason */
	ENDING_MACHINE,	    /* the machine died with it; reason */
};

struct ending {
	enum ending_kind kind;
	int code;
	uint64_t nanoseconds; /* from start to end, in the guest */
	struct twz_fault fault;
	const void *crash; /* of the guest's CRASH message, or NULL; lives as `reason` does */
	size_t crash_size;
	const char *reason; /* lives as long as the call that gets it; several lines perhaps */
};

/* A program to run once. Its maker owns it and all that it names. */
struct task {
	const struct job *job;
	const struct strings *environment;
	uint64_t timeout_ns; /* 0: none */
	int input;	     /* read for the program's standard input; -1: there is none */
	struct sink output, error;
	/* It has run, and all output has reached its sinks. The guest is idle, or dead. */
	void (*ended)(struct task *task, const struct ending *ending);
};

enum guest_state { GUEST_DOWN, GUEST_BOOTING, GUEST_IDLE, GUEST_BUSY, GUEST_STOPPING };

struct guest {
	const struct options *options;
	const char *shared; /* the directory seen at /program, or NULL */
	/* The guest can take a task: after boot and after each one's end. */
	void (*idle)(struct guest *guest);
	/*
	 * The machine is gone and everything of it: at the end of guest_quit or because a task left
	 * it unclean (why NULL), or by itself. A task that ran has been ended before.
	 */
	void (*down)(struct guest *guest, const char *why);

	enum guest_state state;
	struct machine machine;
	struct task *task;
	struct ending ending; /* of the task, while its output drains */
	void *crash;	      /* of the task, as it came; malloc'ed */
	size_t crash_size;
	bool exited;  /* the task has, and its output drains */
	bool unclean; /* it left something behind: only a new boot is clean */
	uint32_t sequence;
	struct watch process, control, requests, source;
	struct flow output, error;
	struct trace *trace; /* or NULL */
	struct timer watchdog;
	uint64_t input_sent; /* bytes of standard input since boot */
	bool input_wanted;   /* the program asked for some */
	bool input_ended;    /* it has been told of the end */
	uint8_t *message;    /* control bytes not yet taken */
	size_t have;
	size_t capacity;
};

/* Starts QEMU. Returns -1 or an exit code; then there is nothing to stop. */
int guest_boot(struct guest *guest);
/* Runs a task on an idle guest. */
void guest_run(struct guest *guest, struct task *task);
/* Kills the task that runs; it ends as any other. */
void guest_cancel(struct guest *guest);
/* Ends the boot: by power-off where there is a store to flush, else at once. */
void guest_quit(struct guest *guest);
/* Kills QEMU and forgets the task without a call. For the tool's own end. */
void guest_kill(struct guest *guest);

#endif
