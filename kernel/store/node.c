/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of metadata: a header with a checksum, which follows every word that changes. */
#include "internal.h"

uint32_t node_checksum(const uint64_t *words)
{
	return crc32c((const uint8_t *)words + 4, STORE_BLOCK_SIZE - 4);
}

bool node_is_right(const uint64_t *words, uint64_t block, uint32_t kind)
{
	const struct store_header *header = (const struct store_header *)words;

	return header->magic == kind && header->block == block &&
	       header->checksum == node_checksum(words);
}

static bool read_in_memory(struct store *store, struct node *node, uint32_t kind,
			   twz_result *result)
{
	uint64_t bit, *verified = block_verified(store, node->block, &bit);

	if (!verified) {
		*result = -TWZ_ERR_OUT_OF_MEMORY;
		return false;
	}
	node->words = store_block(store, node->block);
	const struct store_header *header = (const struct store_header *)node->words;
	if (transaction_made(store, node->block))
		return true;
	/* the kind each time: one block may be named as two */
	if (*verified & bit ? header->magic != kind
			    : !node_is_right(node->words, node->block, kind)) {
		*result = -TWZ_ERR_CORRUPT;
		return false;
	}
	*verified |= bit;
	return true;
}

bool node_read(struct store *store, uint64_t block, uint32_t kind, struct node *node,
	       twz_result *result)
{
	bool *verified;

	node->block = block;
	node->words = NULL;
	*result = TWZ_OK;
	if (block >= store->blocks || block < STORE_ROOTS) {
		*result = -TWZ_ERR_CORRUPT;
		return false;
	}
	if (store->region)
		return read_in_memory(store, node, kind, result);
	node->words = cache_get(store, block, &verified, result);
	if (!node->words)
		return false;
	const struct store_header *header = (const struct store_header *)node->words;
	if (*verified ? header->magic != kind : !node_is_right(node->words, block, kind)) {
		*result = -TWZ_ERR_CORRUPT;
		return false;
	}
	*verified = true;
	return true;
}

bool node_make(struct store *store, uint64_t block, uint32_t kind, struct node *node)
{
	node->block = block;
	if (block == 0)
		return false;
	node->words = store->region ? store_block(store, block) : cache_make(store, block);
	if (!node->words) {
		transaction_fail(store, -TWZ_ERR_OUT_OF_MEMORY);
		return false;
	}
	__builtin_memset(node->words, 0, STORE_BLOCK_SIZE);
	*(struct store_header *)node->words = (struct store_header){
		.magic = kind,
		.block = (uint32_t)block,
	};
	transaction_word(store, block * STORE_BLOCK_SIZE + 1, 0); /* says that it was made here */
	return store->error == TWZ_OK;
}

uint64_t node_get(struct store *store, const struct node *node, unsigned word)
{
	uint64_t value;

	if (transaction_find(store, node->block * STORE_BLOCK_SIZE + word * 8, &value))
		return value;
	return node->words[word];
}

void node_set(struct store *store, const struct node *node, unsigned word, uint64_t value)
{
	uint64_t offset = node->block * STORE_BLOCK_SIZE;

	if (transaction_made(store, node->block)) {
		node->words[word] = value;
		return;
	}
	uint64_t old = node_get(store, node, word), header = node_get(store, node, 0);
	if (old == value)
		return;
	transaction_word(store, offset + word * 8, value);
	transaction_word(store, offset,
			 header ^ crc32c_difference(old ^ value, STORE_WORDS - 1 - word));
}
