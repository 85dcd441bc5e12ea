/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes objects in the store and ends before they have a name, as a program does that is killed. */
/* shapes: static */
#include <stdio.h>
#include <stdlib.h>
#include <twz/object.h>

int main(int argc, char **argv)
{
	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 0; i--) {
		struct twz_object object;
		struct twz_id id;

		if (twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &id) != TWZ_OK ||
		    twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) != TWZ_OK)
			return 1;
		*(int *)twz_object_base(&object) = i;
		if (twz_object_sync(id) != TWZ_OK)
			return 1;
	}
	puts("made");
	return 0;
}
