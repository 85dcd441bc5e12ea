/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hostile bytes in a store: it is opened, checked, walked and changed. The image is memory of just
 * its size, so that any touch outside fails the target. Half of the inputs have their checksums put
 * right, so that what lies behind them is reached.
 */
#include "hostile.h"
#include <internal.h>
#include <stdlib.h>
#include <store_state.h>
#include <string.h>

#define SIZE	(384u << 10)
#define OBJECTS 6
#define STEPS	8

static uint8_t *image, *copy;
static const struct twz_id store_id = {7, 7};

static void make(void)
{
	struct store store;
	const char *message;
	uint64_t block;

	HOSTILE_MUST(posix_memalign((void **)&image, 4096, SIZE) == 0);
	HOSTILE_MUST((copy = malloc(SIZE)) != NULL);
	memset(image, 0, SIZE);
	HOSTILE_MUST(store_open(&store, image, SIZE, store_id, &state_memory, &message) == TWZ_OK);
	for (uint64_t i = 0; i < OBJECTS; i++) {
		struct store_object object = {.id = state_id(i)};
		HOSTILE_MUST(store_create(&store, &object) == TWZ_OK);
		for (uint64_t page = 0; page < i; page++)
			HOSTILE_MUST(store_page(&store, &object, page, true, &block) == TWZ_OK);
	}
	store_close(&store);
	memcpy(copy, image, SIZE);
}

/* The checksums of the superblock, the journal and all other metadata, as an attacker would. */
static void put_right(void)
{
	struct store_superblock *superblock = (void *)image;
	struct store_journal *journal = (void *)(image + STORE_JOURNAL * STORE_BLOCK_SIZE);

	for (uint64_t at = STORE_ROOTS * STORE_BLOCK_SIZE; at < SIZE; at += STORE_BLOCK_SIZE) {
		struct store_header *header = (void *)(image + at);
		switch (header->magic) {
		case STORE_KIND_ROOTS:
		case STORE_KIND_BITMAP:
		case STORE_KIND_TABLE:
		case STORE_KIND_RECORD:
		case STORE_KIND_MAP:
			header->checksum = node_checksum((const uint64_t *)header);
		}
	}
	superblock->checksum = superblock_checksum(superblock);
	memcpy(image + STORE_BACKUP * STORE_BLOCK_SIZE, superblock, sizeof(*superblock));
	if (journal->count > 64)
		journal->count %= 64;
	uint32_t head = crc32c(&journal->sequence, 16);
	journal->checksum = crc32c(journal->words, journal->count * sizeof(journal->words[0])) ^
			    (head << 1 | head >> 31);
}

static void step(struct store *store)
{
	struct store_object object = {.id = state_id(hostile_draw(OBJECTS + 2))};
	uint64_t block;

	if (hostile_draw(4) == 0) {
		store_create(store, &object);
		return;
	}
	if (store_find(store, object.id, &object) != TWZ_OK)
		return;
	switch (hostile_draw(4)) {
	case 0:
		if (store_unlink(store, &object) == TWZ_OK)
			store_free(store, &object);
		break;
	case 1:
		if (store_page(store, &object, hostile_draw(1000), true, &block) == TWZ_OK)
			memset(store_block(store, block), 7, STORE_BLOCK_SIZE);
		break;
	case 2:
		store_discard(store, &object, hostile_draw(8), hostile_draw(2000));
		break;
	default:
		store_flush(store, &object, 0, STORE_PAGES);
	}
}

static void run(const uint8_t *data, size_t size)
{
	struct store store;
	const char *message;
	struct patch patch;
	uint64_t objects;

	if (!image)
		make();
	memcpy(image, copy, SIZE);
	hostile_begin(data, size);
	while (hostile_patch(&patch)) {
		uint64_t value = patch.value, at = (patch.where & 0xffffff) % (SIZE / 8) * 8;
		if (patch.where >> 27 & 1) /* a block number, or a slot of one */
			value = value % (SIZE / STORE_BLOCK_SIZE + 4) << (value >> 60 & 3 ? 2 : 0) |
				(value >> 60 & 3);
		if (patch.where >> 26 & 1) /* the metadata in front */
			at %= 4 * STORE_BLOCK_SIZE;
		memcpy(image + at, &value, 8);
	}
	if (hostile_draw(2))
		put_right();
	if (store_open(&store, image, SIZE, store_id, &state_memory, &message) != TWZ_OK) {
		HOSTILE_MUST(message && message[0] != 0);
		return;
	}
	store_check(&store, &message);
	state_digest(&store, &objects);
	for (int i = 0; i < STEPS; i++)
		step(&store);
	store_check(&store, &message);
	store_close(&store);
}

const struct target store_targets[] = {{"store", run}, {0}};
