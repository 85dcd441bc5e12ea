/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The on-object layout: what every program and the kernel agree on inside a 1 GiB object.
 *
 *   0x0000      null page, never mapped
 *   0x1000      base: the program's data
 *   ...         the Foreign Object Table, growing down from the meta page: entry n is at
 *               TWZ_META_OFFSET - n * sizeof(struct twz_fot_entry), n >= 1
 *   1 GiB-4096  meta page: struct twz_object_meta
 *
 * Raw objects (images, arenas, stacks) have neither null page nor meta page nor FOT.
 */
#ifndef TWIZZLER_OBJECT_H
#define TWIZZLER_OBJECT_H

#include <twizzler/types.h>

#define TWZ_BASE_OFFSET 0x1000ull
#define TWZ_META_OFFSET (TWZ_SLOT_SIZE - TWZ_PAGE_SIZE)

#define TWZ_META_MAGIC	 0x4a424f5a5754ull /* "TWZOBJ" */
#define TWZ_META_VERSION 1

/* What an object holds; programs may define kinds from TWZ_KIND_USER on. */
enum twz_object_kind {
	TWZ_KIND_DATA = 0,
	TWZ_KIND_FILE = 1,	/* bytes from base on; size in meta.size */
	TWZ_KIND_DIRECTORY = 2, /* a node of the name tree (libtwz/name.h) */
	TWZ_KIND_SYMLINK = 3,	/* the target's bytes from base on; length in meta.size */
	TWZ_KIND_USER = 256,
};

/* The meta page. All fields little-endian. Hostile until checked. */
struct twz_object_meta {
	uint64_t magic;	      /* TWZ_META_MAGIC */
	uint32_t version;     /* TWZ_META_VERSION */
	uint32_t kind;	      /* enum twz_object_kind */
	struct twz_id nonce;  /* ids are BLAKE2b-128 of nonce, owner and protections */
	struct twz_id owner;  /* owner key object, or none */
	uint32_t protections; /* default rights for contexts that name nothing else */
	uint32_t mode;	      /* POSIX permission bits, for files and directories */
	uint64_t size;	      /* bytes of content from base on (files, symlinks) */
	uint64_t mtime;	      /* nanoseconds since the epoch */
	uint32_t fot_count;   /* entries 1..fot_count are initialised */
	uint32_t fot_lock;    /* futex word for FOT insertion */
	uint64_t heap;	      /* offset of the in-object allocator's header, 0 = none */
	uint64_t links;	      /* name-tree entries that point here; 0 = unnamed */
};
TWZ_STATIC_ASSERT(sizeof(struct twz_object_meta) == 96, "meta layout");

/* One FOT entry: 64 bytes. An entry becomes true by the 8-byte store of `flags`. */
struct twz_fot_entry {
	uint64_t flags;	      /* TWZ_FOT_* */
	struct twz_id id;     /* target, when TWZ_FOT_ID */
	uint64_t name_offset; /* offset in this object of a NUL-ended name, when TWZ_FOT_NAME */
	uint64_t resolver;    /* index of the FOT entry naming the resolver; 0 = the name tree */
	uint64_t refs;
	uint64_t reserved[2];
};
TWZ_STATIC_ASSERT(sizeof(struct twz_fot_entry) == 64, "FOT entry layout");

#define TWZ_FOT_VALID 0x1ull
#define TWZ_FOT_ID    0x2ull
#define TWZ_FOT_NAME  0x4ull
#define TWZ_FOT_READ  0x10ull
#define TWZ_FOT_WRITE 0x20ull
#define TWZ_FOT_MAX   ((1u << 24) - 1)

/* An invariant pointer: FOT index in the upper 24 bits, offset in the lower 40. All zero is null.
 */
typedef uint64_t twz_iptr;
#define TWZ_IPTR_OFFSET_BITS 40
#define TWZ_IPTR_OFFSET_MASK ((1ull << TWZ_IPTR_OFFSET_BITS) - 1)

static inline uint64_t twz_iptr_index(twz_iptr p)
{
	return p >> TWZ_IPTR_OFFSET_BITS;
}

static inline uint64_t twz_iptr_offset(twz_iptr p)
{
	return p & TWZ_IPTR_OFFSET_MASK;
}

#endif
