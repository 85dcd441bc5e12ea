/* SPDX-License-Identifier: BSD-2-Clause */
/* The store's format on the medium, version 1. docs/store.md specifies it byte by byte. */
#ifndef STORE_FORMAT_H
#define STORE_FORMAT_H

#include <twizzler/object.h>

#define STORE_BLOCK_SIZE 4096ull
#define STORE_MINIMUM	 64ull /* blocks */

#define STORE_MAGIC   0x45524f54535a5754ull /* "TWZSTORE" */
#define STORE_MAKING  0x53464b4d535a5754ull /* "TWZSMKFS": an interrupted mkfs; it is done again */
#define STORE_VERSION 1u

#define STORE_SUPERBLOCK 0ull /* block numbers */
#define STORE_ROOTS	 1ull
#define STORE_JOURNAL	 2ull

/* Block 0. Written once, by mkfs; `magic` last. */
struct store_superblock {
	uint64_t magic;
	uint32_t version;
	uint32_t block_size;
	uint64_t checksum; /* FNV-1a 64 of this structure with this field 0 */
	struct twz_id id;  /* of the store */
	uint64_t blocks;
	uint64_t journal_blocks; /* from block 2 on */
	uint64_t bitmap_block;
	uint64_t bitmap_blocks;
	uint64_t zero_block; /* always zero: what a hole reads as */
	uint64_t first_data; /* first block that can be allocated */
	uint64_t reserved[5];
};
TWZ_STATIC_ASSERT(sizeof(struct store_superblock) == 128, "superblock layout");

/* Block 1. Every word changes through the journal. */
struct store_roots {
	uint64_t table; /* slot (STORE_SLOT_*) that holds the object table */
	uint64_t
		orphan; /* record of the first deleted object whose blocks are not free yet, or 0 */
	struct twz_id names;	/* root directory of the name tree */
	struct twz_id handlers; /* the handler registry */
	uint64_t reserved[10];
};
TWZ_STATIC_ASSERT(sizeof(struct store_roots) == 128, "roots layout");

/* A store of one 8-byte word at a byte offset of the medium. */
struct store_word {
	uint64_t offset;
	uint64_t value;
};

/* Block 2 on. The record becomes true by the store of `count`, and is over by the store of 0. */
struct store_journal {
	uint64_t count;	   /* words to store; 0: nothing to do */
	uint64_t checksum; /* FNV-1a 64 of sequence, count and the words */
	uint64_t sequence; /* of this record */
	uint64_t reserved[5];
	struct store_word words[];
};
TWZ_STATIC_ASSERT(sizeof(struct store_journal) == 64, "journal layout");

/*
 * The object table is a radix trie over the id: a node is a block of 512 slots, chosen by the id's
 * next 9 bits, from the top. A slot is 0, or a block number shifted by 2 and one of these:
 */
#define STORE_SLOT_RECORD 1ull /* the block is an object's record */
#define STORE_SLOT_NODE	  2ull /* the block is a node */
#define STORE_SLOTS	  512u
#define STORE_LEVELS	  15u /* 128 bits, 9 a level */

/* A direct entry of a record's page map: page number above, block number below; 0: free. */
#define STORE_ENTRY_SHIFT 40
#define STORE_DIRECT	  496u

#define STORE_RECORD_MAGIC 0x4345525a5754ull /* "TWZREC" */

/* One block for each object. Up to `checksum` it never changes. */
struct store_record {
	uint64_t magic;
	struct twz_id id;
	struct twz_id nonce;
	struct twz_id owner;
	uint32_t flags; /* TWZ_OBJECT_* */
	uint32_t kind;
	uint32_t protections;
	uint32_t reserved0;
	uint64_t checksum; /* FNV-1a 64 of all before */
	uint64_t map;	   /* block of the upper map, or 0: the direct entries hold */
	uint64_t orphan;   /* next in the list of deleted objects */
	uint64_t reserved[4];
	uint64_t direct[STORE_DIRECT];
};
TWZ_STATIC_ASSERT(sizeof(struct store_record) == STORE_BLOCK_SIZE, "record layout");

/* The upper map: 512 block numbers of lower maps; a lower map: 512 block numbers of pages. 0: hole.
 */
#define STORE_MAP_BITS 9
#define STORE_MAP_SIZE (1u << STORE_MAP_BITS)
#define STORE_PAGES    (TWZ_SLOT_SIZE / STORE_BLOCK_SIZE)

#endif
