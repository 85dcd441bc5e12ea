/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of persistent memory; see persistence.h. */
#include "persistence.h"
#include "test.h"
#include <string.h>
#include <twz/persist.h>

#define RANDOM_STATES 6
#define SINGLE_STATES 24

static struct {
	struct {
		uint64_t *region;
		size_t words;
	} windows[2];
	uint64_t *durable, *flushed, *image; /* of the windows, one behind the other */
	uint8_t *is_flushed;		     /* of each line: `flushed` holds what it was */
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

/* Word i as the program sees it. */
static uint64_t *at(size_t i)
{
	return i < model.windows[0].words ? model.windows[0].region + i
					  : model.windows[1].region + (i - model.windows[0].words);
}

/* The index of the line at an address; it has to be in a window. */
static size_t line_at(uintptr_t address)
{
	size_t first = 0;

	for (int i = 0; i < 2; i++) {
		uintptr_t start = (uintptr_t)model.windows[i].region;
		if (address >= start && address - start < model.windows[i].words * 8)
			return first + (address - start) / 64;
		first += model.windows[i].words / 8;
	}
	fprintf(stderr, "a flush outside the model\n");
	exit(1);
}

void persistence_begin(void *region, size_t size, persistence_check check, uint64_t seed)
{
	persistence_begin_two(region, size, NULL, 0, check, seed);
}

void persistence_begin_two(void *region, size_t size, void *second, size_t second_size,
			   persistence_check check, uint64_t seed)
{
	EXPECT((uintptr_t)region % 64 == 0 && size % 64 == 0 && !model.active);
	EXPECT((uintptr_t)second % 64 == 0 && second_size % 64 == 0);
	model.windows[0].region = region;
	model.windows[0].words = size / 8;
	model.windows[1].region = second;
	model.windows[1].words = second_size / 8;
	size += second_size;
	model.words = size / 8;
	model.durable = aligned(size);
	model.flushed = aligned(size);
	model.image = aligned(size);
	model.is_flushed = aligned(size / 64);
	for (size_t i = 0; i < model.words; i++)
		model.durable[i] = *at(i);
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
		return *at(i);
	}
}

static void explore(void)
{
	static size_t dirty[1 << 20];
	size_t count = 0;

	for (size_t line = 0; line < model.words; line += 8) {
		if (!model.is_flushed[line / 8] && memcmp(at(line), model.durable + line, 64) == 0)
			continue;
		for (size_t i = line; i < line + 8; i++) {
			if (*at(i) != model.durable[i] ||
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
		model.image[dirty[i]] = *at(dirty[i]);
	show(); /* all of it */
	size_t singles = model.drop == ~0ull ? SINGLE_STATES : SINGLE_STATES / 4;
	for (size_t i = 0; i < singles && i < count; i++) {
		size_t one = count <= singles ? i : test_random(&model.random) % count;
		reset();
		model.image[dirty[one]] = *at(dirty[one]);
		show(); /* one word of it */
		reset();
		for (size_t j = 0; j < count; j++)
			if (j != one)
				model.image[dirty[j]] = *at(dirty[j]);
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
		size_t index = line_at(line);
		if (model.result.lines++ == model.drop)
			continue;
		memcpy(model.flushed + index * 8, at(index * 8), 64);
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
