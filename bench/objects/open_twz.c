/* SPDX-License-Identifier: BSD-2-Clause */
/* open.h's things as objects of the store. */
#include "open.h"
#include <twz/name.h>
#include <twz/object.h>
#include <twz/persist.h>

#define PAGE 4096

static struct twz_id root_id(void)
{
	struct twz_id root;

	need(twz_name_root(&root) >= 0, "root");
	return root;
}

static volatile uint64_t *word_at(const struct twz_object *object, uint64_t offset)
{
	return (volatile uint64_t *)((uint8_t *)twz_object_base(object) + offset);
}

void thing_make(const char *name, uint64_t size)
{
	struct twz_object object;
	struct twz_id id;

	need(twz_object_create(TWZ_OBJECT_PERSISTENT, TWZ_KIND_DATA, &id) >= 0, "create");
	need(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) >= 0, "open");
	for (uint64_t at = 0; at < size; at += PAGE)
		*word_at(&object, at) = at + 1;
	*word_at(&object, size - 8) = size;
	need(twz_object_sync(id) >= 0, "sync");
	twz_object_close(&object);
	need(twz_name_insert(root_id(), name, id, TWZ_KIND_DATA) >= 0, "name");
}

void thing_visit(const char *name, uint64_t size)
{
	struct twz_directory_entry entry;
	struct twz_object object;

	need(twz_name_lookup(root_id(), name, &entry) >= 0, "look up");
	need(twz_object_open(entry.id, TWZ_RIGHT_READ, &object) >= 0, "open");
	need(*word_at(&object, 0) == 1 && *word_at(&object, size - 8) == size, "content");
	twz_object_close(&object);
}

int main(int argc, char **argv)
{
	return open_main(argc, argv);
}
