/* SPDX-License-Identifier: BSD-2-Clause */
/* What spawning needs of the rest of a runtime, and what its files share. Not part of the ABI. */
#ifndef RUNTIME_EXEC_INTERNAL_H
#define RUNTIME_EXEC_INTERNAL_H

#include <twizzler/rt.h>

#include "exec_elf.h"

/* ---- provided by the descriptor table (fd*.c) ---- */

/*
 * Writes down the descriptors that a new program gets: those of the caller without CLOEXEC, after
 * `actions` in order, on a copy; the caller's own table stays as it is. *block is a whole
 * struct twz_rt_spawn_block of *size bytes from twz_rt_malloc(*size, 8, 0), which the caller frees;
 * abi, size, fd_count, cwd, fds and the paths are filled, the rest is 0. Errors are those of the
 * failing action. Keeps what is passed (pipe ends, files opened by an action) alive until
 * fd_pass_done.
 */
twz_result fd_pass_table(const struct twz_rt_spawn_action *actions, size_t action_count,
			 struct twz_rt_spawn_block **block, size_t *size);

/* The program has started (started != 0) or was not: lets go of what fd_pass_table kept. */
void fd_pass_done(struct twz_rt_spawn_block *block, int started);

/* ---- images (exec_image.c), for spawning and for the loader ---- */

/* A file opened to be loaded. The bytes stand in `source` from source_offset on. */
struct exec_file {
	int fd;
	uint64_t size;
	struct twz_id source;   /* a file object, or a raw object with a host file's bytes */
	uint64_t source_offset;
	int cached;             /* source belongs to the cache */
	struct elf_header header;
	struct elf_segment *segments; /* twz_rt_malloc'ed, header.phnum of them */
	struct elf_summary elf;
	int has_abi;
	struct twz_abi_version abi;   /* of the note, when has_abi */
};

/* Opens, reads and checks an ELF file. On error nothing stays open and *reason says why. */
twz_result exec_file_open(const char *path, size_t length, struct exec_file *file,
			  const char **reason);
/* As exec_file_open, for a descriptor that becomes the file's. */
twz_result exec_file_open_fd(int fd, struct exec_file *file, const char **reason);
void exec_file_close(struct exec_file *file);

/* 0, -VERSION_MISMATCH when the ABI note names another version, -BAD_FORMAT when there is none. */
twz_result exec_file_check_abi(const struct exec_file *file, const char **reason);

/* A loaded image. */
struct exec_image {
	struct twz_id object; /* raw, private to the view, tied to it */
	uint64_t slot;
	uint64_t bias;        /* what is added to the file's addresses */
};

/*
 * Makes a copy-on-write image of the file and maps it in `view` (none: the caller's own), a PIE or
 * library in a free slot, another program at slot 0. Pages have their segments' rights, all others
 * none. On error nothing is left behind.
 */
twz_result exec_image_map(const struct exec_file *file, struct twz_id view, struct exec_image *out,
			  const char **reason);

#endif
