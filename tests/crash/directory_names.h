/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of directories under exploration, each with an id by which its record is known to be whole.
 */
#ifndef CRASH_DIRECTORY_NAMES_H
#define CRASH_DIRECTORY_NAMES_H

#include "subject.h"
#include <twz/directory.h>

#define SIZE (16u << 10) /* of a directory */

static inline const char *name_of(int i, char name[40])
{
	snprintf(name, 40, "%d-and-some-more-bytes-to-fill-the-page", i);
	name[4 + i % 30] = 0;
	return name;
}

/* The id that a name has, 0 for none; *wrong when it cannot be. */
static inline uint64_t id_of(const void *start, int i, const char **wrong)
{
	struct twz_directory_entry entry;
	char name[40];

	name_of(i, name);
	twz_result result = twz_directory_lookup(start, SIZE, name, strlen(name), &entry);
	if (result == -TWZ_ERR_NOT_FOUND)
		return 0;
	if (result != TWZ_OK)
		*wrong = "a lookup fails";
	else if (entry.id.hi != entry.id.lo * 3 || entry.kind != entry.id.lo % 100)
		*wrong = "a record is torn";
	return entry.id.lo;
}

static inline const char *check_entries(const void *start, int count)
{
	struct twz_directory_entry entry;
	uint64_t cursor = 0;
	twz_result result;
	int found = 0;

	while ((result = twz_directory_next(start, SIZE, &cursor, &entry)) == 1)
		found++;
	return result != 0 || found != count ? "the enumeration is wrong" : NULL;
}

#endif
