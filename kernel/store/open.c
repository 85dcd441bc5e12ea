/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a store: refuse what is not one, make one in zeros, recover. */
#include "internal.h"
#include <twz/id.h>

#define WHOLE_CHECK (128ull << 20) /* a region up to this size is read whole before mkfs */
#define SAMPLE                                                                             \
	(1ull << 20) /* of a larger one: the first of these whole, of the others one block \
		      */

static bool is_zero(const uint8_t *from, uint64_t bytes)
{
	const uint64_t *words = (const uint64_t *)from;

	for (uint64_t i = 0; i < bytes / 8; i++)
		if (words[i] != 0)
			return false;
	return true;
}

static bool region_is_zero(const uint8_t *region, uint64_t size)
{
	if (size <= WHOLE_CHECK)
		return is_zero(region, size);
	if (!is_zero(region, SAMPLE))
		return false;
	for (uint64_t at = SAMPLE; at + STORE_BLOCK_SIZE <= size; at += SAMPLE)
		if (!is_zero(region + at, STORE_BLOCK_SIZE))
			return false;
	return is_zero(region + size - STORE_BLOCK_SIZE, STORE_BLOCK_SIZE);
}

static uint64_t superblock_checksum(const struct store_superblock *superblock)
{
	struct store_superblock copy = *superblock;

	copy.checksum = 0;
	return twz_fnv1a(TWZ_FNV_START, &copy, sizeof(copy));
}

static struct store_superblock layout(uint64_t blocks, struct twz_id id)
{
	uint64_t journal = blocks / 256;
	uint64_t bits = STORE_BLOCK_SIZE * 8;

	journal = journal < 16 ? 16 : journal > 4096 ? 4096 : journal;
	struct store_superblock superblock = {
		.magic = STORE_MAGIC,
		.version = STORE_VERSION,
		.block_size = STORE_BLOCK_SIZE,
		.id = id,
		.blocks = blocks,
		.journal_blocks = journal,
		.bitmap_block = STORE_JOURNAL + journal,
		.bitmap_blocks = (blocks + bits - 1) / bits,
	};
	superblock.zero_block = superblock.bitmap_block + superblock.bitmap_blocks;
	superblock.first_data = superblock.zero_block + 1;
	superblock.checksum = superblock_checksum(&superblock);
	return superblock;
}

static void mark_used(uint64_t *bitmap, uint64_t from, uint64_t to)
{
	for (uint64_t block = from; block < to; block++)
		bitmap[block / 64] |= 1ull << (block % 64);
}

/* The magic says "being made" until all else is durable; an interrupted mkfs is started again. */
static void make(uint8_t *region, uint64_t size, struct twz_id id)
{
	struct store_superblock *at = (struct store_superblock *)region;
	struct store_superblock new = layout(size / STORE_BLOCK_SIZE, id);
	uint64_t *bitmap = (uint64_t *)(region + new.bitmap_block *STORE_BLOCK_SIZE);

	twz_commit_word(&at->magic, STORE_MAKING);
	__builtin_memset(region + STORE_BLOCK_SIZE, 0, (new.first_data - 1) * STORE_BLOCK_SIZE);
	mark_used(bitmap, 0, new.first_data);
	mark_used(bitmap, new.blocks, new.bitmap_blocks *STORE_BLOCK_SIZE * 8);
	twz_flush(region + STORE_BLOCK_SIZE, (new.first_data - 1) * STORE_BLOCK_SIZE);
	new.magic = STORE_MAKING;
	*at = new;
	twz_persist(at, sizeof(*at));
	twz_commit_word(&at->magic, STORE_MAGIC);
}

static twz_result refuse(const char **message, twz_result error, const char *text)
{
	*message = text;
	return error;
}

/* Checks the superblock against itself, this program and the region. */
static twz_result check(const struct store_superblock *superblock, uint64_t size,
			const char **message)
{
	if (superblock->magic != STORE_MAGIC)
		return refuse(message, -TWZ_ERR_BAD_FORMAT,
			      "the device holds something that is not a Twizzler store; give an "
			      "image of zeros to make one");
	if (superblock->version != STORE_VERSION)
		return refuse(message, -TWZ_ERR_VERSION_MISMATCH,
			      "the store is of another format version than 1; use the system that "
			      "made it");
	if (superblock->checksum != superblock_checksum(superblock))
		return refuse(message, -TWZ_ERR_CORRUPT,
			      "the store's superblock is damaged (checksum); restore the image "
			      "from a copy");
	struct store_superblock expected = layout(superblock->blocks, superblock->id);
	if (superblock->block_size != STORE_BLOCK_SIZE || superblock->blocks < STORE_MINIMUM ||
	    superblock->blocks > 1ull << STORE_ENTRY_SHIFT ||
	    superblock->journal_blocks != expected.journal_blocks ||
	    superblock->bitmap_block != expected.bitmap_block ||
	    superblock->bitmap_blocks != expected.bitmap_blocks ||
	    superblock->zero_block != expected.zero_block ||
	    superblock->first_data != expected.first_data)
		return refuse(message, -TWZ_ERR_CORRUPT,
			      "the store's superblock is damaged (layout); restore the image from "
			      "a copy");
	if (superblock->blocks > size / STORE_BLOCK_SIZE)
		return refuse(message, -TWZ_ERR_CORRUPT,
			      "the store is truncated: the device is smaller than the store; "
			      "restore the whole image");
	return TWZ_OK;
}

static twz_result recover(struct store *store, const char **message)
{
	if (journal_recover(store) != TWZ_OK)
		return refuse(
			message, -TWZ_ERR_CORRUPT,
			"the store's journal is damaged (checksum); restore the image from a copy");
	if (blocks_open(store) != TWZ_OK)
		return refuse(
			message, -TWZ_ERR_OUT_OF_MEMORY,
			"not enough memory for the store's bitmap; give the machine more memory");
	if (orphans_free(store) != TWZ_OK) {
		blocks_close(store);
		return refuse(message, -TWZ_ERR_CORRUPT,
			      "the store's list of deleted objects is damaged; restore the image "
			      "from a copy");
	}
	return TWZ_OK;
}

twz_result store_open(struct store *store, void *region, uint64_t size, struct twz_id id,
		      const struct store_memory *memory, const char **message)
{
	struct store_superblock *superblock = region;

	*message = "";
	*store = (struct store){.region = region, .memory = memory};
	if (size / STORE_BLOCK_SIZE < STORE_MINIMUM)
		return refuse(
			message, -TWZ_ERR_NO_SPACE,
			"the device is too small for a store; give an image of at least 256 KiB");
	if (superblock->magic == STORE_MAKING ||
	    (superblock->magic == 0 && region_is_zero(region, size))) {
		make(region, size, id);
		store->made = true;
	}
	twz_result result = check(superblock, size, message);
	if (result != TWZ_OK)
		return result;
	store->id = superblock->id;
	store->blocks = superblock->blocks;
	store->journal_words =
		(superblock->journal_blocks * STORE_BLOCK_SIZE - sizeof(struct store_journal)) /
		sizeof(struct store_word);
	store->bitmap = superblock->bitmap_block * STORE_BLOCK_SIZE;
	store->bitmap_words = superblock->bitmap_blocks * STORE_BLOCK_SIZE / 8;
	store->first_data = superblock->first_data;
	store->zero_block = superblock->zero_block;
	return recover(store, message);
}

void store_close(struct store *store)
{
	blocks_close(store);
}
