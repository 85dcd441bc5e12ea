/* SPDX-License-Identifier: BSD-2-Clause */
/* The name tree: paths, and changes under a directory's lock. See <twz/name.h>. */
#include "internal.h"
#include <twz/directory_lock.h>
#include <twz/fot.h>
#include <twz/name.h>
#include <twz/persist.h>
#include <twz/sys.h>

#define PATH_BYTES 4096 /* of the rest of a path after links */

/* A walk: the directory it is at, and what is left of the path. */
struct walk {
	struct twz_id root, at;
	const char *rest;
	const char *last; /* the final name, when the walk stops before it */
	size_t last_length;
	unsigned links;
	char buffer[2][PATH_BYTES]; /* rest after a link, in turn */
	unsigned turn;
};

twz_result twz_name_root(struct twz_id *root)
{
	struct twz_system_info info;
	twz_result result = twz_sys_system_info(&info);

	if (result < 0)
		return result;
	*root = twz_id_is_none(info.store_names) ? info.names : info.store_names;
	return twz_id_is_none(*root) ? -TWZ_ERR_NOT_FOUND : TWZ_OK;
}

static size_t length_of(const char *text)
{
	size_t length = 0;

	while (text[length] != 0)
		length++;
	return length;
}

static twz_result open_directory(struct twz_id id, uint32_t rights, struct twz_object *directory)
{
	twz_result result = twz_object_open(id, rights, directory);

	if (result < 0)
		return result;
	const struct twz_object_meta *meta = twz_object_meta(directory);
	if (meta->magic == TWZ_META_MAGIC && meta->kind == TWZ_KIND_DIRECTORY)
		return TWZ_OK;
	twz_object_close(directory);
	return -TWZ_ERR_NOT_A_DIRECTORY;
}

/* ---- directories as twz_directories_lock maps them ---- */

struct mapped {
	struct twz_object objects[TWZ_DIRECTORIES + 1];
};

static twz_result map_one(void *context, unsigned slot, struct twz_id id, int write, void **start)
{
	struct mapped *mapped = context;
	twz_result result = open_directory(id, TWZ_RIGHT_READ | (write ? TWZ_RIGHT_WRITE : 0),
					   &mapped->objects[slot]);

	if (result == TWZ_OK)
		*start = mapped->objects[slot].start;
	return result;
}

static void unmap_one(void *context, unsigned slot)
{
	struct mapped *mapped = context;

	twz_object_close(&mapped->objects[slot]);
}

/* What a change of names needs: a locked set and how it is mapped. */
struct change {
	struct mapped mapped;
	struct twz_directory_access access;
	struct twz_directories locked;
};

static const struct twz_directory_access *access_of(struct change *change)
{
	change->access = (struct twz_directory_access){map_one, unmap_one, &change->mapped};
	return &change->access;
}

/* What an interrupted move left is finished before a name is told. */
static twz_result settle(struct twz_id at, const struct twz_object *directory)
{
	struct change change;
	struct twz_id peer;

	if (!twz_directory_moving(directory->start, &peer))
		return TWZ_OK;
	return twz_directory_settle(access_of(&change), at, directory->start);
}

static twz_result look(struct twz_id at, const char *name, size_t length,
		       struct twz_directory_entry *entry)
{
	struct twz_object directory;
	twz_result result = open_directory(at, TWZ_RIGHT_READ, &directory);

	if (result < 0)
		return result;
	result = settle(at, &directory);
	if (result < 0) {
		twz_object_close(&directory);
		return result;
	}
	if (length == 2 && name[0] == '.' && name[1] == '.') {
		entry->kind = TWZ_KIND_DIRECTORY;
		entry->length = 2;
		__builtin_memcpy(entry->name, "..", 3);
		result = twz_directory_parent(directory.start, TWZ_DIRECTORY_LIMIT, &entry->id);
	} else {
		result = twz_directory_lookup(directory.start, TWZ_DIRECTORY_LIMIT, name, length,
					      entry);
	}
	twz_object_close(&directory);
	return result;
}

/* Puts a link's target in front of what is left. */
static twz_result follow(struct walk *walk, struct twz_id link)
{
	struct twz_object object;
	size_t rest = length_of(walk->rest);
	char *path = walk->buffer[walk->turn ^= 1];

	if (++walk->links > TWZ_NAME_LINKS)
		return -TWZ_ERR_LOOP;
	twz_result result = twz_object_open(link, TWZ_RIGHT_READ, &object);
	if (result < 0)
		return result;
	uint64_t size = twz_object_meta(&object)->size;
	if (size == 0 || size > PATH_BYTES || rest > PATH_BYTES - 2 - size) {
		result = -TWZ_ERR_NAME_TOO_LONG;
	} else {
		__builtin_memcpy(path, twz_object_base(&object), size);
		path[size] = '/';
		__builtin_memmove(path + size + 1, walk->rest, rest + 1);
		walk->rest = path;
		for (size_t i = 0; i < size; i++)
			if (path[i] == 0)
				result = -TWZ_ERR_CORRUPT;
		if (path[0] == '/')
			walk->at = walk->root;
	}
	twz_object_close(&object);
	return result;
}

/*
 * Goes along the path. keep_last: stops in front of the last name, which is then in `last` and not
 * looked up (nor followed). Else *entry is what the path names.
 */
