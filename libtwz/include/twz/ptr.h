/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariant pointers that read like C:
 *
 *	struct node { twz_ptr(struct node) next; };
 *	struct node *n = twz_deref(&p->next);
 *	twz_store(&p->next, n);
 *
 * A pointer into its own object costs a mask and an addition; one into another object a look into
 *the program's cache of resolved entries. Null is all zero.
 */
#ifndef TWZ_PTR_H
#define TWZ_PTR_H

#include <twz/object.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An invariant pointer to a T. `type` is never stored; it carries the type. */
#define twz_ptr(T)             \
	union {                \
		twz_iptr word; \
		T *type;       \
	}

/* What *pointer points to, as this program sees it; NULL for null and for what cannot be resolved.
 */
#define twz_deref(pointer) ((__typeof__((pointer)->type))twz_deref_word(&(pointer)->word))

/*
 * Makes *pointer point to `target`, which may lie in the pointer's object or in any other that is
 * mapped; NULL makes it null. The foreign entry is durable at return, the pointer itself after
 * twz_persist(pointer, 8). The pointer must lie in an object. Returns TWZ_OK or an error, and has
 * then not changed the pointer.
 */
#define twz_store(pointer, target)                                  \
	__extension__({                                             \
		__typeof__((pointer)->type) twz_target_ = (target); \
		twz_store_word(&(pointer)->word, twz_target_);      \
	})

twz_result twz_store_word(twz_iptr *pointer, const void *target);

/* As twz_deref, with the reason when it fails. */
twz_result twz_resolve(const twz_iptr *pointer, void **out);

/*
 * Resolved entries of this program, each in one word, so that a look needs no lock: the address of
 * the object that is meant, less a number below 2^30 that tells whose entry it is: one and the
 * number of the slot that holds the pointer, and above 18 bits the index's 8 upper ones. Its 16
 * lower ones, two bytes of the pointer, say the entry's place together with the slot, so that two
 * loads and few steps lead to the target, and all checks wait for nothing but foreseen jumps. 0:
 * empty. What has a larger index is looked for by twz_deref_slow.
 */
#define TWZ_RESOLVED_SLOTS  1024 /* a power of two; slots of the same number by it share places */
#define TWZ_RESOLVED_STRIDE 72	 /* entries: nine cache lines, so that slots use all of a cache */
#define TWZ_RESOLVED_SIZE   (TWZ_RESOLVED_SLOTS * TWZ_RESOLVED_STRIDE + (1 << 16))
extern uint64_t twz_resolved[TWZ_RESOLVED_SIZE];

/* The place of an entry of the object that `within` lies in, by 16 bits of its index. */
static inline uint64_t *twz_resolved_place(const void *within, uint16_t index)
{
	/* a shift and a mask that make it the slot's number times a cache line */
	uint64_t lines =
		(uint64_t)(uintptr_t)within >> (TWZ_SLOT_SHIFT - 6) & (TWZ_RESOLVED_SLOTS - 1) << 6;
	uint64_t *row = twz_resolved + lines / 8 * (TWZ_RESOLVED_STRIDE / 8);

	__asm__("" : "+r"(row)); /* the sum so far, while the index is on its way */
	return row + index;
}

void *twz_deref_slow(const twz_iptr *pointer);

static inline void *twz_deref_word(const twz_iptr *pointer)
{
	twz_iptr word = __atomic_load_n(pointer, __ATOMIC_ACQUIRE);
	uint64_t at = (uint64_t)(uintptr_t)pointer, base, offset = word;
	uint16_t index;

	if (__builtin_expect(word >= TWZ_SLOT_SIZE, 0)) {
		__builtin_memcpy(&index, (const uint8_t *)pointer + TWZ_IPTR_OFFSET_BITS / 8,
				 sizeof(index));
		base = __atomic_load_n(twz_resolved_place(pointer, index), __ATOMIC_RELAXED);
		offset -= (uint64_t)index << TWZ_IPTR_OFFSET_BITS;
		uint64_t whose = (at >> TWZ_SLOT_SHIFT) + 1;
		__asm__("" : "+r"(whose));
		/* a larger index, no offset in an object, another thread has changed the pointer;
		 * or the entry is another one's */
		if (__builtin_expect(offset >= TWZ_SLOT_SIZE, 0) ||
		    __builtin_expect(((base + whose) & (TWZ_SLOT_SIZE - 1)) != 0, 0)) {
			base = (uint64_t)(uintptr_t)twz_deref_slow(pointer);
			offset = 0;
		} else {
			offset += whose;
		}
	} else if (__builtin_expect(word != 0, 1)) {
		base = at & ~(TWZ_SLOT_SIZE - 1);
	} else {
		base = 0;
		__asm__ volatile(""); /* a jump, which is foreseen: a selection would wait */
	}
	__asm__("" : "+r"(base), "+r"(offset)); /* one sum, of which a load can be made */
	return (void *)(uintptr_t)(base + offset);
}

/*
 * A walk along many pointers: the object's start stays in a register, so that the next load adds
 * what it has just loaded to that as part of its address, which costs no cycle. A dereference
 * alone gives one register, the sum, which a loop's next load has to wait for: a cycle more.
 *
 *	for (struct twz_walk at = twz_walk(first); at.offset; twz_walk_on(&at, struct node, next))
 *		sum += twz_walk_at(&at, struct node)->number;
 */
struct twz_walk {
	uint64_t start;	 /* of the object it is in */
	uint64_t offset; /* 0: at its end */
};

static inline struct twz_walk twz_walk(const void *target)
{
	uint64_t address = (uint64_t)(uintptr_t)target;
	struct twz_walk walk = {address & ~(TWZ_SLOT_SIZE - 1), address & (TWZ_SLOT_SIZE - 1)};

	return walk;
}

/* What it is at, unless it is at its end. */
#define twz_walk_at(walk, T) ((T *)(uintptr_t)((walk)->start + (walk)->offset))

/* To what an invariant pointer, a member of the T that it is at, points to; as twz_deref. */
#define twz_walk_on(walk, T, member) twz_walk_word(walk, __builtin_offsetof(T, member))

static inline void twz_walk_word(struct twz_walk *walk, uint64_t member)
{
	uint64_t at = walk->offset;
	twz_iptr word = __atomic_load_n((const twz_iptr *)(uintptr_t)(walk->start + at + member),
					__ATOMIC_ACQUIRE);

	if (__builtin_expect(word < TWZ_SLOT_SIZE, 1)) {
		walk->offset = word;
		return;
	}
	__asm__ volatile("" : "+r"(at)); /* or the sum would be made before, for both */
	*walk = twz_walk(twz_deref_word((const twz_iptr *)(uintptr_t)(walk->start + at + member)));
}

#ifdef __cplusplus
}
#endif
#endif
