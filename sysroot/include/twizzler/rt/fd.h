/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime ABI, descriptors and names: open, close, dup, stat, directories, the current directory.
 */
#ifndef TWIZZLER_RT_FD_H
#define TWIZZLER_RT_FD_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Descriptors, files and names may be used by several threads at once. A descriptor that is not
 * open is BAD_HANDLE; a pointer to no address of the program's is BAD_ADDRESS, for buffers and
 * paths also one to memory that cannot be used; unknown flags are INVALID_ARGUMENT.
 *
 * Errors of every call on a path: NOT_FOUND (also the empty path), NOT_A_DIRECTORY, LOOP (more than
 * 40 links), NAME_TOO_LONG (a name over 255 bytes, a path over 65535), INVALID_ARGUMENT (a NUL in
 * it), ACCESS_DENIED, READ_ONLY, OUT_OF_MEMORY, IO. What is mounted (/dev, /host, ...) is BUSY to
 * removing and renaming.
 *
 * Paths are bytes with a length, no NUL needed; relative to the directory `at` (TWZ_RT_AT_CWD: the
 * current one). In path_stat, path_set_times and cwd_set an empty path is the descriptor `at`
 * itself.
 */
#define TWZ_RT_AT_CWD (-100)

#define TWZ_OPEN_READ	   0x001u
#define TWZ_OPEN_WRITE	   0x002u
#define TWZ_OPEN_CREATE	   0x004u
#define TWZ_OPEN_EXCLUSIVE 0x008u
#define TWZ_OPEN_TRUNCATE  0x010u
#define TWZ_OPEN_APPEND	   0x020u
#define TWZ_OPEN_DIRECTORY 0x040u /* must be one */
#define TWZ_OPEN_NOFOLLOW  0x080u
#define TWZ_OPEN_NONBLOCK  0x100u
#define TWZ_OPEN_CLOEXEC   0x200u
#define TWZ_OPEN_PATH	   0x400u

/*
 * Opens a file; returns the lowest free descriptor. mode: POSIX permission bits for CREATE.
 * TRUNCATE needs WRITE. EXISTS (CREATE with EXCLUSIVE), IS_A_DIRECTORY (WRITE), NOT_A_DIRECTORY
 * (DIRECTORY), LOOP (a link at the end, NOFOLLOW), TOO_MANY.
 */
twz_result twz_rt_fd_open(int at, const char *path, size_t length, uint32_t flags, uint32_t mode);
/* Closes a descriptor; the file with its last one. */
twz_result twz_rt_fd_close(int fd);
/*
 * Duplicates to the lowest free descriptor >= minimum: one file, with one position and one set of
 * flags. flags: TWZ_OPEN_CLOEXEC. TOO_MANY.
 */
twz_result twz_rt_fd_dup(int fd, int minimum, uint32_t flags);
/* Duplicates to exactly `to`, closing what was there. */
twz_result twz_rt_fd_dup_to(int fd, int to, uint32_t flags);
/*
 * A pipe: fds[0] reads, fds[1] writes. flags: CLOEXEC, NONBLOCK. It holds 64 KiB; up to a page is
 * written whole or not at all. Reading gives 0 when no writer is left, writing END_OF_STREAM when
 * no reader is.
 */
twz_result twz_rt_fd_pipe(int fds[2], uint32_t flags);

enum twz_rt_file_kind {
	TWZ_FILE_REGULAR = 1,
	TWZ_FILE_DIRECTORY = 2,
	TWZ_FILE_SYMLINK = 3,
	TWZ_FILE_TERMINAL = 4, /* the console */
	TWZ_FILE_STREAM = 5,   /* a pipe or a virtio-serial port */
	TWZ_FILE_DEVICE = 6,   /* /dev/null, zero, random */
};

/* The file system of objects that do not last beyond a boot: all of the name tree but /store. */
#define TWZ_DEVICE_MEMORY 5u

struct twz_rt_stat {
	uint64_t device;      /* one number for each file system */
	uint64_t inode;	      /* unique within device */
	struct twz_id object; /* the file's object, or none (host files) */
	uint32_t kind;	      /* enum twz_rt_file_kind */
	uint32_t mode;	      /* permission bits only */
	uint64_t links;
	uint64_t size;
	uint64_t blocks;				/* of 512 bytes */
	uint64_t access_time, modify_time, change_time; /* ns since the epoch */
};
/* What a file is. */
twz_result twz_rt_fd_stat(int fd, struct twz_rt_stat *out);
#define TWZ_STAT_NOFOLLOW 0x1u
/* What a name leads to. */
twz_result twz_rt_path_stat(int at, const char *path, size_t length, uint32_t flags,
			    struct twz_rt_stat *out);

