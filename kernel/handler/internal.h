/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the handlers' files share. One kernel thread, the dispatcher, owns every structure here:
 * programs' calls reach it as requests (dispatch.c), so that events of a handler are in order by
 * construction. Only the list of handlers and their `stat` are also read by others, under
 * handlers_lock.
 */
#ifndef KERNEL_HANDLER_INTERNAL_H
#define KERNEL_HANDLER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <handler.h>
#include <list.h>
#include <lock.h>
#include <object.h>
#include <thread.h>
#include "image.h"

/* ---- programs (program.c): a loaded image, unchanging ---- */

struct handler_program {
	struct twz_handler_image *image; /* checked: header, tables and strings */
	struct object *text, *rodata;	 /* rodata NULL: none */
};

/*
 * Load the image that stands at offset `base` of `source`, `available` bytes at most. *state gets a
 * fresh snapshot (NULL where there are no globals); pass NULL for none. Sleeps. The errors of
 * image.h, CORRUPT (checksum), OUT_OF_MEMORY.
 */
twz_result program_load(struct object *source, uint64_t base, uint64_t available,
			struct handler_program **out, struct object **state);
void program_free(struct handler_program *program);
/* Copy bytes to the start of another object, a page at a time. Sleeps; gives way. OUT_OF_MEMORY and
 * the objects' own errors. */
twz_result handler_copy_bytes(struct object *to, struct object *from, uint64_t from_offset,
			      uint64_t length);

static inline uint64_t program_data_pages(const struct handler_program *program)
{
	return PAGE_ROUND_UP(program->image->data.memory_size) >> PAGE_SHIFT;
}

/* ---- bounded objects (space.c) ---- */

/* Pages that exist: [0, first_end) and [second_start, second_end); any other faults. */
struct space {
	uint64_t first_end, second_start, second_end;
	struct object *
		parent; /* a reference, or NULL: where unwritten pages come from, copied on write */
};

/* A raw object of these pages, out of the id table: nobody else can name it. Takes over the parent.
 */
twz_result space_make(const struct space *space, struct object **out);

/* ---- handlers ---- */

/* A handler's program with its snapshot; a version change makes another one. */
struct handler_version {
	struct handler_program *program;
	struct object *state;	 /* the snapshot; NULL: no globals */
	struct object **outputs; /* file objects in the manifest's order */
	uint64_t sequence;	 /* of the last committed event */
	struct object *source;	 /* where the image was read, until it is in the store */
	uint64_t source_base;
	struct twz_id image_id, state_id; /* in the store, or none */
};

struct handler {
	struct list node; /* handlers, in order of registration; under handlers_lock */
	struct handler_version *current, *previous; /* previous may be NULL */
	uint64_t *due; /* monotonic time for each timer of the manifest, else TWZ_FOREVER */
	uint64_t slot; /* in the store's registry; 0: volatile */
	struct twz_handler_stat stat; /* under handlers_lock */
};

extern struct spinlock handlers_lock; /* LOCK_HANDLER */
extern struct list handlers;

struct handler *handler_find(const char *name);
void version_free(struct handler_version *version);

/* ---- runs (run.c) ---- */

enum run_state {
	RUN_RUNNING,
	RUN_RETURNED,
	RUN_FORBIDDEN,
	RUN_FAULTED,
	RUN_OVERRUN,
};

struct handler_run {
	struct handler_version *version;
	enum run_state state; /* set by the run's own thread, read when its view has ended */
	uint32_t forbidden;   /* number of the call */
	struct twz_fault fault;
	uint64_t outputs, output_length; /* as handler_return said: unchecked */
	uint64_t time;
	uint64_t cpu; /* CPU nanoseconds used */
	struct object *run_space, *data;
	uint64_t output_base, output_size; /* of the buffer in the run slot */
};

/*
 * Run a version for one event, whose payload follows it in memory, until it has committed or been
 * thrown away. *run tells how it went. 0: committed; an error: nothing has changed. Sleeps.
 */
twz_result run_event(struct handler *handler, const struct twz_event *event, uint64_t function,
		     struct handler_run *run);

/* ---- commits (apply.c) ---- */

/* Make a returned run's globals and outputs true. An error: nothing has changed. */
twz_result run_apply(struct handler *handler, struct handler_run *run, uint64_t sequence);

#endif
