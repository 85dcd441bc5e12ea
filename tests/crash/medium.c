/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of persistent memory; see medium.h. Not instrumented itself. */
#include "medium.h"
#include "random.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct window {
	uintptr_t live, image;
	size_t size;
	uint8_t *shadow; /* live memory as far as it was told of */
	uint64_t first;	 /* number of the first line */
	struct medium_line *lines;
};

static struct window windows[WINDOWS_MAX];
static size_t window_count;
static struct medium_line **dirty;
static size_t dirty_count, dirty_room;
static struct medium_line **flushed[ACTORS]; /* lines, of each thread since its last fence */
static size_t flushed_count[ACTORS], flushed_room[ACTORS];
static uint64_t durable_hash, order;
struct range {
	uintptr_t address;
	size_t size;
	bool copy;
};
static struct range told; /* a store that is made behind the callback */
static struct range watched[ACTORS];

__thread unsigned medium_actor;
struct medium_counts medium_counts;
bool medium_active;

static void *grow(void *memory, size_t size)
{
	void *grown = realloc(memory, size);

	if (!grown)
		abort();
	return grown;
}

static void push(struct medium_line ***list, size_t *count, size_t *room, struct medium_line *line)
{
	if (*count == *room) {
		*room = *room ? *room * 2 : 64;
		*list = grow(*list, *room * sizeof(**list));
	}
	(*list)[(*count)++] = line;
}

static struct window *window_of(const struct medium_line *line)
{
	for (size_t i = 0; i < window_count; i++)
		if (line >= windows[i].lines && line < windows[i].lines + windows[i].size / LINE)
			return &windows[i];
	abort();
}

uint64_t medium_number(const struct medium_line *line)
{
	struct window *window = window_of(line);

	return window->first + (uint64_t)(line - window->lines);
}

static size_t offset_of(const struct window *window, const struct medium_line *line)
{
	return (size_t)(line - window->lines) * LINE;
}

uint8_t *medium_image_of(const struct medium_line *line)
{
	struct window *window = window_of(line);

	return (uint8_t *)window->image + offset_of(window, line);
}

static uint64_t hash_of(uint64_t number, unsigned word, uint64_t value)
{
	uint64_t hash = (number * 8 + word + 1) * 0x9e3779b97f4a7c15ull;

	if (value == 0)
		return 0; /* most are */
	hash = (hash ^ value) * 0xff51afd7ed558ccdull;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53ull;
	return hash ^ hash >> 33;
}

uint64_t medium_hash_word(const struct medium_line *line, unsigned word, uint64_t value)
{
	return hash_of(medium_number(line), word, value);
}

static uint64_t hash_of_window(const struct window *window, const uint8_t *bytes)
{
	uint64_t hash = 0, value;

	for (size_t at = 0; at < window->size; at += 8) {
		memcpy(&value, bytes + at, 8);
		hash ^= hash_of(window->first + at / LINE, at % LINE / 8, value);
	}
	return hash;
}

uint64_t medium_hash(void)
{
	return durable_hash;
}

void medium_begin(const struct medium_window *given, size_t count, uint64_t seed)
{
	uint64_t number = 0;

	if (medium_active || count > WINDOWS_MAX)
		abort();
	window_count = count;
	durable_hash = 0;
	order = seed;
	for (size_t i = 0; i < count; i++) {
		struct window *window = &windows[i];
		*window = (struct window){.live = (uintptr_t)given[i].live,
					  .image = (uintptr_t)given[i].image,
					  .size = given[i].size,
					  .first = number};
		number += window->size / LINE;
		window->shadow = grow(NULL, window->size);
		window->lines = calloc(window->size / LINE, sizeof(*window->lines));
		if (!window->lines || window->live % LINE || window->image % LINE ||
		    window->size % LINE)
			abort();
		memcpy(window->shadow, given[i].live, window->size);
		memcpy(given[i].image, given[i].live, window->size);
		durable_hash ^= hash_of_window(window, window->shadow);
	}
	told.size = 0;
	medium_active = true;
}

void medium_end(void)
{
	medium_settle();
	medium_active = false;
	for (size_t i = 0; i < window_count; i++) {
		for (size_t line = 0; line < windows[i].size / LINE; line++)
			free(windows[i].lines[line].units);
		free(windows[i].lines);
		free(windows[i].shadow);
	}
	window_count = dirty_count = 0;
	memset(flushed_count, 0, sizeof(flushed_count));
	memset(watched, 0, sizeof(watched));
}

struct medium_line *medium_live_line(uintptr_t address)
{
	for (size_t i = 0; i < window_count; i++)
		if (address - windows[i].live < windows[i].size)
			return &windows[i].lines[(address - windows[i].live) / LINE];
	return NULL;
}

struct medium_line *medium_image_line(uintptr_t address)
{
	for (size_t i = 0; i < window_count; i++)
		if (address - windows[i].image < windows[i].size)
			return &windows[i].lines[(address - windows[i].image) / LINE];
	return NULL;
}

static void make_durable(struct medium_line *line, uint32_t units);

/* A word may differ from what was told: one more store of the line. */
static void look_at_word(struct window *window, size_t offset)
{
	uint64_t now, known;

	memcpy(&now, (const void *)(window->live + offset), 8);
	memcpy(&known, window->shadow + offset, 8);
	if (now == known)
		return;
	memcpy(window->shadow + offset, &now, 8);
	struct medium_line *line = &window->lines[offset / LINE];
	if (line->count == LINE_STORES_MAX)
		make_durable(line, LINE_STORES_MAX / 2);
	if (line->count == line->room) {
		line->room = line->room ? line->room * 2 : 4;
		line->units = grow(line->units, line->room * sizeof(line->units[0]));
	}
	line->units[line->count++] = (struct store_unit){.word = offset % LINE / 8, .value = now};
	medium_counts.stores++;
	if (line->listed == 0) {
		push(&dirty, &dirty_count, &dirty_room, line);
		line->listed = (uint32_t)dirty_count;
	}
}

