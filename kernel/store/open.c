/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening a store: refuse what is not one, make one in zeros, recover. */
#include "internal.h"

#define WHOLE_CHECK  (128ull << 20) /* memory up to this size is read whole before mkfs */
#define START_CHECK  (1ull << 20)   /* of others the start, the end and SAMPLES blocks between */
#define SAMPLES	     1024u
#define MOST_JOURNAL 1024u

twz_result blocks_read(struct store *store, uint64_t block, uint64_t count, void *buffer)
{
	if (store->region) {
		__builtin_memcpy(buffer, store_block(store, block), count * STORE_BLOCK_SIZE);
		return TWZ_OK;
	}
	return store->medium.read(store->medium.context, block, count, buffer);
}

twz_result blocks_write(struct store *store, uint64_t block, uint64_t count, const void *buffer)
{
	if (store->readonly)
		return -TWZ_ERR_READ_ONLY;
	if (store->region) {
		uint8_t *to = store_block(store, block);
		__builtin_memcpy(to, buffer, count * STORE_BLOCK_SIZE);
		twz_flush(to, count * STORE_BLOCK_SIZE);
		return TWZ_OK;
	}
	return store->medium.write(store->medium.context, block, count, buffer);
}

twz_result blocks_flush(struct store *store)
{
	if (store->region) {
		twz_fence();
		return TWZ_OK;
	}
	return store->medium.flush(store->medium.context);
}

uint32_t superblock_checksum(const struct store_superblock *superblock)
{
	struct store_superblock copy = *superblock;

	copy.checksum = 0;
	copy.magic = STORE_MAGIC;
	return crc32c(&copy, sizeof(copy));
}

static twz_result is_zero(struct store *store, uint64_t from, uint64_t count, uint64_t *buffer,
			  bool *zero)
{
	for (uint64_t block = from; block < from + count; block++) {
		twz_result result = blocks_read(store, block, 1, buffer);
		if (result != TWZ_OK)
			return result;
		for (unsigned i = 0; i < STORE_WORDS; i++) {
			if (buffer[i] != 0) {
				*zero = false;
				return TWZ_OK;
			}
		}
	}
	return TWZ_OK;
}

static twz_result medium_is_zero(struct store *store, uint64_t *buffer, bool *zero)
{
	uint64_t blocks = store->medium.size / STORE_BLOCK_SIZE;
	uint64_t start = START_CHECK / STORE_BLOCK_SIZE;
	uint64_t step = blocks / SAMPLES + 1;
	twz_result result;

	*zero = true;
	if (store->region && store->medium.size <= WHOLE_CHECK)
		return is_zero(store, 0, blocks, buffer, zero);
	result = is_zero(store, 0, start < blocks ? start : blocks, buffer, zero);
	for (uint64_t block = start; block < blocks && result == TWZ_OK && *zero; block += step)
		result = is_zero(store, block, 1, buffer, zero);
	if (result == TWZ_OK && *zero)
		result = is_zero(store, blocks - 1, 1, buffer, zero);
	return result;
}

static struct store_superblock layout(uint64_t blocks, uint64_t journal, struct twz_id id)
{
	struct store_superblock superblock = {
		.magic = STORE_MAGIC,
		.version = STORE_VERSION,
		.block_size = STORE_BLOCK_SIZE,
		.id = id,
		.blocks = blocks,
		.journal_blocks = journal,
		.zero_block = STORE_JOURNAL + journal,
		.bitmap_block = STORE_JOURNAL + journal + 1,
		.first_data = STORE_JOURNAL + journal + 2,
	};
	superblock.checksum = superblock_checksum(&superblock);
	return superblock;
}

static uint64_t journal_size(uint64_t blocks)
{
	uint64_t journal = blocks / 128;

	return journal < 16 ? 16 : journal > MOST_JOURNAL ? MOST_JOURNAL : journal;
}

static void adopt(struct store *store, const struct store_superblock *superblock)
{
	store->id = superblock->id;
	store->blocks = superblock->blocks;
	store->journal_blocks = superblock->journal_blocks;
	store->journal_words =
		(superblock->journal_blocks / 2 * STORE_BLOCK_SIZE - sizeof(struct store_journal)) /
		sizeof(struct store_word);
	store->first_bitmap = superblock->bitmap_block;
	store->first_data = superblock->first_data;
	store->zero_block = superblock->zero_block;
}

