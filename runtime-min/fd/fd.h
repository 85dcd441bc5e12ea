/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open files and the table of descriptors. A file (an "open file description" of POSIX) is counted:
 * every descriptor that was duplicated from it shares its position and flags.
 */
#ifndef RT_FD_H
#define RT_FD_H

#include "internal.h"

RT_BEGIN

struct rt_file;
struct rt_position;

/* Objects whose words are slept on: mapped until the sleep is over. */
struct rt_watch {
	struct twz_rt_object *objects;
	size_t count, capacity;
};

/* What a poll sleeps on. */
struct rt_waits {
	struct twz_sync_op *ops;
	size_t count, capacity;
	bool tick; /* a word could not be had (memory is out): look again soon */
	struct rt_watch watch;
};

/* A write at the end, whatever the position. */
#define RT_APPEND (~0ull)

/* What kinds of files differ in. A member that is NULL answers with the error named behind it. */
struct rt_file_ops {
	uint32_t kind; /* enum twz_rt_file_kind */
	bool seekable;
	/* Bytes done, 0 at the end. offset: where, for seekable files. Called without locks. */
	twz_result (*read)(struct rt_file *file, void *buffer, size_t length, uint64_t offset);
	twz_result (*write)(struct rt_file *file, const void *buffer, size_t length,
			    uint64_t offset); /* BAD_HANDLE */
	/* fills size, mode, times, ids; kind and the rest are preset from `kind` */
	twz_result (*stat)(struct rt_file *file, struct twz_rt_stat *out);
	twz_result (*truncate)(struct rt_file *file, uint64_t size); /* INVALID_ARGUMENT */
	twz_result (*sync)(struct rt_file *file);		     /* INVALID_ARGUMENT */
	twz_result (*set_mode)(struct rt_file *file, uint32_t mode); /* NOT_SUPPORTED */
	twz_result (*set_times)(struct rt_file *file, uint64_t access, uint64_t modify);
	twz_result (*enumerate)(struct rt_file *file, uint64_t *position,
				struct twz_rt_dirent *entries, size_t count); /* NOT_A_DIRECTORY */
	twz_result (*readable)(struct rt_file *file);			      /* INVALID_ARGUMENT */
	/* TWZ_FD_GET_TERMINAL and its like */
	twz_result (*terminal)(struct rt_file *file, uint32_t command, uint64_t argument);
	/* TWZ_POLL_* of now; adds to waits what to sleep on. NULL: always ready */
	uint32_t (*poll)(struct rt_file *file, uint32_t wanted, struct rt_waits *waits);
	twz_result (*object)(struct rt_file *file, struct twz_id *id); /* NOT_SUPPORTED */
	/* kind, handle and id for a new program; fd, flags, position and path are filled in already
	 */
	twz_result (*pass)(struct rt_file *file, struct twz_rt_passed_fd *out);
	/* A child with this view gets a copy of the file: the child's share of it is entered. */
	void (*share)(struct rt_file *file, struct twz_id child);
	/* In a fork's child: what the kernel does not copy is got anew. */
	void (*forked)(struct rt_file *file);
	/* The program ends with the file open: tells those who share it. Must not wait. */
	void (*end)(struct rt_file *file);
	/* The last reference is gone: gives back everything but the rt_file itself. */
	void (*close)(struct rt_file *file);
	size_t size; /* of the structure that begins with the rt_file */
};

/* The files of a file system by what they are. */
struct rt_kind_ops {
	struct rt_file_ops regular, directory, link;
};

struct rt_file {
	const struct rt_file_ops *ops;
	uint32_t references;
	uint32_t flags;	     /* TWZ_OPEN_* */
	struct rt_lock lock; /* position */
	uint64_t position;
	struct rt_position *shared; /* of the position, once other programs share it; position.h */
	char *path;		    /* absolute, without links; NULL where a name means nothing */
	size_t path_length;
	struct rt_file *next, *previous; /* of all files of the program */
};

struct rt_fd {
	struct rt_file *file; /* NULL: free */
	bool cloexec;
};

struct rt_fd_table {
	struct rt_fd *entries;
	size_t count;
};

/* The program's own table, under rt_fd_lock. */
extern struct rt_fd_table rt_fds;
extern struct rt_lock rt_fd_lock;

/* A new file of ops->size zeroed bytes with one reference; NULL when out of memory. */
struct rt_file *rt_file_new(const struct rt_file_ops *ops, uint32_t flags);
/* The same for a file of this kind (enum twz_rt_file_kind; what is no directory or link is a
 * regular file). */
struct rt_file *rt_file_new_of(const struct rt_kind_ops *kinds, uint32_t kind, uint32_t flags);
/* Keeps a copy of the path. OUT_OF_MEMORY. */
twz_result rt_file_set_path(struct rt_file *file, const char *path, size_t length);
void rt_file_get(struct rt_file *file);
void rt_file_put(struct rt_file *file);

/* The file behind a descriptor with a reference, or NULL. */
struct rt_file *rt_fd_file(int fd);

/* On any table; for the program's own with rt_fd_lock held. They take over the file's reference. */
twz_result rt_table_place(struct rt_fd_table *table, struct rt_file *file, int minimum,
			  bool cloexec);
/* *old: what was there, with its reference, to put when no lock is held. */
twz_result rt_table_set(struct rt_fd_table *table, int fd, struct rt_file *file, bool cloexec,
			struct rt_file **old);
/* A copy with references of its own, for a program to be spawned. */
twz_result rt_table_copy(const struct rt_fd_table *table, struct rt_fd_table *copy);
void rt_table_free(struct rt_fd_table *table);

/* What a descriptor is for a new program; *path NULL or a string that lives as long as the file. */
twz_result rt_file_pass(struct rt_file *file, int fd, struct twz_rt_passed_fd *out,
			const char **path, size_t *path_length);
/* The reverse, in the new program: the file that was passed. */
twz_result rt_file_adopt(const struct twz_rt_passed_fd *passed, const char *path,
			 size_t path_length, struct rt_file **out);

/*
 * Every file of the program that has a share: entered for a fork's child with this view. Between
 * rt_fd_before_fork and rt_fd_after_fork.
 */
void rt_fd_share(struct twz_id child);

/* Before a fork, without locks: open files get what the child is to share with this program. */
void rt_fd_prepare_fork(void);

/* The program ends: every file is told, as far as that needs no waiting. */
void rt_fd_end(void);

/* Adds a word to sleep on while it equals value. */
void rt_waits_add(struct rt_waits *waits, uint32_t *word, uint32_t value);
/* Takes over a mapped object; false when out of memory, and then it stays the caller's. */
bool rt_watch_add(struct rt_watch *watch, struct twz_rt_object object);
/* Unmaps them; the watch is empty then. */
void rt_watch_end(struct rt_watch *watch);

/* ---- the kinds of files ---- */

/* A kernel stream: the console or a virtio-serial port. */
twz_result rt_stream_open(uint32_t stream, uint32_t flags, struct rt_file **out);
/* TWZ_PASS_DEVICE's handles: 0 null, 1 zero, 2 random. */
twz_result rt_device_open(uint32_t device, uint32_t flags, struct rt_file **out);

RT_END

#endif