static void look_at_line(struct window *window, size_t from, size_t end, bool copy)
{
	unsigned words = (unsigned)(end - from) / 8, rank[LINE / 8];

	for (unsigned i = 0; i < words; i++)
		rank[i] = i;
	for (unsigned i = words; copy && i > 1; i--) { /* in an order that is drawn */
		unsigned other = (unsigned)draw_below(&order, i), kept = rank[i - 1];
		rank[i - 1] = rank[other];
		rank[other] = kept;
	}
	for (unsigned i = 0; i < words; i++)
		look_at_word(window, from + rank[i] * 8);
}

static void look_at(const struct range *range)
{
	for (size_t i = 0; i < window_count; i++) {
		struct window *window = &windows[i];
		uintptr_t from = range->address & ~(uintptr_t)7;
		uintptr_t end = (range->address + range->size + 7) & ~(uintptr_t)7;
		from = from < window->live ? window->live : from;
		end = end > window->live + window->size ? window->live + window->size : end;
		while (from < end) {
			uintptr_t stop = (from & ~(uintptr_t)(LINE - 1)) + LINE;
			stop = stop < end ? stop : end;
			look_at_line(window, from - window->live, stop - window->live, range->copy);
			from = stop;
		}
	}
}

void medium_settle(void)
{
	if (told.size != 0)
		look_at(&told);
	told.size = 0;
	for (unsigned i = 0; i < ACTORS; i++)
		if (watched[i].size != 0)
			look_at(&watched[i]);
}

void medium_watch(void *address, size_t size)
{
	medium_settle();
	watched[medium_actor] = (struct range){(uintptr_t)address, size, false};
}

void medium_store(uintptr_t address, size_t size, bool copy)
{
	medium_settle();
	if (!medium_live_line(address) && !medium_live_line(address + size - 1))
		return;
	told = (struct range){address, size, copy};
}

void medium_flush(uintptr_t address, size_t size)
{
	medium_settle();
	for (uintptr_t at = address & ~(uintptr_t)(LINE - 1); at < address + size; at += LINE) {
		struct medium_line *line = medium_live_line(at);
		medium_counts.flushes++;
		if (!line || line->count == 0)
			continue;
		if (line->flushed[medium_actor] == 0)
			push(&flushed[medium_actor], &flushed_count[medium_actor],
			     &flushed_room[medium_actor], line);
		line->flushed[medium_actor] = line->count;
	}
}

void medium_forget_flushes(void)
{
	medium_settle();
	for (size_t i = 0; i < flushed_count[medium_actor]; i++)
		flushed[medium_actor][i]->flushed[medium_actor] = 0;
	flushed_count[medium_actor] = 0;
}

/* The first `units` stores of a line are durable. */
static void make_durable(struct medium_line *line, uint32_t units)
{
	uint8_t *image = medium_image_of(line);

	for (uint32_t i = 0; i < units; i++) {
		const struct store_unit *unit = &line->units[i];
		uint64_t old;
		memcpy(&old, image + unit->word * 8, 8);
		memcpy(image + unit->word * 8, &unit->value, 8);
		durable_hash ^= medium_hash_word(line, unit->word, old) ^
				medium_hash_word(line, unit->word, unit->value);
	}
	line->count -= units;
	memmove(line->units, line->units + units, line->count * sizeof(line->units[0]));
	for (unsigned i = 0; i < ACTORS; i++)
		line->flushed[i] = line->flushed[i] > units ? line->flushed[i] - units : 0;
	if (line->count == 0) {
		struct medium_line *last = dirty[--dirty_count];
		dirty[line->listed - 1] = last;
		last->listed = line->listed;
		line->listed = 0;
	}
}

void medium_fence(void)
{
	medium_settle();
	medium_counts.fences++;
	for (size_t i = 0; i < flushed_count[medium_actor]; i++) {
		struct medium_line *line = flushed[medium_actor][i];
		uint32_t units = line->flushed[medium_actor];
		line->flushed[medium_actor] = 0;
		if (units != 0 && units <= line->count)
			make_durable(line, units);
	}
	flushed_count[medium_actor] = 0;
}

struct medium_line **medium_dirty(size_t *count)
{
	*count = dirty_count;
	return dirty;
}

uint64_t medium_word(const struct medium_line *line, unsigned word, uint32_t units)
{
	uint64_t value;

	for (; units != 0; units--)
		if (line->units[units - 1].word == word)
			return line->units[units - 1].value;
	memcpy(&value, medium_image_of(line) + word * 8, 8);
	return value;
}

void medium_contents(const struct medium_line *line, uint32_t units, uint8_t out[LINE])
{
	memcpy(out, medium_image_of(line), LINE);
	for (uint32_t i = 0; i < units; i++)
		memcpy(out + line->units[i].word * 8, &line->units[i].value, 8);
}

void medium_verify(void)
{
	for (size_t i = 0; i < window_count; i++) {
		const uint8_t *live = (const uint8_t *)windows[i].live;
		if (memcmp(live, windows[i].shadow, windows[i].size) == 0)
			continue;
		size_t at = 0;
		while (live[at] == windows[i].shadow[at])
			at++;
		fprintf(stderr, "a store at offset %#zx of window %zu was not recorded\n", at, i);
		exit(1);
	}
}

void medium_verify_images(void)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < window_count; i++)
		hash ^= hash_of_window(&windows[i], (const uint8_t *)windows[i].image);
	if (hash != durable_hash) {
		fprintf(stderr, "a state was not put back: a store to it was not recorded\n");
		exit(1);
	}
}