enum twz_rt_fd_command {
	TWZ_FD_GET_FLAGS = 0, /* returns TWZ_OPEN_* as opened */
	TWZ_FD_SET_FLAGS = 1, /* argument: APPEND, NONBLOCK */
	TWZ_FD_GET_CLOEXEC = 2,
	TWZ_FD_SET_CLOEXEC = 3,
	TWZ_FD_TRUNCATE = 4, /* argument: size */
	TWZ_FD_SYNC = 5,
	TWZ_FD_IS_TERMINAL = 6, /* returns 1 or NOT_A_TERMINAL */
	TWZ_FD_SET_MODE = 7,	/* argument: permission bits */
	TWZ_FD_READABLE = 8,	/* returns bytes ready to read */
	/* of a terminal, else NOT_A_TERMINAL: */
	TWZ_FD_GET_TERMINAL = 9,  /* argument: struct twz_rt_terminal * */
	TWZ_FD_SET_TERMINAL = 10, /* argument: const struct twz_rt_terminal * */
	TWZ_FD_DROP_INPUT = 11,	  /* what has been typed and not read */
};

/*
 * How the console takes input (POSIX.1-2017, 11): of each program its own, lines with editing and
 * echo at its start; a fork's child goes on with its maker's. A character 0 is none.
 */
struct twz_rt_terminal {
	uint32_t flags; /* TWZ_TERMINAL_* */
	/* without CANONICAL a read waits for so many bytes, and so many tenths of a second */
	uint8_t minimum, tenths;
	uint8_t interrupt, end, erase, kill, word_erase;
	uint8_t reserved; /* must be 0 */
};
#define TWZ_TERMINAL_CANONICAL 0x1u /* a line at a time, with editing */
#define TWZ_TERMINAL_ECHO      0x2u
#define TWZ_TERMINAL_SIGNALS   0x4u /* `interrupt` is a signal */
#define TWZ_TERMINAL_CR_TO_NL  0x8u
/*
 * Asks or changes a property of a descriptor or its file. TRUNCATE: INVALID_ARGUMENT for what is
 * not open for writing or no regular file, TOO_LARGE; what is cut off is zero when the file grows
 * again.
 */
twz_result twz_rt_fd_command(int fd, uint32_t command, uint64_t argument);
#define TWZ_TIME_OMIT (~0ull)
/* Sets access and modification time in ns; TWZ_TIME_OMIT leaves one. flags: TWZ_STAT_NOFOLLOW.
 * Object files keep no access time. */
twz_result twz_rt_path_set_times(int at, const char *path, size_t length, uint32_t flags,
				 uint64_t access, uint64_t modify);

struct twz_rt_dirent {
	uint64_t inode;
	uint64_t next;	 /* position for the entry after this */
	uint32_t kind;	 /* enum twz_rt_file_kind */
	uint32_t length; /* of name, NUL not counted */
	char name[256];	 /* NUL-ended */
};
/* Entries from the descriptor's position on, without "." and ".."; returns how many were written, 0
 * at the end. A seek to 0 or to an entry's `next` leads there again. */
twz_result twz_rt_fd_enumerate(int fd, struct twz_rt_dirent *entries, size_t count);

#define TWZ_REMOVE_DIRECTORY 0x1u
/* Removes a name; the file goes with its last name and its last open descriptor. IS_A_DIRECTORY, or
 * with the flag NOT_A_DIRECTORY, NOT_EMPTY. */
twz_result twz_rt_path_remove(int at, const char *path, size_t length, uint32_t flags);
/* Makes a directory. EXISTS, for a link that leads nowhere too. */
twz_result twz_rt_path_mkdir(int at, const char *path, size_t length, uint32_t mode);
/* Renames, in place of what has the new name. INVALID_ARGUMENT (a directory into itself),
 * CROSS_DEVICE, NOT_EMPTY, IS_A_DIRECTORY, NOT_A_DIRECTORY. */
twz_result twz_rt_path_rename(int at, const char *path, size_t length, int to_at, const char *to,
			      size_t to_length);
/* A second name for a file, not for a directory (ACCESS_DENIED). EXISTS, CROSS_DEVICE. */
twz_result twz_rt_path_link(int at, const char *path, size_t length, int to_at, const char *to,
			    size_t to_length);
/* Makes a link with a target of 1 to 4095 bytes, which need not be there. EXISTS. */
twz_result twz_rt_path_symlink(const char *target, size_t target_length, int at, const char *path,
			       size_t length);
/* Returns the length of a link's target; at most capacity bytes are written, no NUL.
 * INVALID_ARGUMENT when it is no link. */
twz_result twz_rt_path_readlink(int at, const char *path, size_t length, char *buffer,
				size_t capacity);

/* Sets the current directory, kept as a path without links. NOT_A_DIRECTORY. */
twz_result twz_rt_cwd_set(int at, const char *path, size_t length);
/* Returns the length of the current directory's path; at most capacity bytes are written, no NUL.
 */
twz_result twz_rt_cwd_get(char *buffer, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