static twz_result write_roots(struct store *store, uint64_t *block)
{
	struct store_roots *roots = (struct store_roots *)block;
	uint64_t groups = (store->blocks + STORE_GROUP - 1) / STORE_GROUP;

	__builtin_memset(block, 0, STORE_BLOCK_SIZE);
	roots->header.magic = STORE_KIND_ROOTS;
	roots->header.block = STORE_ROOTS;
	roots->free = store->blocks - store->first_data - (groups - 1);
	roots->header.checksum = node_checksum(block);
	return blocks_write(store, STORE_ROOTS, 1, block);
}

static twz_result write_zeros(struct store *store, uint64_t block, uint64_t count)
{
	void *zeros = store->memory->allocate(STORE_RUN * STORE_BLOCK_SIZE);
	twz_result result = zeros ? TWZ_OK : -TWZ_ERR_OUT_OF_MEMORY;

	while (count != 0 && result == TWZ_OK) {
		uint64_t run = count < STORE_RUN ? count : STORE_RUN;
		result = blocks_write(store, block, run, zeros);
		block += run;
		count -= run;
	}
	if (zeros)
		store->memory->release(zeros, STORE_RUN * STORE_BLOCK_SIZE);
	return result;
}

/* The magic says "being made" until all else is durable; an interrupted mkfs is started again. */
static twz_result make(struct store *store, struct twz_id id, uint64_t *block)
{
	uint64_t blocks = store->medium.size / STORE_BLOCK_SIZE;
	struct store_superblock *superblock = (struct store_superblock *)block, new;

	blocks = blocks < STORE_MAXIMUM ? blocks : STORE_MAXIMUM;
	new = layout(blocks, journal_size(blocks), id);
	adopt(store, &new);
	__builtin_memset(block, 0, STORE_BLOCK_SIZE);
	superblock->magic = STORE_MAKING;
	twz_result result = blocks_write(store, STORE_SUPERBLOCK, 1, block);
	if (result == TWZ_OK)
		result = blocks_flush(store);
	__builtin_memset(block, 0, STORE_BLOCK_SIZE);
	if (result == TWZ_OK)
		result = write_zeros(store, STORE_JOURNAL, store->zero_block + 1 - STORE_JOURNAL);
	if (result == TWZ_OK)
		result = write_roots(store, block);
	__builtin_memset(block, 0, STORE_BLOCK_SIZE);
	*superblock = new;
	if (result == TWZ_OK)
		result = blocks_write(store, STORE_BACKUP, 1, block);
	superblock->magic = STORE_MAKING;
	if (result == TWZ_OK)
		result = blocks_write(store, STORE_SUPERBLOCK, 1, block);
	if (result == TWZ_OK)
		result = blocks_flush(store);
	if (result != TWZ_OK)
		return result;
	if (store->region) {
		twz_commit_word((uint64_t *)store->region, STORE_MAGIC);
		return TWZ_OK;
	}
	superblock->magic = STORE_MAGIC;
	result = blocks_write(store, STORE_SUPERBLOCK, 1, block);
	return result == TWZ_OK ? blocks_flush(store) : result;
}

static twz_result refuse(const char **message, twz_result error, const char *text)
{
	*message = text;
	return error;
}

