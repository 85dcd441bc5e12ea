/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every system call as data. A CALL() says how a right call is made, checked and undone; a WRONG()
 * spoils one argument, or one field of the structure behind it, and names the error that is due; a
 * RIGHT() changes one and the call still succeeds. cases.c runs them all, hands every pointer
 * argument each kind of bad pointer, and fails when syscall.def has an argument, or a structure a
 * field, that no case names.
 */
#ifndef TESTS_KERNEL_CASES_H
#define TESTS_KERNEL_CASES_H

#include "describe.h"
#include "test.h"

#define RW (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)

/* Slots that the cases use; FREE holds nothing, and NEXT after LAST holds nothing. */
#define SLOT_A	  820ull
#define SLOT_B	  821ull
#define SLOT_LAST 830ull
#define SLOT_FREE 840ull

struct fixture {
	uint64_t a[6];	   /* the arguments */
	uint64_t reach[6]; /* bytes behind pointer i; 0: its type's size */
	struct twz_id object, other, view;
	long result; /* of the call, for check and clean */
	uint64_t buffer[6][64];
};

struct call_case {
	uint64_t number;
	void (*prepare)(struct fixture *f);
	void (*check)(struct fixture *f); /* after success; also undoes what the call did */
	void (*clean)(struct fixture *f); /* what prepare did, also after failure */
	void (*run)(void); /* instead of one plain call: it does not return, or ends the machine */
	unsigned null_is_right; /* bits: pointer arguments that may be NULL */
};

/* One argument, or one field of a structure, that is not as usual. error 0: the call succeeds. */
struct variant {
	uint64_t number;
	const char *argument, *field, *what;
	long error;
	void (*change)(struct fixture *f); /* NULL: `run` of the call shows it */
};

#define CASES_JOIN_(a, b) a##b
#define CASES_JOIN(a, b)  CASES_JOIN_(a, b)

#define CALL(call, ...)                                                      \
	static const struct call_case CASES_JOIN(call, _case)                \
		__attribute__((used, section("call_cases"), aligned(8))) = { \
			.number = TWZ_SYS_##call, __VA_ARGS__}

#define VARIANT_(call, argument, field, what, error, function)                   \
	static void function(struct fixture *f);                                 \
	static const struct variant CASES_JOIN(function, _variant)               \
		__attribute__((used, section("variants"), aligned(8))) = {       \
			TWZ_SYS_##call, argument, field, what, error, function}; \
	static void function(struct fixture *f)

/* WRONG(call, "argument", "field" or "", "what", ERROR) { change *f } */
#define WRONG(call, argument, field, what, error)               \
	VARIANT_(call, argument, field, what, -TWZ_ERR_##error, \
		 CASES_JOIN(call##_wrong_, __COUNTER__))
#define RIGHT(call, argument, field, what) \
	VARIANT_(call, argument, field, what, 0, CASES_JOIN(call##_right_, __COUNTER__))
/* The call's run function shows it. */
#define SHOWN(call, argument_name, field_name, what_name)                                  \
	static const struct variant CASES_JOIN(call##_shown_, __COUNTER__) __attribute__(( \
		used, section("variants"), aligned(8))) = {.number = TWZ_SYS_##call,       \
							   .argument = argument_name,      \
							   .field = field_name,            \
							   .what = what_name}

/* The structure behind argument i. */
#define STRUCTURE(f, type, i) ((struct type *)(f)->buffer[i])
#define POINT(f, i)	      ((f)->a[i] = (uint64_t)(f)->buffer[i])

#define USER_LAST  0x800000000000ull /* the first address that is not a program's */
#define UNKNOWN_ID ((struct twz_id){0x1234, 0x5678})

/* Objects for the cases: raw, unmapped; with these default rights (0: all). */
struct twz_id make_raw(uint32_t protections);
struct twz_id make_ordinary(void);
/* An id that was an object's a moment ago. */
struct twz_id deleted_id(void);
void delete_object(struct twz_id id);
/* The view's own id, and a living thread's control object. */
struct twz_id own_view(void);
void set_words(struct fixture *f, unsigned first, struct twz_id id);
/* A view of its own with a thread that loops, and its end. */
struct twz_id looping_view(void);
extern uint64_t looping_thread; /* its number */
void end_view(struct twz_id view);
void wait_for_end(struct twz_id view);
/* A view that has ended, whose id is still there. */
struct twz_id ended_view(void);
/* The same by a fault with this stack pointer; looping_thread was its number. */
struct twz_id faulted_view(uint64_t stack);
/* A thread of this view that sleeps until it is told to end. */
void sleeper_start(struct worker *worker);
void sleeper_end(struct worker *worker);
/* The machine has a store. */
bool has_store(void);

/* An object that can be read and nothing else: the image's names. */
struct twz_id image_object(void);
/* A file of the image by its path; OWN when there is none. */
struct twz_id image_file(const char *name);

/* Fields of the structures that calls read. */
struct field {
	const char *type, *name;
	uint64_t offset, size;
};
extern const struct field fields[];
extern const unsigned field_count;

#endif
