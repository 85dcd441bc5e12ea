/* SPDX-License-Identifier: BSD-2-Clause */
/* Directories locked together, and renaming under it. See <twz/directory_lock.h>. */
#include <stdbool.h>
#include <twz/directory_lock.h>
#include <twz/lock.h>

static struct twz_directory_header *header_of(void *start)
{
	return (struct twz_directory_header *)((uint8_t *)start + TWZ_BASE_OFFSET);
}

static bool comes_before(struct twz_id a, struct twz_id b)
{
	return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

/* Sorted in, once. */
static void add_id(struct twz_directories *locked, struct twz_id id)
{
	unsigned at = 0;

	while (at < locked->count && comes_before(locked->ids[at], id))
		at++;
	if (at < locked->count && twz_id_equal(locked->ids[at], id))
		return;
	for (unsigned i = locked->count++; i > at; i--)
		locked->ids[i] = locked->ids[i - 1];
	locked->ids[at] = id;
}

static void unlock_some(struct twz_directories *locked, unsigned count)
{
	while (count-- > 0) {
		struct twz_directory_header *header = header_of(locked->starts[count]);
		twz_lock_release(&header->holder, &header->waiters);
		locked->access->close(locked->access->context, count);
	}
}

void twz_directories_unlock(struct twz_directories *locked)
{
	unlock_some(locked, locked->count);
	locked->count = 0;
}

void *twz_directories_start(const struct twz_directories *locked, struct twz_id id)
{
	for (unsigned i = 0; i < locked->count; i++)
		if (twz_id_equal(locked->ids[i], id))
			return locked->starts[i];
	return NULL;
}

/* Locks what is in locked->ids; what moves were begun is left. */
static twz_result lock_all(struct twz_directories *locked)
{
	const struct twz_directory_access *access = locked->access;

	for (unsigned i = 0; i < locked->count; i++) {
		struct twz_id parent;
		twz_result result =
			access->open(access->context, i, locked->ids[i], 1, &locked->starts[i]);
		if (result >= 0) {
			/* not every object is a directory: looked at before a byte is changed */
			result = twz_directory_parent(locked->starts[i], TWZ_DIRECTORY_LIMIT,
						      &parent);
			struct twz_directory_header *header = header_of(locked->starts[i]);
			if (result >= 0)
				result = twz_lock_take(&header->holder, &header->waiters);
			if (result == 1)
				twz_directory_persist(locked->starts[i], TWZ_DIRECTORY_LIMIT);
			if (result < 0)
				access->close(access->context, i);
		}
		if (result < 0) {
			unlock_some(locked, i);
			return result;
		}
		result = twz_directory_recover(locked->starts[i], TWZ_DIRECTORY_LIMIT);
		if (result < 0) {
			unlock_some(locked, i + 1);
			return result;
		}
	}
	return TWZ_OK;
}

/* Whether the other side of a move cannot be asked any more, so that it has not happened. */
static bool is_gone(twz_result result)
{
	return result == -TWZ_ERR_NO_SUCH_OBJECT || result == -TWZ_ERR_NOT_A_DIRECTORY ||
	       result == -TWZ_ERR_CORRUPT || result == -TWZ_ERR_VERSION_MISMATCH;
}

/* Finishes the move between the two, both locked, and what it moved when that is a directory. */
static twz_result finish(const struct twz_directories *locked, struct twz_directory_pair *pair,
			 struct twz_directory_entry *moved)
{
	twz_result result = twz_directory_move_state(pair, moved);

	if (result == 1 && moved->kind == TWZ_KIND_DIRECTORY) {
		void *start = twz_directories_start(locked, moved->id);
		if (!start)
			return -TWZ_ERR_BUSY; /* to be locked too */
		result = twz_directory_set_parent(start, TWZ_DIRECTORY_LIMIT, pair->to_id);
	}
	return result < 0 ? result : twz_directory_move_end(pair);
}

/* Nothing of `id` and its peer is locked: finishes their move. */
static twz_result settle(const struct twz_directory_access *access, struct twz_id id,
			 struct twz_id peer)
{
	struct twz_directories locked = {.access = access};
	struct twz_directory_entry moved;
	bool alone = twz_id_equal(id, peer), third = false;

	for (;;) {
		locked.count = 0;
		add_id(&locked, id);
		if (!alone)
			add_id(&locked, peer);
		if (third)
			add_id(&locked, moved.id);
		twz_result result = lock_all(&locked);
		if (is_gone(result) && (third || !alone)) {
			/* without the directory that was moved its parent need not be set */
			alone = !third;
			third = false;
			if (!alone)
				moved.kind = TWZ_KIND_DATA;
			continue;
		}
		if (result < 0)
			return result;
		struct twz_id with;
		void *start = twz_directories_start(&locked, id);
		if (!twz_directory_moving(start, &with) || !twz_id_equal(with, peer)) {
			result = TWZ_OK; /* somebody else has done it */
		} else if (alone) {
			twz_directory_move_forget(start);
		} else {
			struct twz_directory_pair pair = {start,
							  twz_directories_start(&locked, peer), id,
							  peer, TWZ_DIRECTORY_LIMIT};
			result = finish(&locked, &pair, &moved);
		}
		twz_directories_unlock(&locked);
		if (result != -TWZ_ERR_BUSY || third)
			return result;
		third = true;
	}
}

twz_result twz_directories_lock(struct twz_directories *locked,
				const struct twz_directory_access *access, const struct twz_id *ids,
				unsigned count)
{
	locked->access = access;
	for (;;) {
		struct twz_id peer;
		unsigned moving = 0;

		locked->count = 0;
		for (unsigned i = 0; i < count; i++)
			add_id(locked, ids[i]);
		twz_result result = lock_all(locked);
		if (result < 0) {
			locked->count = 0;
			return result;
		}
		while (moving < locked->count &&
		       !twz_directory_moving(locked->starts[moving], &peer))
			moving++;
		if (moving == locked->count)
			return TWZ_OK;
		struct twz_id id = locked->ids[moving];
		twz_directories_unlock(locked);
		result = settle(access, id, peer);
		if (result < 0)
			return result;
	}
}

twz_result twz_directory_settle(const struct twz_directory_access *access, struct twz_id id,
				const void *start)
{
	struct twz_id peer;

	if (!twz_directory_moving(start, &peer))
		return TWZ_OK;
	twz_result result = settle(access, id, peer);
	return result == -TWZ_ERR_ACCESS_DENIED || result == -TWZ_ERR_READ_ONLY ? TWZ_OK : result;
}

/* What the name names; id none: nothing. */
static twz_result look(const void *start, struct twz_directory_name *name)
{
	twz_result result = twz_directory_lookup(start, TWZ_DIRECTORY_LIMIT, name->text,
						 name->length, &name->entry);

	if (result == -TWZ_ERR_NOT_FOUND) {
		name->entry.id = TWZ_ID_NONE;
		name->entry.kind = TWZ_KIND_DATA;
		return TWZ_OK;
	}
	return result;
}

/* Without a lock: to know what to lock. */
static twz_result look_ahead(const struct twz_directory_access *access,
			     struct twz_directory_name *name)
{
	void *start;
	twz_result result =
		access->open(access->context, TWZ_DIRECTORIES, name->directory, 0, &start);

	if (result < 0)
		return result;
	result = look(start, name);
	access->close(access->context, TWZ_DIRECTORIES);
	return result;
}

twz_result twz_directories_lock_names(struct twz_directories *locked,
				      const struct twz_directory_access *access,
				      struct twz_directory_name *names, unsigned count)
{
	for (;;) {
		struct twz_id ids[TWZ_DIRECTORIES];
		unsigned wanted = 0;
		bool all = true;
		twz_result result = TWZ_OK;

		for (unsigned i = 0; i < count && result == TWZ_OK; i++) {
			ids[wanted++] = names[i].directory;
			result = look_ahead(access, &names[i]);
			if (result == TWZ_OK && names[i].entry.kind == TWZ_KIND_DIRECTORY)
				ids[wanted++] = names[i].entry.id;
		}
		if (result == TWZ_OK)
			result = twz_directories_lock(locked, access, ids, wanted);
		if (result < 0)
			return result;
		for (unsigned i = 0; i < count && result == TWZ_OK; i++) {
			result = look(twz_directories_start(locked, names[i].directory), &names[i]);
			all &= names[i].entry.kind != TWZ_KIND_DIRECTORY ||
			       twz_directories_start(locked, names[i].entry.id) != NULL;
		}
		if (result == TWZ_OK && all)
			return TWZ_OK;
		twz_directories_unlock(locked);
		if (result < 0)
			return result;
	}
}

static twz_result must_be_empty(const struct twz_directories *locked, struct twz_id id)
{
	twz_result result =
		twz_directory_is_empty(twz_directories_start(locked, id), TWZ_DIRECTORY_LIMIT);

	return result == 0 ? -TWZ_ERR_NOT_EMPTY : result < 0 ? result : TWZ_OK;
}

/*
 * What lost its name is an empty directory: nothing can be added any more, by whoever has it open.
 * It was locked since it was seen to be empty. Not before it lost its name: a power loss could
 * leave it so.
 */
static twz_result retire(const struct twz_directories *locked,
			 const struct twz_directory_entry *entry)
{
	if (twz_id_is_none(entry->id) || entry->kind != TWZ_KIND_DIRECTORY)
		return TWZ_OK;
	return twz_directory_retire(twz_directories_start(locked, entry->id), TWZ_DIRECTORY_LIMIT);
}

twz_result twz_directories_remove(const struct twz_directories *locked,
				  const struct twz_directory_name *name)
{
	twz_result result = TWZ_OK;

	if (twz_id_is_none(name->entry.id))
		return -TWZ_ERR_NOT_FOUND;
	if (name->entry.kind == TWZ_KIND_DIRECTORY)
		result = must_be_empty(locked, name->entry.id);
	if (result == TWZ_OK)
		result = twz_directory_remove(twz_directories_start(locked, name->directory),
					      TWZ_DIRECTORY_LIMIT, name->text, name->length, NULL);
	return result < 0 ? result : retire(locked, &name->entry);
}

/* Between two directories; a directory learns what is above it. */
static twz_result move(const struct twz_directories *locked, const struct twz_directory_name *from,
		       const struct twz_directory_name *to)
{
	struct twz_directory_entry moved, old;
	struct twz_directory_pair pair = {
		twz_directories_start(locked, from->directory),
		twz_directories_start(locked, to->directory),
		from->directory,
		to->directory,
		TWZ_DIRECTORY_LIMIT,
	};
	twz_result result = twz_directory_move_begin(&pair, from->text, from->length, to->text,
						     to->length, &moved, &old);

	return result < 0 ? result : finish(locked, &pair, &moved);
}

twz_result twz_directories_rename(const struct twz_directories *locked,
				  const struct twz_directory_name *from,
				  const struct twz_directory_name *to)
{
	bool directory = from->entry.kind == TWZ_KIND_DIRECTORY;
	twz_result result = TWZ_OK;

	if (twz_id_is_none(from->entry.id))
		return -TWZ_ERR_NOT_FOUND;
	if (twz_id_equal(from->entry.id, to->entry.id))
		return 1;
	if (twz_id_equal(from->entry.id, to->directory))
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!twz_id_is_none(to->entry.id)) {
		if (directory != (to->entry.kind == TWZ_KIND_DIRECTORY))
			return directory ? -TWZ_ERR_NOT_A_DIRECTORY : -TWZ_ERR_IS_A_DIRECTORY;
		if (directory)
			result = must_be_empty(locked, to->entry.id);
	}
	if (result < 0)
		return result;
	if (!twz_id_equal(from->directory, to->directory))
		result = move(locked, from, to);
	else
		result = twz_directory_rename(twz_directories_start(locked, from->directory),
					      TWZ_DIRECTORY_LIMIT, from->text, from->length,
					      to->text, to->length, NULL);
	return result < 0 ? result : retire(locked, &to->entry);
}