/* Checks the superblock against itself, this program and the medium. */
static twz_result check(const struct store_superblock *superblock, uint64_t size,
			const char **message)
{
	if (superblock->magic != STORE_MAGIC)
		return refuse(message, -TWZ_ERR_BAD_FORMAT,
			      "the device holds something that is not a Twizzler store; give an "
			      "image of zeros to make one");
	if (superblock->version != STORE_VERSION)
		return refuse(message, -TWZ_ERR_VERSION_MISMATCH,
			      "the store is of another format version than 3; use the system that "
			      "made it");
	if (superblock->checksum != superblock_checksum(superblock))
		return refuse(message, -TWZ_ERR_CORRUPT,
			      "the store's superblock is damaged (checksum); restore the image "
			      "from a copy, or twzstore repair");
	struct store_superblock expected =
		layout(superblock->blocks, superblock->journal_blocks, superblock->id);
	if (superblock->block_size != STORE_BLOCK_SIZE || superblock->blocks < STORE_MINIMUM ||
	    superblock->blocks > STORE_MAXIMUM || superblock->journal_blocks < 16 ||
	    superblock->journal_blocks > MOST_JOURNAL ||
	    superblock->journal_blocks > superblock->blocks / 2 ||
	    superblock->zero_block != expected.zero_block ||
	    superblock->bitmap_block != expected.bitmap_block ||
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
	twz_result result = journal_recover(store);

	if (result == -TWZ_ERR_OUT_OF_MEMORY)
		return refuse(message, result,
			      "not enough memory for the store; give the machine more memory");
	if (result == -TWZ_ERR_IO)
		return refuse(message, result,
			      "the store's device fails to read or write; replace it");
	if (result != TWZ_OK)
		return refuse(
			message, -TWZ_ERR_CORRUPT,
			"the store's journal is damaged (checksum); restore the image from a copy");
	result = blocks_open(store);
	if (result == -TWZ_ERR_OUT_OF_MEMORY)
		return refuse(message, result,
			      "not enough memory for the store; give the machine more memory");
	if (result != TWZ_OK)
		return refuse(message, -TWZ_ERR_CORRUPT,
			      "the store's roots are damaged (checksum); restore the image from a "
			      "copy");
	if (!store->readonly && !store->mending && orphans_free(store) != TWZ_OK)
		return refuse(message, -TWZ_ERR_CORRUPT,
			      "the store's list of deleted objects is damaged; restore the image "
			      "from a copy, or twzstore repair");
	return TWZ_OK;
}

/* `block`: a block's worth of memory. */
static twz_result open_with(struct store *store, struct twz_id id, uint64_t *block,
			    const char **message)
{
	struct store_superblock superblock;
	bool zero = false;
	twz_result result = blocks_read(store, STORE_SUPERBLOCK, 1, block);

	superblock = *(struct store_superblock *)block;
	if (result == TWZ_OK && superblock.magic == 0)
		result = medium_is_zero(store, block, &zero);
	if (result == TWZ_OK && (zero || superblock.magic == STORE_MAKING)) {
		if (store->readonly || store->mending)
			return refuse(
				message, -TWZ_ERR_NOT_FOUND,
				"there is no store yet: all is zero; twzstore mkfs makes one");
		result = make(store, id, block);
		store->made = true;
		if (result == TWZ_OK)
			result = blocks_read(store, STORE_SUPERBLOCK, 1, block);
		superblock = *(struct store_superblock *)block;
	}
	if (result != TWZ_OK)
		return refuse(message, -TWZ_ERR_IO,
			      "the store's device fails to read or write; replace it");
	result = check(&superblock, store->medium.size, message);
	if (result != TWZ_OK)
		return result;
	adopt(store, &superblock);
	return recover(store, message);
}

static twz_result open_store(struct store *store, const struct store_medium *medium,
			     struct twz_id id, const struct store_memory *memory,
			     const char **message)
{
	*message = "";
	store->region = medium->memory;
	store->medium = *medium;
	store->memory = memory;
	crc32c_init();
	if (medium->size / STORE_BLOCK_SIZE < STORE_MINIMUM)
		return refuse(
			message, -TWZ_ERR_NO_SPACE,
			"the device is too small for a store; give an image of at least 256 KiB");
	uint64_t *block = memory->allocate(STORE_BLOCK_SIZE);
	if (!block || (!store->region && cache_open(store) != TWZ_OK)) {
		if (block)
			memory->release(block, STORE_BLOCK_SIZE);
		return refuse(message, -TWZ_ERR_OUT_OF_MEMORY,
			      "not enough memory for the store; give the machine more memory");
	}
	twz_result result = open_with(store, id, block, message);
	memory->release(block, STORE_BLOCK_SIZE);
	if (result != TWZ_OK)
		store_close(store);
	return result;
}

twz_result store_open_medium(struct store *store, const struct store_medium *medium,
			     struct twz_id id, const struct store_memory *memory,
			     const char **message)
{
	*store = (struct store){0};
	return open_store(store, medium, id, memory, message);
}

twz_result store_open_readonly(struct store *store, const struct store_medium *medium,
			       const struct store_memory *memory, const char **message)
{
	*store = (struct store){.readonly = true};
	return open_store(store, medium, TWZ_ID_NONE, memory, message);
}

twz_result store_open_to_repair(struct store *store, const struct store_medium *medium,
				const struct store_memory *memory, const char **message)
{
	*store = (struct store){.mending = true};
	return open_store(store, medium, TWZ_ID_NONE, memory, message);
}

twz_result store_open(struct store *store, void *region, uint64_t size, struct twz_id id,
		      const struct store_memory *memory, const char **message)
{
	struct store_medium medium = {.size = size, .memory = region};

	return store_open_medium(store, &medium, id, memory, message);
}

void store_close(struct store *store)
{
	blocks_close(store);
	transaction_close(store);
	cache_close(store);
}
