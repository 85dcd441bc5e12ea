/* SPDX-License-Identifier: BSD-2-Clause */
/* What init's files share. */
#ifndef INIT_H
#define INIT_H

#include <stdbool.h>
#include <stdarg.h>
#include <twizzler/error.h>
#include <twizzler/rt.h>
#include <twz/sys.h>

#define STANDARD_INPUT	0
#define STANDARD_OUTPUT 1
#define STANDARD_ERROR	2

/* ---- text.c ---- */

size_t text_length(const char *text);
bool text_equal(const char *a, const char *b);
/* Whether `text` begins with `start`. */
bool text_begins(const char *text, const char *start);

/* Formats %s %c %d %u %x %lu %lx %% into a descriptor. */
void say(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* As say, into a buffer that is cut and NUL-ended; returns the length. */
size_t format_text(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "SIGSEGV" for 11; "signal" for unknown ones. */
const char *signal_name(int number);

/*
 * Splits a line into words in place: blanks separate, '...' and "..." quote, a backslash takes the
 * next byte, # at a word's start comments. Returns how many, -1 when a quote is open; at most
 * `limit` words are stored, and a NULL behind them.
 */
int split_words(char *line, char **words, int limit);

/* ---- program.c ---- */

struct program {
	const char *path;
	char *const *argv;
	char *const *envp;
	const char *directory;	/* to start in, or NULL */
	const int *descriptors; /* its 0, 1 and 2, or NULL: those of init */
	uint64_t timeout;	/* ns until it is killed, 0: none */
	uint32_t sequence;	/* of the request that wants it, 0: none */
	bool alone; /* end with it all that it has started, and delete what it has made */
	bool crash; /* tell where it died; the memory is the caller's then */
};

struct program_end {
	struct twz_rt_wait_result result;
	uint64_t nanoseconds; /* from its start */
	bool timed_out;
	void *crash; /* what TWZ_PROGRAM_CRASH gives, in memory of TWZ_CRASH_MAX bytes, or NULL */
	uint32_t crash_size;
};

#define SIGNAL_KILL 9

/* Runs a program to its end. Negative: it was not started; twz_rt_exec_error says why. */
twz_result program_run(const struct program *program, struct program_end *end);

/* ---- names.c ---- */

/*
 * Takes back what programs have changed in the image's directories. Nothing may run, and no
 * directory of the image may have been changed on purpose.
 */
void names_restore(void);

/* ---- request.c ---- */

/* A RUN message (channel.h). */
struct request {
	uint32_t sequence;
	uint32_t size;
	char *payload;
};

/* Starts to read requests from a stream; others are the programs' standard streams, kept. */
twz_result control_start(uint32_t control, const uint32_t streams[3]);
/* Waits for the next request, which is the caller's until control_done. */
struct request control_next(void);
void control_done(struct request *request);
/* Tells what runs for a request, so that its cancellation finds it; number 0: nothing any more. */
void control_running(uint32_t sequence, uint32_t number);
/* Returns when the host has taken all output, of threads that were killed too. */
void control_drain(void);
void control_send(uint32_t kind, uint32_t sequence, const void *payload, uint32_t size);

/* ---- server.c ---- */

/* Serves the run channel on a stream until the host says QUIT. */
void serve(uint32_t control) __attribute__((noreturn));

/* ---- prompt.c, command.c ---- */

/* Reads and runs lines of the console until power-off. */
void prompt(void) __attribute__((noreturn));

/* Runs a command of the prompt itself; false when there is none of that name. */
bool command_run(int argc, char **argv);

/* Runs a program on the console, tells how it ended and ends the machine with its exit code. */
void run_and_power_off(char **argv) __attribute__((noreturn));

/* Flushes the store and ends the machine with an exit code. */
void power_off(int code) __attribute__((noreturn));

#endif
