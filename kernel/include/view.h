/* SPDX-License-Identifier: BSD-2-Clause */
/* Views: address spaces, and with their threads programs. */
#ifndef KERNEL_VIEW_H
#define KERNEL_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/syscall.h>
#include <list.h>
#include <lock.h>
#include <page.h>

struct object;
struct thread;

/* A slot of a view that shows an object. */
struct mapping {
	struct view *view;
	struct object *object;	  /* a reference */
	struct list object_node;  /* object->maps, under the object's lock */
	volatile uint64_t *entry; /* page-directory-pointer entry, under the object's lock */
	uint64_t slot;
	uint32_t rights, inherit;
};

/* The page-directory-pointer entry that a map of an object with a directory needs; 0 without one.
 */
uint64_t mapping_entry(const struct mapping *map);

/* A clone's own copy of a private object: `id` of the source resolves to `copy` here. */
struct view_copy {
	struct twz_id id;
	struct object *copy; /* a reference; NULL: deleted, the id names nothing (object_place) */
	struct view_copy *next;
};

#define VIEW_TABLES 256 /* user half of the top level */

struct view {
	volatile uint32_t references;	      /* threads, the control object, who works on it */
	struct spinlock lock;		      /* LOCK_VIEW: all below but cpus */
	physical_address root;		      /* top-level page table */
	struct mapping **tables[VIEW_TABLES]; /* by slot: tables[slot >> 9][slot & 511] */
	uint64_t free_from;		      /* of the slots for anyone all below are taken */
	volatile uint64_t cpus;		      /* CPUs whose TLB may hold its translations */
	struct list threads;		      /* struct thread.view_node */
	uint32_t thread_count;
	bool exiting; /* no new threads or maps */
	bool ended;   /* the last thread is gone and so are the maps */
	int32_t exit_code;
	uint32_t exit_state;	 /* enum twz_view_state */
	struct twz_fault fault;	 /* why, where it was a fault */
	struct twz_crash *crash; /* where the thread was that ended it, or NULL; and how long */
	uint64_t crash_size;
	uint64_t upcall_entry;
	struct object *control;		       /* its id; the control page */
	struct twz_view_control *control_page; /* in the direct map */
	struct view_copy **copies;	       /* by id (copies.c) */
	uint32_t copy_buckets, copy_count;
	uint64_t run_time;	 /* of ended threads */
	void *host_state;	 /* the 9P channel's per-view data (kernel/device) */
	struct object *family;	 /* a reference, or NULL; set before it has threads (family.c) */
	struct list family_node; /* of the views that are in some family */
	bool left_family;	 /* it has ended: it joins none any more */

	/* The program (program.c). number: 0 before the first thread; it does not change. */
	uint32_t number;
	uint32_t known_as;	 /* whom it succeeds, or its own number */
	uint32_t group, session; /* 0: none yet */
	uint64_t serial;	 /* of all views ever made: tells one from the next of its number */
	uint32_t parent;	 /* its maker's number; of that only while the serial is the same */
	uint64_t parent_serial;
	struct view *successor; /* a reference */
	uint32_t takes;		/* TWZ_TAKES_* */
	struct list messages;	/* struct message, the oldest first */
	uint32_t message_count;
	uint64_t message_set; /* signals below TWZ_MESSAGE_QUEUED that wait: bit signal-1 */
};

/* A new empty view with one reference, its control object in the id table. */
twz_result view_make(struct view **out);
void view_get(struct view *view);
void view_put(struct view *view);

/* The view whose control object has this id, or the caller's own for none; with a reference. */
twz_result view_find(struct twz_id id, struct view **out);

/* Map and unmap, as the system calls; `object` is referenced by the caller and stays so. */
twz_result view_map_object(struct view *view, struct object *object, uint64_t slot, uint32_t rights,
			   uint32_t inherit, uint32_t flags);
twz_result view_unmap_slot(struct view *view, uint64_t slot);

/* Clone as view_clone does, without a thread. */
twz_result view_make_clone(struct view *source, struct view **out);

/* The object at an address and the offset in it, with a reference; NULL when nothing is mapped. */
struct object *view_object_at(struct view *view, uint64_t address, uint64_t *offset,
			      uint32_t *rights);

/*
 * Handle a fault of the loaded view. 0: resolved, retry. Otherwise -error, and the fault's kind and
 * error are set. May sleep; interrupts as object_fault says.
 */
twz_result view_fault(struct view *view, uint64_t address, uint32_t access,
		      struct twz_fault *fault);

/* End the program: marks every thread to die. The first caller's reason holds. Does not sleep. */
void view_end(struct view *view, uint32_t state, int32_t code, const struct twz_fault *fault);

/*
 * Before view_end by the calling thread's own doing (crash.c): keeps what TWZ_PROGRAM_CRASH gives,
 * the thread's registers as in `frame`, where the signal stands for a defect. Only the first thread
 * of a view is kept; nothing is where memory is out. Reads the program's memory only; may sleep.
 */
struct trap_frame;
void view_keep_crash(struct view *view, const struct trap_frame *frame, int32_t signal);
/* Copies it out; -NOT_FOUND. */
twz_result view_copy_crash(struct view *view, void *user);

/* Sleep until the view has ended; for kernel threads that run programs (handlers). */
twz_result view_wait(struct view *view, uint64_t deadline);

/*
 * Nobody wants to hear of the view any more. A program that runs goes on, and its control object is
 * deleted at its end (true); a view without threads is taken apart, and one that has ended is left
 * alone (false).
 */
bool view_disown(struct view *view);

/*
 * The control object's id is gone. Once the program has ended nobody can hear of it any more, so
 * that its number goes too, although a processor may not have left the view yet.
 */
void view_control_deleted(struct view *view);

/* Give up a view that never had a thread, and the caller's reference. */
void view_abandon(struct view *view);

/* Take up a thread: false when the view is exiting. Lose one; the last one ends the view. */
bool view_add_thread(struct view *view, struct thread *thread);
void view_lose_thread(struct view *view, struct thread *thread);

/*
 * Families (family.c): a view in the family of an object, and every view that it makes. What they
 * make untied is tied to that object.
 */

/* Enter a view into a family (NULL: into none); false when it is in one already. */
bool view_join_family(struct view *view, struct object *family);
/* The view has ended: takes it out and wakes who waits. */
void view_leave_family(struct view *view);
/*
 * End all views of a family as by SIGKILL, those too that they make meanwhile, and sleep until they
 * have ended; then delete what is tied to it. Returns how many views there were, or -INTERRUPTED.
 */
twz_result view_family_end(struct object *family);

/* Called once when a view's last thread is gone, before its maps go. Other subsystems' clean-up. */
typedef void (*view_end_hook)(struct view *view);
void view_on_end(view_end_hook hook);

/* A view that `maker` has made: whose child it is, its group and session. */
void program_made(struct view *view, const struct view *maker);
/* Its first thread is there; the view's lock is held. */
void program_numbered(struct view *view, uint32_t number);
/* The program with a number, or who succeeds it, with a reference; NULL. */
struct view *program_find(uint64_t number);
/* It has ended: its parent hears, what nobody took goes. */
void program_ended(struct view *view);

/* Load the view's root on this CPU; NULL: the kernel's. Interrupts off. */
void view_load(struct view *view);

uint64_t view_count(void);
void views_init(void);

#endif
