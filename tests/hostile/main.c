/* SPDX-License-Identifier: BSD-2-Clause */
/* libFuzzer's entry: --target=NAME chooses what the bytes are. */
#include "hostile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct target *chosen;
static const uint8_t *input;
static size_t left;
uint64_t hostile_random;

uint64_t hostile_draw(uint64_t below)
{
	hostile_random ^= hostile_random >> 12;
	hostile_random ^= hostile_random << 25;
	hostile_random ^= hostile_random >> 27;
	return (hostile_random * 0x2545f4914f6cdd1dull >> 32) % below;
}

void hostile_begin(const uint8_t *data, size_t size)
{
	hostile_random = 1;
	if (size >= 8)
		memcpy(&hostile_random, data, 8);
	hostile_random += hostile_random == 0;
	input = size >= 8 ? data + 8 : data;
	left = size >= 8 ? size - 8 : 0;
}

bool hostile_patch(struct patch *patch)
{
	if (left < 12)
		return false;
	memcpy(&patch->where, input, 4);
	memcpy(&patch->value, input + 4, 8);
	input += 12;
	left -= 12;
	return true;
}

static const struct target *find(const char *name)
{
	const struct target *const groups[] = {object_targets, collection_targets, store_targets};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		for (const struct target *target = groups[i]; target->name; target++)
			if (!name || strcmp(target->name, name) == 0) {
				if (name)
					return target;
				puts(target->name);
			}
	return NULL;
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	for (int i = 1; i < *count; i++) {
		if (strcmp((*arguments)[i], "--list") == 0) {
			find(NULL);
			exit(0);
		}
		if (strncmp((*arguments)[i], "--target=", 9) == 0)
			chosen = find((*arguments)[i] + 9);
	}
	if (!chosen) {
		fprintf(stderr, "hostile: --target=NAME names no target; --list lists them\n");
		exit(2);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	chosen->run(data, size);
	return 0;
}
