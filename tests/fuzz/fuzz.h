/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system call fuzzer: a parent that survives, and children that are sacrificed. Every thread of
 * a child draws from a random stream of its own, which the seed, the round and the thread's place
 * determine.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/syscall.h>
#include <twz/sys.h>
#include "../kernel/describe.h"
#include "../kernel/print.h"

#define PAGE	TWZ_PAGE_SIZE
#define SLOT(n) ((char *)((uint64_t)(n) << TWZ_SLOT_SHIFT))

/* Slots: the parent's own memory, its view of a child, what both share, the children's play. */
#define SLOT_PARENT  580
#define SLOT_CONTROL 581
#define SLOT_LOG     582
#define SLOT_PLAY    600
#define PLAY_SLOTS   24

/* A thread's area: its state, its arguments, its stacks. An upcall finds it from its stack. */
#define AREA_SIZE    0x20000ull
#define AREAS	     16
#define THREADS	     3	 /* more of a child, beside its first */
#define THREADS_MAX  200 /* of a round, its descendants' too: the kernel keeps their stacks */
#define IDS	     48
#define DEPTH_MAX    3
#define INPUT_SIZE   2048
#define OUTPUT_SIZE  4096
#define UPCALL_STACK 0x8000ull

struct context {
	uint64_t resume; /* rsp to go back to after a fault; 0: none */
	uint64_t random;
	uint32_t index, depth;
	struct twz_id view; /* the thread's own, for ties */
	uint64_t input[INPUT_SIZE / 8];
	uint64_t output[OUTPUT_SIZE / 8];
};

extern char areas[AREAS][AREA_SIZE];

/* Ids that the threads of a view have met. Racing for them is part of the game. */
extern struct twz_id pool[IDS], pool_views[8];
/*
 * What outlives the children: the image's names, and all that every view has mapped from the start
 * (the program, the clock's page). What is tied to one of them would stay, so they stay out of the
 * pool.
 */
#define PERMANENT 32
extern struct twz_id permanent[PERMANENT];
extern struct twz_id names_id;
/*
 * The round's views are a family's, with which goes what they tie to nothing. Without a family that
 * outlives its maker, as docs/memory.md has it, so that such rounds tie nothing to nothing.
 */
extern bool in_family;

/* What the parent must end: views tell it here. The children may write nonsense. */
#define LOG_VIEWS 2048 /* entry.S has it too */
#define LOG_MADE  256  /* of a round */
struct log {
	volatile uint32_t count;
	uint32_t reserved[3];
	struct twz_id views[LOG_VIEWS];
	volatile uint64_t calls, acts, faults;
	volatile uint64_t threads; /* of this round */
	/* objects of the store that it has made: the kernel writes the ids here */
	volatile uint32_t made_count;
	struct twz_id made[LOG_MADE];
};
#define LOG ((struct log *)SLOT(SLOT_LOG))
extern struct twz_id log_id, program_id;

/* random.c */
uint64_t mix(uint64_t a, uint64_t b);
uint64_t draw(struct context *c);
uint64_t below(struct context *c, uint64_t limit);
bool chance(struct context *c, unsigned one_in);
uint64_t weird(struct context *c);

/* generate.c: one system call, mostly plausible; one of garbage. */
void structured_call(struct context *c);
void garbage_call(struct context *c);

/*
 * devices.c: objects of the store, whose root is store_id (none: there is no store). A spec gets or
 * loses the flag; its id must lie where the parent finds it, NULL when the round has had enough.
 */
extern struct twz_id store_id;
void fill_persistent(struct context *c, struct twz_object_spec *spec);
struct twz_id *place_for_id(struct context *c, const struct twz_object_spec *spec);
/* A message to the host's files, mostly well formed; returns its length. */
uint64_t fill_host_request(struct context *c, void *request);

/* act.c: memory, instructions, registers, frames. */
void act(struct context *c);

/* entry.S: call function(c), and come back here when it faults. */
void attempt(struct context *c, void (*function)(struct context *c));
void recover(struct context *c) __attribute__((noreturn));

/* child.c */
extern char sleeper_entry[], child_entry[], grandchild_entry[], thread_entry[], upcall_entry[];
/* Makes as many threads at once as there will ever be; does not end by itself. */
#define STREAM_WARM 0ull

struct context *context_at(uint64_t address);
char *stack_of(unsigned area);
char *upcall_stack_of(unsigned area);

#endif
