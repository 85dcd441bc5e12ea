/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of persistent memory; see persistence.h. */
#include "persistence.h"
#include "test.h"
#include <string.h>
#include <twz/persist.h>

#define RANDOM_STATES 6
#define SINGLE_STATES 24

static struct {
	uint64_t *region, *durable, *flushed, *image;
	uint8_t *is_flushed; /* of each line: `flushed` holds what it was at its flush */
	size_t words;
	persistence_check check;
	uint64_t random, drop;
	struct persistence_result result;
	int active;
} model;

static void *aligned(size_t size)
{
	void *memory = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);

	EXPECT(memory != NULL);
	memset(memory, 0, size);
	return memory;
}

void persistence_begin(void *region, size_t size, persistence_check check, uint64_t seed)
{
	EXPECT((uintptr_t)region % 64 == 0 && size % 64 == 0 && !model.active);
	model.region = region;
	model.words = size / 8;
	model.durable = aligned(size);
	model.flushed = aligned(size);
	model.image = aligned(size);
	model.is_flushed = aligned(size / 64);
	memcpy(model.durable, region, size);
	model.check = check;
	model.random = seed;
	model.drop = ~0ull;
	model.result = (struct persistence_result){0};
	model.active = 1;
}

void persistence_drop(uint64_t line)
{
	model.drop = line;
}

struct persistence_result persistence_result(void)
{
	return model.result;
}

static void show(void)
{
	if (model.drop != ~0ull && model.result.wrong)
		return;	  /* the planted bug is found */
	model.active = 0; /* the check itself flushes and fences */
	const char *wrong = model.check(model.image);
	model.active = 1;
	model.result.states++;
	if (wrong && model.result.wrong++ == 0)
		model.result.first = wrong;
}

static void reset(void)
{
	memcpy(model.image, model.durable, model.words * 8);
}

/* One of the values that word i may have on the medium. */
static uint64_t pick(size_t i)
{
	switch (test_random(&model.random) >> 33 & 3) {
	case 0:
		return model.durable[i];
	case 1:
		return model.is_flushed[i / 8] ? model.flushed[i] : model.durable[i];
	default:
		return model.region[i];
	}
}

static void explore(void)
{
	static size_t dirty[1 << 20];
	size_t count = 0;

	for (size_t line = 0; line < model.words; line += 8) {
		if (!model.is_flushed[line / 8] &&
		    memcmp(model.region + line, model.durable + line, 64) == 0)
			continue;
		for (size_t i = line; i < line + 8; i++) {
			if (model.region[i] != model.durable[i] ||
			    (model.is_flushed[line / 8] && model.flushed[i] != model.durable[i])) {
				EXPECT(count < sizeof(dirty) / sizeof(dirty[0]));
				dirty[count++] = i;
			}
		}
	}
	reset();
	show(); /* nothing of it */
	if (count == 0)
		return;
	reset();
	for (size_t i = 0; i < count; i++)
		model.image[dirty[i]] = model.region[dirty[i]];
	show(); /* all of it */
	size_t singles = model.drop == ~0ull ? SINGLE_STATES : SINGLE_STATES / 4;
	for (size_t i = 0; i < singles && i < count; i++) {
		size_t one = count <= singles ? i : test_random(&model.random) % count;
		reset();
		model.image[dirty[one]] = model.region[dirty[one]];
		show(); /* one word of it */
		reset();
		for (size_t j = 0; j < count; j++)
			if (j != one)
				model.image[dirty[j]] = model.region[dirty[j]];
		show(); /* all but one word */
	}
	for (int n = 0; n < RANDOM_STATES; n++) {
		reset();
		for (size_t i = 0; i < count; i++)
			model.image[dirty[i]] = pick(dirty[i]);
		show();
	}
}

void twz_flush(const void *address, size_t length)
{
	uintptr_t line = (uintptr_t)address & ~(uintptr_t)63;

	for (; model.active && line < (uintptr_t)address + length; line += 64) {
		uintptr_t start = (uintptr_t)model.region;
		EXPECT(line >= start && line - start < model.words * 8);
		size_t index = (line - start) / 64;
		if (model.result.lines++ == model.drop)
			continue;
		memcpy(model.flushed + index * 8, model.region + index * 8, 64);
		model.is_flushed[index] = 1;
	}
}

void twz_fence(void)
{
	if (!model.active)
		return;
	explore();
	for (size_t line = 0; line < model.words / 8; line++) {
		if (model.is_flushed[line])
			memcpy(model.durable + line * 8, model.flushed + line * 8, 64);
		model.is_flushed[line] = 0;
	}
}

void twz_persist(const void *address, size_t length)
{
	twz_flush(address, length);
	twz_fence();
}

void persistence_end(void)
{
	explore();
	model.active = 0;
	free(model.durable);
	free(model.flushed);
	free(model.image);
	free(model.is_flushed);
}
