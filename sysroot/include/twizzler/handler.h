/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handler programming interface: what a handler's C file includes. x86_64-twizzler-handlerc
 * compiles it into a .twh image (handler_image.h).
 *
 *   TWZ_HANDLER("counter", .version = "1.0", .budget_ms = 500, .memory_kb = 64);
 *   TWZ_ON_TIMER(tick, .period_ms = 1000);
 *   TWZ_ON_EVENT(reset, "counter.reset");
 *   TWZ_MAY_APPEND("/var/log/counter");
 *   static uint64_t ticks;
 *   void tick(const struct twz_event *ev) { twz_append("/var/log/counter", "%lu\n", ++ticks); }
 *
 * A run starts with the globals as the last committed run left them, runs to completion in a
 * copy-on-write snapshot, and commits globals and outputs as one transaction when the event
 * function returns. A fault, an exhausted budget or a forbidden system call leaves all as before.
 */
#ifndef TWIZZLER_HANDLER_H
#define TWIZZLER_HANDLER_H

#include <stddef.h>
#include <stdint.h>
#include <twizzler/handler_image.h>
#include <twizzler/syscall.h>

#ifdef __cplusplus
#error "handlers are written in C"
#endif

typedef void (*twz_handler_function)(const struct twz_event *event);

struct twz_handler_declaration {
	const char *name;
	const char *version;
	uint32_t budget_ms; /* CPU time of one run; default 100 */
	uint32_t memory_kb; /* globals, stack and outputs of a run, half of what globals leave for
			       each of the latter; default 64 */
};

struct twz_handler_on {
	uint32_t kind; /* TWZ_EVENT_* */
	uint32_t reserved;
	uint64_t period_ms;
	const char *event;
	twz_handler_function function;
	const char *function_name;
};

struct twz_handler_output {
	uint32_t kind; /* TWZ_OUTPUT_* */
	const char *path;
};

/* A literal path given to twz_append, for handlerc to compare with the declared ones. */
struct twz_handler_use {
	const char *path; /* NULL: not a literal */
};

#define TWZ_HANDLER_SECTION_(s) __attribute__((used, retain, aligned(8), section(s)))
#define TWZ_HANDLER_CAT_(a, b)	a##b
#define TWZ_HANDLER_CAT(a, b)	TWZ_HANDLER_CAT_(a, b)

/*
 * Once a file: name (letters, digits, '.', '-', '_') and properties. A changed version resets the
 * snapshot.
 */
#define TWZ_HANDLER(handler_name, ...)                                                        \
	TWZ_HANDLER_SECTION_(".twz.handler")                                                  \
	const struct twz_handler_declaration twz_handler_declaration = {.name = handler_name, \
									__VA_ARGS__}

/* Runs `fn` every .period_ms, first one period after registration or boot; missed periods are one.
 */
#define TWZ_ON_TIMER(fn, ...)                                               \
	void fn(const struct twz_event *);                                  \
	TWZ_HANDLER_SECTION_(".twz.events")                                 \
	static const struct twz_handler_on TWZ_HANDLER_CAT(twz_on_, fn) = { \
		.kind = TWZ_EVENT_TIMER, .function = fn, .function_name = #fn, __VA_ARGS__}

/* Runs `fn` when a program raises the application event `event_name` (handlerctl emit). */
#define TWZ_ON_EVENT(fn, event_name)                                                             \
	void fn(const struct twz_event *);                                                       \
	TWZ_HANDLER_SECTION_(".twz.events")                                                      \
	static const struct twz_handler_on TWZ_HANDLER_CAT(twz_on_,                              \
							   fn) = {.kind = TWZ_EVENT_APPLICATION, \
								  .event = event_name,           \
								  .function = fn,                \
								  .function_name = #fn}

/* Runs `fn` once in each boot: when the handler comes back from the store, or is registered. */
#define TWZ_ON_BOOT(fn)                                                     \
	void fn(const struct twz_event *);                                  \
	TWZ_HANDLER_SECTION_(".twz.events")                                 \
	static const struct twz_handler_on TWZ_HANDLER_CAT(twz_on_, fn) = { \
		.kind = TWZ_EVENT_BOOT, .function = fn, .function_name = #fn}

/* Grants appending to one file, named by its absolute path. */
#define TWZ_MAY_APPEND(file)                                                              \
	TWZ_HANDLER_SECTION_(".twz.outputs")                                              \
	static const struct twz_handler_output TWZ_HANDLER_CAT(twz_may_, __COUNTER__) = { \
		.kind = TWZ_OUTPUT_APPEND, .path = file}

/* The event's payload; its length is event->size. */
const void *twz_event_payload(const struct twz_event *event);

/*
 * Appends formatted text to a declared file, when the run commits. Conversions: d i u x X o c s p
 * %, lengths hh h l ll z j t, flags - 0 + space #, width and precision also as *. Returns 0, or
 * -TWZ_ERR_ACCESS_DENIED (not declared; handlerc rejects it when the path is a literal),
 * -TWZ_ERR_NO_SPACE (outputs outgrow memory_kb; nothing of this call is appended).
 */
int twz_append(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
int twz_append_bytes(const char *path, const void *bytes, size_t length);

#define TWZ_HANDLER_USE_(file_path)                                                    \
	({                                                                             \
		TWZ_HANDLER_SECTION_(".twz.uses")                                      \
		static const struct twz_handler_use twz_use_ = {__builtin_choose_expr( \
			__builtin_constant_p(file_path), file_path, (const char *)0)}; \
	})
#ifndef TWZ_HANDLER_LIBRARY
#define twz_append(file_path, ...) (TWZ_HANDLER_USE_(file_path), twz_append(file_path, __VA_ARGS__))
#define twz_append_bytes(file_path, ...) \
	(TWZ_HANDLER_USE_(file_path), twz_append_bytes(file_path, __VA_ARGS__))
#endif

/* The same formatter into a buffer, NUL-ended when size > 0; returns the length it wanted. */
int twz_format(char *buffer, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Nanoseconds since the epoch: the event's logged time, the same all through a run. */
uint64_t twz_now(void);

/* Fills with random bytes, a logged input of the run. Returns 0 or a negated enum twz_error. */
int twz_random(void *buffer, size_t length);

/*
 * Ends the run at once as the event function's return would, committing, or as a fault would,
 * leaving everything as before the event.
 */
void twz_commit(void) __attribute__((noreturn));
void twz_discard(void) __attribute__((noreturn));

#endif
