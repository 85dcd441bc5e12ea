/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names: file systems behind one small table of functions, and the walk over them.
 *
 * Every walk starts at the root and follows an absolute path; the current directory and the
 * directory of an open descriptor are such paths, free of links. So a fork needs no care, and ".."
 * is the text's last name taken away.
 */
#ifndef RT_PATH_H
#define RT_PATH_H

#include "fd/fd.h"

RT_BEGIN

struct rt_fs;

/* Where a walk stands. It may hold something of its file system: rt_place_leave gives it back. */
struct rt_place {
	const struct rt_fs *fs; /* NULL: nowhere */
	uint32_t kind;		/* enum twz_rt_file_kind */
	uint32_t device;	/* host files: which 9P device; devices: which one */
	uint32_t fid;		/* host files */
	bool read_only;		/* the mount is */
	struct twz_id id;	/* object files */
};

/* The last name of a path. */
struct rt_name {
	const char *text;
	size_t length;
};

/* A member that is NULL answers READ_ONLY, read_link and enumerate apart. */
struct rt_fs {
	/* Moves to a child: place->kind is then its kind. On an error the place is as before. */
	twz_result (*step)(struct rt_place *place, const char *name, size_t length);
	void (*leave)(struct rt_place *place);
	/* The target's whole length, of which at most capacity bytes are written. */
	twz_result (*read_link)(struct rt_place *place, char *buffer, size_t capacity);
	twz_result (*stat)(struct rt_place *place, struct twz_rt_stat *out);
	/* Opens what is there; may take what the place holds. */
	twz_result (*open)(struct rt_place *place, uint32_t flags, struct rt_file **out);
	/* Creates a regular file that is not there yet (EXISTS) and opens it. */
	twz_result (*create)(struct rt_place *directory, struct rt_name name, uint32_t flags,
			     uint32_t mode, struct rt_file **out);
	twz_result (*make_directory)(struct rt_place *directory, struct rt_name name,
				     uint32_t mode);
	twz_result (*make_link)(struct rt_place *directory, struct rt_name name, const char *target,
				size_t length);
	twz_result (*remove)(struct rt_place *directory, struct rt_name name, bool is_directory);
	/* Both places are of this file system and, for host files, of one device. */
	twz_result (*rename)(struct rt_place *from, struct rt_name name, struct rt_place *to,
			     struct rt_name to_name);
	twz_result (*link)(struct rt_place *file, struct rt_place *directory, struct rt_name name);
	twz_result (*set_times)(struct rt_place *place, uint64_t access, uint64_t modify);
};

void rt_place_leave(struct rt_place *place);

/* What rt_walk does at the end of the path. */
#define RT_WALK_FOLLOW	0x1u /* a link there is followed */
#define RT_WALK_PARENT	0x2u /* stops at the directory of the last name */
#define RT_WALK_MISSING 0x4u /* a last name that is not there is no error */

struct rt_walk {
	struct rt_place place; /* the thing; with `missing` or RT_WALK_PARENT its directory */
	char *path;	       /* absolute path of `place`, without links, NUL-ended */
	size_t length, capacity;
	struct rt_name name; /* the last name, when place is the directory; within `rest` */
	bool missing;
	bool trailing; /* the path ended in '/': only a directory will do */
	char *rest;    /* of rest_capacity bytes */
	size_t rest_capacity;
};

/*
 * Walks a path from descriptor `at`. On success (0) the result is the caller's until rt_walk_end.
 * LOOP after 40 links; NOT_FOUND, NOT_A_DIRECTORY, NAME_TOO_LONG, OUT_OF_MEMORY.
 */
twz_result rt_walk(struct rt_walk *walk, int at, const char *path, size_t length, uint32_t flags);
void rt_walk_end(struct rt_walk *walk);
/* rt_walk to a name that is to be made: EXISTS, and no walk to end, when something is there. */
twz_result rt_walk_missing(struct rt_walk *walk, int at, const char *path, size_t length);

/* The absolute path of the current directory in a fresh allocation of *length + 1 bytes. */
char *rt_cwd(size_t *length);
/* Sets it at the start, unchecked: a directory that is gone is found out at its use. */
twz_result rt_cwd_start(const char *path, size_t length);

/* Opens a path for itself; the file is not in a table. As twz_rt_fd_open. */
twz_result rt_path_open(int at, const char *path, size_t length, uint32_t flags, uint32_t mode,
			struct rt_file **out);

/*
 * What a name leads to may go between the walk and its use (another thread renames over it): true
 * for another look. A name that leads to nothing for good becomes NOT_FOUND. looks: 0 at first.
 */
bool rt_look_again(twz_result *result, unsigned *looks);
/* The result of a call on a path, made again as often as rt_look_again says. */
#define RT_LOOK(call)                                         \
	__extension__({                                       \
		unsigned rt_looks = 0;                        \
		twz_result rt_looked;                         \
		do                                            \
			rt_looked = (call);                   \
		while (rt_look_again(&rt_looked, &rt_looks)); \
		rt_looked;                                    \
	})

/* ---- mounts ---- */

/* The root of everything; cheap, and holds nothing. */
twz_result rt_mount_root(struct rt_place *place);
/* The root of what is mounted at an absolute path; false when nothing is. */
bool rt_mount_at(const char *path, size_t length, struct rt_place *place, twz_result *error);
/* True when something is mounted at this name in the root directory. */
bool rt_mount_has(const char *name, size_t length);
/* The index-th name that is mounted in the root directory; NULL past the last. */
const char *rt_mount_name(size_t index);

/* ---- file systems ---- */

/* /dev, and an empty root for a system without a name tree. */
extern const struct rt_fs rt_device_fs;
#define RT_DEVICE_FS_ROOT      1u
#define RT_DEVICE_FS_DIRECTORY 2u
/* /proc: /proc/self/exe. */
extern const struct rt_fs rt_proc_fs;
#define RT_PROC_FS_ROOT 1u

RT_END

#endif
