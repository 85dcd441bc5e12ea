/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The initial image: what the boot loader passes as one module, made on the host by mkimage.
 * The kernel uses its pages in place. Little-endian, page-aligned, hostile until checked.
 */
#ifndef TWIZZLER_IMAGE_H
#define TWIZZLER_IMAGE_H

#include <twizzler/types.h>

#define TWZ_IMAGE_MAGIC	  0x474d495a5754ull /* "TWZIMG" */
#define TWZ_IMAGE_VERSION 1

/* At offset 0. Then object_count objects at objects_offset, extent_count extents at extents_offset.
 */
struct twz_image_header {
	uint64_t magic;
	uint32_t version;
	uint32_t page_size;	 /* 4096 */
	uint64_t size;		 /* of the whole image in bytes */
	uint64_t checksum;	 /* FNV-1a 64 of the tables (objects, then extents) */
	uint64_t objects_offset; /* struct twz_image_object[] sorted by id */
	uint64_t object_count;
	uint64_t extents_offset; /* struct twz_image_extent[] */
	uint64_t extent_count;
	struct twz_id names; /* root directory of the name tree */
	struct twz_id init;  /* file object of the first program, a static ELF */
};

struct twz_image_object {
	struct twz_id id;
	uint32_t kind;	      /* enum twz_object_kind */
	uint32_t protections; /* default rights; files of the image are READ|EXEC */
	uint32_t first_extent;
	uint32_t extent_count;
};

/* `pages` pages at image offset `source` stand at object offset `offset`; both page-aligned. */
struct twz_image_extent {
	uint64_t source;
	uint64_t offset;
	uint64_t pages;
};

#endif
