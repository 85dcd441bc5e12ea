/* SPDX-License-Identifier: BSD-2-Clause */
/* An object of the host's, as several tests begin with one. */
#ifndef HOST_OBJECT_H
#define HOST_OBJECT_H

#include "test.h"
#include <host/host.h>
#include <twz/object.h>

#define RW (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)

/* A new one, open to read and write. */
static inline struct twz_object make(void)
{
	struct twz_object object;
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DATA, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, RW, &object), TWZ_OK);
	return object;
}

#endif
