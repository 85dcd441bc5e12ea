/* SPDX-License-Identifier: BSD-2-Clause */
/* What spawning needs of the rest of a runtime, and what its files share. Not part of the ABI. */
#ifndef RUNTIME_EXEC_INTERNAL_H
#define RUNTIME_EXEC_INTERNAL_H

#include <twizzler/error.h>
#include "internal.h"

#include "exec/elf.h"

RT_BEGIN

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

/* Enters the child's share in what is shared (pipe ends), after its view is made, before it runs.
 */
void fd_pass_share(const struct twz_rt_spawn_block *block, struct twz_id child);

/* The program has started (started != 0) or was not: lets go of what fd_pass_table kept. */
void fd_pass_done(struct twz_rt_spawn_block *block, int started);

/* ---- images (image.c), for spawning and for the loader ---- */

/* A file opened to be loaded. The bytes stand in `source` from source_offset on. */
struct exec_file {
	int fd;
	uint64_t size;
	struct twz_id source; /* a file object, or a raw object with a host file's bytes */
	uint64_t source_offset;
	struct exec_cache_entry *cached; /* source belongs to the cache, or NULL */
	int staged;			 /* source is this file's own and deleted with it */
	struct elf_header header;
	struct elf_segment *segments; /* twz_rt_malloc'ed, header.phnum of them */
	struct elf_summary elf;
	int has_abi;
	struct twz_abi_version abi; /* of the note, when has_abi */
};

#define EXEC_FILE_CACHE 0x1u /* keep a host file's bytes for the next time it is opened */

/*
 * Reads and checks the ELF file behind a descriptor, which becomes the file's. On error the
 * descriptor is closed and *reason says why, in words that finish "cannot load X: ".
 */
twz_result exec_file_open(int fd, uint32_t flags, struct exec_file *file, const char **reason);
void exec_file_close(struct exec_file *file);

/* 0, -VERSION_MISMATCH when the ABI note names another version, -BAD_FORMAT when there is none. */
twz_result exec_file_check_abi(const struct exec_file *file, const char **reason);

/*
 * The raw object that holds the first `bytes` bytes of the host file behind `fd`, read at first use
 * and kept for as long as the file does not change. The entry is the caller's until exec_cache_put.
 */
twz_result exec_cache_get(int fd, const struct twz_rt_stat *stat, uint64_t bytes,
			  struct exec_cache_entry **entry, struct twz_id *source);
void exec_cache_put(struct exec_cache_entry *entry);
/* Reads the first `size` bytes of a file into a new raw object, tied to the caller's view. */
twz_result exec_stage(int fd, uint64_t size, struct twz_id *out);

/* A loaded image. */
struct exec_image {
	struct twz_id object; /* raw, private to the view, tied to it */
	uint64_t slot;
	uint64_t bias; /* what is added to the file's addresses */
};

/*
 * Makes a copy-on-write image of the file and maps it in `view` (none: the caller's own), a PIE or
 * library in a free slot, another program at slot 0. Pages have their segments' rights, all others
 * none. On error nothing is left behind.
 */
twz_result exec_image_map(const struct exec_file *file, struct twz_id view, struct exec_image *out,
			  const char **reason);

/* ---- programs (program.c): what a path turns out to be ---- */

struct exec_program {
	struct exec_file file;
	struct exec_file interpreter; /* fd -1: none */
	char *path;		      /* of the ELF file, NUL-ended */
	size_t path_size;
	const char **argv; /* twz_rt_malloc'ed, NULL-ended */
	size_t argv_count;
	struct exec_string *strings; /* what argv took from #! lines */
};

/*
 * Opens the program at `path` (relative to the directory `cwd`), following #! lines, and its
 * interpreter; checks formats and ABI version. On error nothing stays open and the reason is told
 * to exec_fail.
 */
twz_result exec_program_open(const char *path, size_t length, const char *cwd, char *const *argv,
			     struct exec_program *program);
void exec_program_close(struct exec_program *program);

/* ---- children (wait.c) ---- */

struct exec_child {
	struct exec_child *next;
	struct twz_id view;
	uint32_t number;
	uint64_t control_slot;
	const volatile struct twz_view_control *control;
	uint32_t seen, told; /* the last report: that was looked at, that a wait has told */
};

/* Maps the control page of a view just made; NULL when out of memory. */
struct exec_child *exec_child_make(struct twz_id view);
/* The child runs under this number; waits see it. */
void exec_child_add(struct exec_child *child, uint32_t number);
/* The same with exec_before_fork's locks held. */
void exec_child_add_locked(struct exec_child *child, uint32_t number);
/* Unmaps the control page, deletes the view's id and frees the record. */
void exec_child_free(struct exec_child *child);

/* ---- the program itself (self.c) ---- */

/* Called by the runtime's entry on the first thread; block: checked, or NULL. */
void exec_begin(const struct twz_rt_spawn_block *block);

/* Locks of these files over a fork; the child has no children, and no cache of its parent's. */
void exec_before_fork(void);
void exec_after_fork(bool child);
void exec_children_before_fork(void);
void exec_children_after_fork(bool child);
void exec_cache_before_fork(void);
void exec_cache_after_fork(bool child);

/* The same for what only one of the runtimes has: the loader, or nothing (static/fork.c). */
void runtime_before_fork(void);
void runtime_after_fork(bool child);

/* Keeps "cannot run PATH: REASON" for twz_rt_exec_error; returns `error`. */
twz_result exec_fail(twz_result error, const char *path, size_t length, const char *reason);
/* The same for a file whose exec_file_check_abi failed: names both versions. */
twz_result exec_fail_abi(twz_result error, const char *path, size_t length,
			 const struct exec_file *file, const char *reason);

RT_END

#endif
