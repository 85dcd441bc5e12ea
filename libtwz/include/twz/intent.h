/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several 8-byte stores of one object as one atomic step: the words are written down in an intent
 * in the same object, which becomes true by the store of its count; then they are stored; then the
 * count is cleared. Who finds an intent that is not 0 finishes it. Pure.
 */
#ifndef TWZ_INTENT_H
#define TWZ_INTENT_H

#include <twizzler/object.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_INTENT_WORDS 6
#define TWZ_CHANGE_WORDS 12 /* of one that no intent makes true */

struct twz_word {
	uint64_t offset; /* of an 8-byte word in the object */
	uint64_t value;
};

/* In the object. */
struct twz_intent {
	uint64_t count; /* of words that are to be stored; 0: none */
	struct twz_word words[TWZ_INTENT_WORDS];
};

/* A change that is being put together, or an intent as read. Not in the object. */
struct twz_change {
	uint64_t count;
	struct twz_word words[TWZ_CHANGE_WORDS];
};

/* Adds a store, or gives one that is there another value. */
void twz_change_add(struct twz_change *change, uint64_t offset, uint64_t value);

/* The word at `offset` of the object as it is with the change. The offset has been checked. */
uint64_t twz_change_load(const struct twz_change *change, const void *start, uint64_t offset);

/* Makes the words true together and durable: a single one directly, several by the intent. Empties
 * the change. */
void twz_change_commit(struct twz_change *change, void *start, struct twz_intent *intent);

/* Finishes an intent that was read and not none. Empties the change. */
void twz_change_finish(struct twz_change *change, void *start, struct twz_intent *intent);

/*
 * Reads an intent; a changing one reads as none. CORRUPT when a word lies outside [base, limit) or
 * is not aligned.
 */
twz_result twz_intent_read(const struct twz_intent *intent, uint64_t limit,
			   struct twz_change *change);

#ifdef __cplusplus
}
#endif
#endif
