/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects: up to 1 GiB of memory with an id, whose page map is a hardware page directory. What the
 * layout inside is says <twizzler/object.h>.
 */
#ifndef KERNEL_OBJECT_H
#define KERNEL_OBJECT_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/syscall.h>
#include <twizzler/object.h>
#include <list.h>
#include <lock.h>
#include <page.h>

struct object;
struct view;

/* A page as a pager or the page map supplies it. */
struct object_page {
	physical_address frame;
	uint32_t flags; /* OBJECT_PAGE_* */
};
#define OBJECT_PAGE_COPY 0x1u /* belongs to someone else: copy before writing */
#define OBJECT_PAGE_READONLY \
	0x2u /* present but not to be written until the pager was asked with write */
#define OBJECT_PAGE_ENTERED \
	0x4u		      /* the pager has put the page into the map itself (object_set_page) */
#define OBJECT_PAGE_HOLE 0x8u /* there is no page: the frame is zeros that stand for it */

/*
 * Where the pages of an object come from when its page map has none: the initial image, the store.
 * No lock is held in these calls; they may sleep.
 */
struct object_pager {
	/*
	 * Supply page number `page` (offset / 4096). `write`: somebody wants to write it. The
	 * frame's reference goes to the caller; a frame outside counted RAM has none. frame 0 with
	 * TWZ_OK: no page there, use a zeroed one. Two CPUs may ask for the same page at once.
	 */
	twz_result (*fetch)(struct object *object, uint64_t page, bool write,
			    struct object_page *out);
	/* Make a range durable (object_sync). NULL: NOT_SUPPORTED. */
	twz_result (*sync)(struct object *object, uint64_t offset, uint64_t length);
	/* Drop pages [first, first + count) from the backing (object_discard). May be NULL. */
	twz_result (*discard)(struct object *object, uint64_t first, uint64_t count);
	/* The id was deleted (object_delete). May be NULL. */
	void (*deleted)(struct object *object);
	/* Its pages are copies in RAM: a clean one (asks before writing, not dirty) may be dropped
	 * at any time, the next touch fetches it again. */
	bool evicts;
	/* The last reference is gone, the page map is already empty. May be NULL. */
	void (*release)(struct object *object);
};

/* Kernel-internal flags, above TWZ_OBJECT_*. */
#define OBJECT_CONTROL 0x10000u	 /* a view's or thread's control page: read-only for programs */
#define OBJECT_DELETED 0x20000u	 /* not in the id table any more */
#define OBJECT_SEALED  0x40000u	 /* of the initial image: nobody may write */
#define OBJECT_ORPHAN  0x80000u	 /* a view's control object whose maker ended: deleted at its end */
#define OBJECT_FIXED   0x100000u /* pages that are absent stay so: a touch is a fault */

struct object {
	struct twz_id id;
	struct twz_id nonce, owner; /* for the meta page, made when first touched */
	uint32_t flags;		    /* TWZ_OBJECT_*, OBJECT_* */
	uint32_t kind;
	uint32_t protections;	      /* rights that the default context grants */
	volatile uint32_t references; /* the id table, each map, each user */
	struct object *hash_next;

	struct spinlock lock;	    /* LOCK_OBJECT: all below */
	physical_address directory; /* the page directory, or 0: built on demand */
	uint64_t pages;		    /* present pages, those of large pages too */
	uint32_t large_pages;
	struct usual_pages *usual; /* of a big object that was mapped (usual.c); or NULL */
	bool narrow;		   /* none but these can be cached */
	bool parked;		   /* it was so once: entries may wait to be touched */
	bool page_rights;	   /* object_protect was used: only one view may map it */
	struct list maps;	   /* struct mapping.object_node */
	uint32_t map_count;
	struct list ties; /* objects to delete when this one goes, by tie_node; table's lock */
	struct list tie_node;
	struct object *tied_to; /* its owner, or NULL; table's lock */
	struct object **place;	/* of a clone's copy: who holds it instead of the table, its lock */
	bool has_ties;		/* something was tied to it once */

	const struct object_pager *pager; /* or NULL: demand zero */
	void *pager_data;		  /* the pager's own */
	struct view *control_view;	  /* OBJECT_CONTROL of a view: a reference; else NULL */
	struct twz_id shown_id; /* what programs see: a clone's copy shows its source's id */
};

/* ---- lifetime ---- */

/*
 * Make an object as spec says (pointers in it are kernel pointers), with one reference for the
 * caller and one for the id table. id none: a fresh one is made.
 */
twz_result object_make(const struct twz_object_spec *spec, struct twz_id id, struct object **out);

/* An object whose pages come from `pager`; as object_make. For the image, the store, handlers. */
twz_result object_make_paged(struct twz_id id, uint32_t flags, uint32_t kind, uint32_t protections,
			     const struct object_pager *pager, void *pager_data,
			     struct object **out);

/* Make an object persistent by spec: the store sets it. NULL: NOT_SUPPORTED. As object_make. */
extern twz_result (*object_make_persistent)(const struct twz_object_spec *spec,
					    struct object **out);

/*
 * Delete `object` when the object `owner` is deleted or, for control objects, ends; from now on no
 * other's end deletes it. owner NULL: nobody's does. INVALID_ARGUMENT: the owner goes with the
 * object itself; NO_SUCH_OBJECT: the object was deleted meanwhile.
 */
