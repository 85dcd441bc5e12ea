/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories locked together, and what is done to their names under it: removal and renaming, also
 * between directories. Several are locked in the order of their ids, so that nobody waits for
 * somebody who waits for him. What an interrupted writer left, a move between two directories too,
 * is finished before a lock is given.
 *
 * How a directory is mapped is the caller's: libtwz and the runtimes do it each their way.
 */
#ifndef TWZ_DIRECTORY_LOCK_H
#define TWZ_DIRECTORY_LOCK_H

#include <twz/directory.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TWZ_DIRECTORIES 4u /* locked together: two, and what their names lead to */

struct twz_directory_access {
	/* Maps a directory, `write`: for writing; `slot` < TWZ_DIRECTORIES + 1 is free and tells
	 * close what to let go of. NOT_A_DIRECTORY for another object. */
	twz_result (*open)(void *context, unsigned slot, struct twz_id id, int write, void **start);
	void (*close)(void *context, unsigned slot);
	void *context;
};

struct twz_directories {
	const struct twz_directory_access *access;
	unsigned count;
	struct twz_id ids[TWZ_DIRECTORIES];
	void *starts[TWZ_DIRECTORIES];
};

/* Locks the directories; equal ids count once. Errors of open; nothing is locked then. */
twz_result twz_directories_lock(struct twz_directories *locked,
				const struct twz_directory_access *access, const struct twz_id *ids,
				unsigned count);
void twz_directories_unlock(struct twz_directories *locked);
/* Where one of them is mapped. */
void *twz_directories_start(const struct twz_directories *locked, struct twz_id id);

/*
 * For readers: when a move of the mapped directory was begun it is finished, or waited for, so that
 * its names are told right. OK also when that is not allowed.
 */
twz_result twz_directory_settle(const struct twz_directory_access *access, struct twz_id id,
				const void *start);

/* A name in a directory, and what it names while the directory is locked (id none: nothing). */
struct twz_directory_name {
	struct twz_id directory;
	const char *text;
	size_t length;
	struct twz_directory_entry entry;
};

/* Locks the directories of one or two names, and the directories that the names lead to. */
twz_result twz_directories_lock_names(struct twz_directories *locked,
				      const struct twz_directory_access *access,
				      struct twz_directory_name *names, unsigned count);

/* Takes a locked name out; a directory must be empty and nothing can be added to it then.
 * NOT_FOUND, NOT_EMPTY. */
twz_result twz_directories_remove(const struct twz_directories *locked,
				  const struct twz_directory_name *name);

/*
 * Gives what `from` names the name `to`, both locked, in one step that has happened or not, also
 * after a power loss; what had the name is to->entry. A directory replaces an empty directory only,
 * and nothing else does: NOT_A_DIRECTORY, IS_A_DIRECTORY, NOT_EMPTY; none into itself:
 * INVALID_ARGUMENT. Both names of one object: 1, and nothing is done.
 */
twz_result twz_directories_rename(const struct twz_directories *locked,
				  const struct twz_directory_name *from,
				  const struct twz_directory_name *to);

#ifdef __cplusplus
}
#endif
#endif