static twz_result go(struct walk *walk, struct twz_id root, const char *path, bool keep_last,
		     struct twz_directory_entry *entry)
{
	walk->root = walk->at = root;
	walk->rest = path;
	walk->links = 0;
	walk->turn = 0;
	walk->last = NULL;
	entry->id = root;
	entry->kind = TWZ_KIND_DIRECTORY;
	entry->length = 0;
	entry->name[0] = 0;
	for (;;) {
		while (*walk->rest == '/')
			walk->rest++;
		size_t length = 0;
		while (walk->rest[length] != 0 && walk->rest[length] != '/')
			length++;
		if (length == 0)
			return keep_last ? -TWZ_ERR_EXISTS : TWZ_OK;
		const char *name = walk->rest, *after = name + length;
		while (*after == '/')
			after++;
		if (keep_last && *after == 0) {
			walk->last = name;
			walk->last_length = length;
			return TWZ_OK;
		}
		walk->rest = after;
		if (length == 1 && name[0] == '.')
			continue;
		twz_result result = look(walk->at, name, length, entry);
		if (result == TWZ_OK && entry->kind == TWZ_KIND_SYMLINK)
			result = follow(walk, entry->id);
		else
			walk->at = entry->id;
		if (result < 0)
			return result;
	}
}

twz_result twz_name_lookup(struct twz_id root, const char *path, struct twz_directory_entry *out)
{
	struct walk walk;

	return go(&walk, root, path, false, out);
}

/* After a change: what is known of names may be so no more. */
static void end_change(struct change *change)
{
	twz_names_refresh();
	twz_directories_unlock(&change->locked);
}

/* Walks to the directory of the last name and locks it; where it is mapped. */
static twz_result to_last(struct walk *walk, struct twz_id root, const char *path,
			  struct change *change, void **start)
{
	struct twz_directory_entry entry;
	twz_result result = go(walk, root, path, true, &entry);

	if (result < 0)
		return result;
	result = twz_directories_lock(&change->locked, access_of(change), &walk->at, 1);
	*start = result == TWZ_OK ? twz_directories_start(&change->locked, walk->at) : NULL;
	return result;
}

/* replace: what has the name already goes, into *old. */
static twz_result enter(struct twz_id root, const char *path, struct twz_id id, uint32_t kind,
			bool replace, struct twz_directory_entry *old)
{
	struct walk walk;
	struct change change;
	void *start;
	twz_result result = to_last(&walk, root, path, &change, &start);

	if (result < 0)
		return result;
	result = replace ? twz_directory_replace(start, TWZ_DIRECTORY_LIMIT, walk.last,
						 walk.last_length, id, kind, old)
			 : twz_directory_insert(start, TWZ_DIRECTORY_LIMIT, walk.last,
						walk.last_length, id, kind);
	end_change(&change);
	return result;
}

twz_result twz_name_insert(struct twz_id root, const char *path, struct twz_id id, uint32_t kind)
{
	return enter(root, path, id, kind, false, NULL);
}

twz_result twz_name_replace(struct twz_id root, const char *path, struct twz_id id, uint32_t kind,
			    struct twz_directory_entry *old)
{
	return enter(root, path, id, kind, true, old);
}

static struct twz_directory_name name_of(const struct walk *walk)
{
	return (struct twz_directory_name){
		.directory = walk->at, .text = walk->last, .length = walk->last_length};
}

twz_result twz_name_remove(struct twz_id root, const char *path, struct twz_directory_entry *old)
{
	struct walk walk;
	struct change change;
	struct twz_directory_entry entry;
	twz_result result = go(&walk, root, path, true, &entry);

	if (result < 0)
		return result;
	struct twz_directory_name name = name_of(&walk);
	result = twz_directories_lock_names(&change.locked, access_of(&change), &name, 1);
	if (result < 0)
		return result;
	result = twz_directories_remove(&change.locked, &name);
	end_change(&change);
	if (result == TWZ_OK && old)
		*old = name.entry;
	return result;
}

twz_result twz_name_make_directory(struct twz_id root, const char *path, uint32_t flags,
				   struct twz_id *id)
{
	struct walk walk;
	struct twz_directory_entry entry;
	struct twz_object made;
	twz_result result = go(&walk, root, path, true, &entry);

	if (result < 0)
		return result;
	result = twz_object_create(flags, TWZ_KIND_DIRECTORY, id);
	if (result < 0)
		return result;
	result = twz_object_open(*id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &made);
	if (result == TWZ_OK) {
		result = twz_directory_format(made.start, TWZ_DIRECTORY_LIMIT, id->lo, walk.at, 0,
					      0);
		twz_object_meta(&made)->mode = 0755;
		twz_object_meta(&made)->links = 1;
		twz_persist(twz_object_meta(&made), sizeof(struct twz_object_meta));
		twz_object_close(&made);
	}
	if (result == TWZ_OK)
		result = twz_name_insert(root, path, *id, TWZ_KIND_DIRECTORY);
	if (result < 0)
		twz_object_delete(*id);
	return result;
}

twz_result twz_name_rename(struct twz_id root, const char *path, const char *to,
			   struct twz_directory_entry *old)
{
	struct walk walk, target;
	struct change change;
	struct twz_directory_entry entry;
	twz_result result = go(&walk, root, path, true, &entry);

	if (result >= 0)
		result = go(&target, root, to, true, &entry);
	if (result < 0)
		return result;
	struct twz_directory_name names[2] = {name_of(&walk), name_of(&target)};
	result = twz_directories_lock_names(&change.locked, access_of(&change), names, 2);
	if (result < 0)
		return result;
	if (names[1].entry.kind == TWZ_KIND_DIRECTORY && !twz_id_is_none(names[1].entry.id))
		result = -TWZ_ERR_EXISTS;
	else
		result = twz_directories_rename(&change.locked, &names[0], &names[1]);
	end_change(&change);
	if (result == 1) /* both are names of one object: it stays */
		names[1].entry.id = TWZ_ID_NONE;
	if (result >= 0 && old)
		*old = names[1].entry;
	return result < 0 ? result : TWZ_OK;
}
