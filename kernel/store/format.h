/* SPDX-License-Identifier: BSD-2-Clause */
/* The store's format on the medium, version 3. docs/store.md specifies it byte by byte. */
#ifndef STORE_FORMAT_H
#define STORE_FORMAT_H

#include <twizzler/object.h>

#define STORE_BLOCK_SIZE 4096ull
#define STORE_WORDS	 512u  /* of 8 bytes, in a block */
#define STORE_MINIMUM	 64ull /* blocks */
#define STORE_MAXIMUM	 0xffffffffull

#define STORE_MAGIC   0x45524f54535a5754ull /* "TWZSTORE" */
#define STORE_MAKING  0x53464b4d535a5754ull /* "TWZSMKFS": an interrupted mkfs; it is done again */
#define STORE_VERSION 3u

#define STORE_SUPERBLOCK 0ull /* block numbers */
#define STORE_BACKUP	 1ull
#define STORE_ROOTS	 2ull
#define STORE_JOURNAL	 3ull

/* Blocks 0 and 1. Written by mkfs, the first one's magic last, and by a resize. */
struct store_superblock {
	uint64_t magic;
	uint32_t version;
	uint32_t block_size;
	uint32_t checksum; /* CRC32C of this structure with this field 0 and the final magic */
	uint32_t reserved0;
	struct twz_id id; /* of the store */
	uint64_t blocks;
	uint64_t journal_blocks; /* from block 3 on */
	uint64_t zero_block;	 /* always zero: what a hole reads as */
	uint64_t bitmap_block;	 /* of group 0 */
	uint64_t first_data;	 /* first block that can be allocated */
	uint64_t reserved[6];
};
TWZ_STATIC_ASSERT(sizeof(struct store_superblock) == 128, "superblock layout");

/* Every other block of metadata begins with this. */
struct store_header {
	uint32_t checksum; /* CRC32C of bytes 4 to 4095 */
	uint32_t magic;	   /* STORE_KIND_* */
	uint32_t block;	   /* its own number */
	uint32_t reserved;
};
TWZ_STATIC_ASSERT(sizeof(struct store_header) == 16, "header layout");

#define STORE_KIND_ROOTS  0x544f4f52u /* "ROOT" */
#define STORE_KIND_BITMAP 0x504d5442u /* "BTMP" */
#define STORE_KIND_TABLE  0x4c424154u /* "TABL" */
#define STORE_KIND_RECORD 0x44434552u /* "RECD" */
#define STORE_KIND_MAP	  0x5047504du /* "MPGP" */

/* Block 2. Words change through the journal, as in all that follows. */
struct store_roots {
	struct store_header header;
	uint64_t table;		/* slot (STORE_SLOT_*) that holds the object table */
	uint64_t orphan;	/* first deleted object whose blocks are not free yet, or 0 */
	uint64_t free;		/* free blocks */
	uint64_t groups;	/* groups whose bitmap is there; behind them all is free */
	uint64_t epoch;		/* of the journal's sequence numbers: its upper 32 bits */
	uint64_t objects;	/* in the table */
	struct twz_id names;	/* root directory of the name tree */
	struct twz_id handlers; /* the handler registry */
	uint64_t reserved[4];
};
TWZ_STATIC_ASSERT(sizeof(struct store_roots) == 128, "roots layout");

/*
 * A store of one 8-byte word at a byte offset of the medium. In a disk's record an odd offset is
 * that of a block + 1, and the value the block's CRC32C (0 counts as 1): the block was written with
 * the record, and the record is true only when it is there.
 */
struct store_word {
	uint64_t offset;
	uint64_t value;
};
#define STORE_WORD_VOUCHES 1ull

/*
 * A record of the journal, from the start of a block. In memory there is one, in the journal's
 * first block, true while `committed` is its sequence; on a disk they follow each other and are
 * true when the checksum is right and the sequence the next one. The last one is true when the
 * blocks that it vouches for are as it says, too.
 */
struct store_journal {
	uint32_t magic;	   /* STORE_JOURNAL_MEMORY, STORE_JOURNAL_DISK */
	uint32_t checksum; /* CRC32C of sequence, count and the words */
	uint64_t sequence;
	uint64_t count; /* words */
	uint64_t committed;
	uint64_t reserved[4];
	struct store_word words[];
};
TWZ_STATIC_ASSERT(sizeof(struct store_journal) == 64, "journal layout");

#define STORE_JOURNAL_MEMORY 0x4d4e524au /* "JRNM" */
#define STORE_JOURNAL_DISK   0x444e524au /* "JRND" */

/* Free blocks: a group of blocks for each bitmap block, whose words 2 to 511 are the bits. */
#define STORE_GROUP_WORDS 510u
#define STORE_GROUP	  (STORE_GROUP_WORDS * 64ull)

/*
 * The object table is a trie over the id: a node has 510 slots, chosen by the id modulo 510, which
 * is then divided by it. A slot is 0, or a block number shifted by 2 and one of these:
 */
#define STORE_SLOT_RECORD 1ull /* the block is an object's record */
#define STORE_SLOT_NODE	  2ull /* the block is a node */
#define STORE_SLOTS	  510u
#define STORE_SLOT_FIRST  2u /* word of slot 0 */
#define STORE_LEVELS	  15u

/* A page's entry: block number below, CRC32C of the page above (0: none, 0 itself counts as 1). */
#define STORE_ENTRY(block, checksum) ((block) | (uint64_t)(checksum) << 32)
#define STORE_ENTRY_BLOCK(entry)     ((entry)&0xffffffffull)
#define STORE_ENTRY_CHECKSUM(entry)  ((uint32_t)((entry) >> 32))

#define STORE_PAGES (TWZ_SLOT_SIZE / STORE_BLOCK_SIZE)
#define STORE_LOW   223u /* first pages of an object, whose entries are in the record */
#define STORE_HIGH  16u	 /* last pages, the same */
#define STORE_MAP   510u /* pages of a page map: words 2 to 511 */
#define STORE_MAPS  514u /* page maps of the pages between */
TWZ_STATIC_ASSERT(STORE_LOW + STORE_HIGH + STORE_MAP * STORE_MAPS >= STORE_PAGES, "maps");

/* One block for each object. */
struct store_record {
	struct store_header header;
	struct twz_id id;
	struct twz_id nonce;
	struct twz_id owner;
	uint32_t flags; /* TWZ_OBJECT_* */
	uint32_t kind;
	uint32_t protections;
	uint32_t reserved0;
	uint64_t next, previous; /* in the list of deleted objects, or 0 */
	uint64_t reserved[4];
	uint32_t maps[STORE_MAPS]; /* blocks, or 0 */
	uint64_t high[STORE_HIGH];
	uint64_t low[STORE_LOW];
};
TWZ_STATIC_ASSERT(sizeof(struct store_record) == STORE_BLOCK_SIZE, "record layout");

#endif
