/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over the whole store that check and repair share. */
#ifndef STORE_CHECK_H
#define STORE_CHECK_H

#include "internal.h"

struct checker {
	struct store *store;
	uint64_t *seen; /* a bit for each block in use */
	store_complaint complain;
	void *context;
	uint64_t wrong, objects;
	const struct store_object *object; /* the present one */
	const char *first;		   /* complaint */
	uint8_t *page;
	bool bad_orphans, bad_zeros;
	/* repair: what to take out, found by the walk and done behind it; or NULL */
	struct store_vector *bad_blocks; /* records and nodes */
	struct store_vector *bad_pages;	 /* pairs: record and page, or ~ the block of a page map */
};

/* Visits all there is and complains; check_end behind it, whatever it returns. */
twz_result check_walk(struct checker *checker);
void check_end(struct checker *checker);

/* The bits that a group must have when these blocks are in use. */
void check_expected(const struct store *store, const uint64_t *seen, uint64_t group,
		    uint64_t expected[STORE_GROUP_WORDS]);

#endif