twz_result object_tie(struct object *owner, struct object *object);
/* Delete all that is tied to it. */
void object_release_ties(struct object *owner);

/*
 * A clone's copy is in no table: its view holds it in *place, with the caller's reference, until
 * object_delete, by an end of what it is tied to or by the view's, makes *place NULL.
 */
void object_place(struct object *copy, struct object **place);
/* The copy with a reference to it, or NULL: it was deleted. */
struct object *object_placed(struct object *const *place);

/* The object with this id and a reference to it, or NULL. _in: a view's copies answer first. */
struct object *object_find(struct twz_id id);
struct object *object_find_in(struct view *view, struct twz_id id);

/*
 * Called when an id is not in memory; may add the object (object_make_paged) and return TWZ_OK to
 * have the lookup repeated. The store sets it. May sleep.
 */
extern twz_result (*object_absent)(struct twz_id id);

void object_get(struct object *object);
/* Drops a reference; the last one frees pages and object. No lock held. */
void object_put(struct object *object);

/* Take the id out of the table: no new maps; memory goes with the last reference. Deletes what is
 * tied. */
void object_delete(struct object *object);

/* Unguessable: what a fresh id is derived from (twz_id_derive). */
struct twz_id object_make_nonce(void);

uint64_t object_count(void);

/* ---- contents, for the kernel ---- */

/* Copy between a kernel buffer and an object, as if mapped with all rights. May sleep. */
twz_result object_read(struct object *object, uint64_t offset, void *buffer, uint64_t length);
twz_result object_write(struct object *object, uint64_t offset, const void *buffer,
			uint64_t length);

/* Copy bytes of one page as they are, if the page is in the map: else false. Never sleeps. */
bool object_peek(struct object *object, uint64_t offset, void *buffer, uint64_t length);

/* object_copy_range and object_move_range between referenced objects. May sleep. */
twz_result object_copy(struct object *to, uint64_t to_offset, struct object *from,
		       uint64_t from_offset, uint64_t length);
twz_result object_move(struct object *to, uint64_t to_offset, struct object *from,
		       uint64_t from_offset, uint64_t length);
/* Only takes the pages out of the map; the pager still has them. For pagers. May sleep. */
twz_result object_drop_pages(struct object *object, uint64_t first, uint64_t count);
twz_result object_discard_pages(struct object *object, uint64_t offset, uint64_t length);
/*
 * Bind the object to the one view that maps it (or the first that will), which page-level rights
 * need: -BUSY when several do, or one does so as shared with its clones; else the view, with a
 * reference, or NULL.
 */
twz_result object_bind(struct object *object, struct view **out);
twz_result object_protect_pages(struct object *object, uint64_t offset, uint64_t length,
				uint32_t rights);

/*
 * A copy-on-write copy that shares table pages lazily; same kind and flags, fresh id, not in the id
 * table. Only of objects without a pager: the pages of others belong to their pager.
 */
twz_result object_clone(struct object *source, struct object **out);

/* ---- the page map, for faults, pagers and the store ---- */

/*
 * Make the page of `offset` present for `access` (TWZ_RIGHT_*). Returns 0, -OUT_OF_MEMORY,
 * -ACCESS_DENIED (page-level rights), -BAD_ADDRESS (null page, past the end), or the pager's error.
 * May sleep in the pager. Interrupts may be off; they are on at return if the pager was asked.
 */
twz_result object_fault(struct object *object, uint64_t offset, uint32_t access);

/*
 * Frame behind an offset after object_fault, with a reference; `write`: private to the object and
 * dirty. 0 and an error in *error otherwise.
 */
physical_address object_frame(struct object *object, uint64_t offset, bool write,
			      twz_result *error);

/*
 * Replace what the map holds at a page (0 frame: nothing), flush every CPU, drop the old frame's
 * reference. Takes over the new frame's reference. For pagers that move pages.
 */
twz_result object_set_page(struct object *object, uint64_t page, struct object_page new_page);

/*
 * The frame that the map holds at a page, or 0; `write`: from now on it may be written without
 * asking the pager. For pagers whose pages are in RAM.
 */
physical_address object_allow(struct object *object, uint64_t page, bool write);

/* The page, if there, is dirty again: it could not be written. */
void object_redirty(struct object *object, uint64_t page);

/*
 * Drop pages from the map that are clean and whose pager has them elsewhere (`evicts`), from *page
 * on, until `wanted` are gone; *page: where to go on, 2^18 at the end. Returns how many went.
 */
uint64_t object_evict(struct object *object, uint64_t *page, uint64_t wanted);

/*
 * Visit the present pages of [first, first + count) that were written since the last visit with
 * `clear`; `clear` marks them clean and, with READONLY semantics, write-protects them so that the
 * next write asks the pager; complete on all CPUs before the visits. The visitor runs without locks
 * and may sleep; the frame stays referenced during it. A negative result ends the walk and is
 * returned.
 */
typedef twz_result (*object_visitor)(void *context, uint64_t page, physical_address frame);
twz_result object_visit_dirty(struct object *object, uint64_t first, uint64_t count, bool clear,
			      object_visitor visit, void *context);

void objects_init(void);

#endif
