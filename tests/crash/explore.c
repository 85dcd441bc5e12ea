/* SPDX-License-Identifier: BSD-2-Clause */
/* The explorer of crash states; see explore.h. Not instrumented itself. */
#include "losses.h"
#include "random.h"
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX   30000000ull	 /* loads and stores of one recovery */
#define TOUCH_MAX   (1ull << 30) /* bytes at once */
#define PATH_LIMIT  4096
#define UNTOUCHABLE ~0ull

struct explore_options explore_options = {
	.seed = 21, .share = 64, .recoveries = 2, .losses = 2, .steps = 6};
enum explore_mode explore_mode;
uint64_t explore_steps;

static struct explore_plan plan;
static struct explore_result total;
static uint64_t choices, run_number, last_stores, last_expected, attempts;

/* ---- the set of states that were seen ---- */

static uint64_t *seen, seen_count, seen_room;

static bool see(uint64_t hash)
{
	if (seen_count * 2 >= seen_room) {
		uint64_t *old = seen, room = seen_room;
		seen_room = room ? room * 2 : 1 << 12;
		seen = calloc(seen_room, sizeof(*seen));
		if (!seen)
			abort();
		seen_count = 0;
		for (uint64_t i = 0; i < room; i++)
			if (old[i] != 0)
				see(old[i]);
		free(old);
	}
	hash += hash == 0;
	for (uint64_t i = hash * 0x9e3779b97f4a7c15ull >> 20;; i++) {
		uint64_t *at = &seen[i & (seen_room - 1)];
		if (*at == hash)
			return false;
		if (*at == 0) {
			*at = hash;
			seen_count++;
			return true;
		}
	}
}

/* ---- one state: its lines are made as recovery touches them ---- */

struct kept {
	struct medium_line *line;
	uint8_t bytes[LINE]; /* as durable */
};

struct step {
	uint32_t choice, choices;
};

static struct kept *kept;
static size_t kept_count, kept_room;
static struct step path[PATH_LIMIT];
static size_t path_length, path_at;
static uint64_t state_hash;
static enum { DEPTH_FIRST, DRAW_LINES, DRAW_STORES, ONE_LINE, ALL_BUT_ONE, ALL } policy;
static const struct medium_line *special;

/* How many stores a drawn state's line is to have. */
static uint32_t draw_units(const struct medium_line *line)
{
	switch (policy) {
	case DRAW_LINES:
		return draw_below(&choices, 2) ? line->count : 0;
	case DRAW_STORES:
		return (uint32_t)draw_below(&choices, line->count + 1);
	case ONE_LINE:
		return line == special ? line->count : 0;
	case ALL_BUT_ONE:
		return line == special ? (uint32_t)draw_below(&choices, line->count) : line->count;
	default:
		return line->count;
	}
}

static void keep(struct medium_line *line)
{
	if (kept_count == kept_room) {
		kept_room = kept_room ? kept_room * 2 : 1024;
		kept = realloc(kept, kept_room * sizeof(*kept));
		if (!kept)
			abort();
	}
	kept[kept_count].line = line;
	memcpy(kept[kept_count].bytes, medium_image_of(line), LINE);
	kept_count++;
	line->touched = run_number;
	line->known = 0;
	line->least = 0;
	line->most = line->count;
	if (line->count != 0 && policy != DEPTH_FIRST)
		line->drawn = draw_units(line);
}

/* The next choice of `count`, depth first. */
static uint32_t choose(uint32_t count)
{
	if (path_at == path_length) {
		if (path_length == PATH_LIMIT)
			return 0;
		path[path_length++] = (struct step){0, count};
	}
	return path[path_at++].choice;
}

/*
 * Recovery is about to read a word of a line that has stores: of the line's possible prefixes those
 * go on together that give the word one value.
 */
static void make_word(struct medium_line *line, unsigned word)
{
	uint32_t starts[LINE_STORES_MAX + 1], count = 1;
	uint64_t last = medium_word(line, word, line->least), value;

	starts[0] = line->least;
	for (uint32_t units = line->least + 1; units <= line->most; units++) {
		const struct store_unit *unit = &line->units[units - 1];
		if (unit->word != word || unit->value == last)
			continue;
		starts[count++] = units;
		last = unit->value;
	}
	uint32_t chosen = 0;
	if (policy != DEPTH_FIRST)
		while (chosen + 1 < count && starts[chosen + 1] <= line->drawn)
			chosen++;
	else if (count > 1)
		chosen = choose(count);
	line->least = starts[chosen];
	if (chosen + 1 < count)
		line->most = starts[chosen + 1] - 1;
	value = medium_word(line, word, policy == DEPTH_FIRST ? line->least : line->drawn);
	uint8_t *at = medium_image_of(line) + word * 8;
	memcpy(&last, at, 8);
	if (value != last)
		state_hash ^=
			medium_hash_word(line, word, last) ^ medium_hash_word(line, word, value);
	memcpy(at, &value, 8);
}

static void make_words(struct medium_line *line, uintptr_t from, uintptr_t end, bool store)
{
	uintptr_t start = (uintptr_t)medium_image_of(line);

	for (unsigned word = 0; word < LINE / 8; word++) {
		uintptr_t at = start + word * 8;
		if (at + 8 <= from || at >= end || line->known & 1u << word)
			continue;
		line->known |= 1u << word;
		if (!store || at < from || at + 8 > end) /* what is overwritten is not read */
			make_word(line, word);
	}
}

static sigjmp_buf escape;
static const char *escaped;

void explore_touch(uintptr_t address, size_t size, bool store)
{
	if (++explore_steps > STEPS_MAX || size > TOUCH_MAX) {
		escaped = "recovery does not end";
		siglongjmp(escape, 1);
	}
	for (uintptr_t at = address & ~(uintptr_t)(LINE - 1); at < address + size; at += LINE) {
		struct medium_line *line = medium_image_line(at);
		if (!line || (line->count == 0 && !store))
			continue;
		if (line->touched == UNTOUCHABLE) {
			escaped = "recovery reads what it did not read before";
			siglongjmp(escape, 1);
		}
		if (line->touched != run_number)
			keep(line);
		if (line->count != 0)
			make_words(line, address, address + size, store);
	}
}

static void caught(int number)
{
	if (explore_mode != EXPLORE_RECOVER) {
		signal(number, SIG_DFL);
		raise(number);
		return;
	}
	escaped = number == SIGABRT ? "recovery aborts" : "recovery faults";
	siglongjmp(escape, 1);
}

static const char *attempt(void)
{
	const char *wrong;

	run_number++;
	kept_count = 0;
	path_at = 0;
	state_hash = medium_hash();
	explore_steps = 0;
	explore_mode = EXPLORE_RECOVER;
	if (sigsetjmp(escape, 1) == 0) {
		wrong = plan.check();
	} else {
		wrong = escaped;
		if (plan.cut_off)
			plan.cut_off();
	}
	explore_mode = EXPLORE_RECORD;
	return wrong;
}

static void put_back(void)
{
	while (kept_count != 0) {
		kept_count--;
		memcpy(medium_image_of(kept[kept_count].line), kept[kept_count].bytes, LINE);
	}
	if (++attempts % 512 == 0)
		medium_verify_images();
}

static uint64_t hash_of_expected(void)
{
	uint64_t hash = 14695981039346656037ull;

	for (size_t i = 0; i < plan.expected_size; i++)
		hash = (hash ^ ((const uint8_t *)plan.expected)[i]) * 1099511628211ull;
	return hash;
}

static void note(const char *wrong)
{
	if (wrong && total.wrong++ == 0)
		snprintf(total.first, sizeof(total.first), "fence %llu: %s",
			 (unsigned long long)total.fences, wrong);
}

/*
 * The state of run `run` once more, with other contents in the lines that recovery did not touch:
 * that may change nothing, or the instrumentation misses loads and states were skipped wrongly.
 * Behind a depth-first run, which can be repeated.
 */
static void recheck(uint64_t run, const char *wrong)
{
	struct kept_line {
		struct medium_line *line;
		uint8_t bytes[LINE];
	} * changed;
	size_t count, length = path_length;
	struct medium_line **dirty = medium_dirty(&count);

	changed = malloc((count + 1) * sizeof(*changed));
	if (!changed)
		abort();
	size_t others = 0;
	for (size_t i = 0; i < count; i++) {
		struct medium_line *line = dirty[i];
		if (line->touched == run)
			continue;
		changed[others].line = line;
		memcpy(changed[others++].bytes, medium_image_of(line), LINE);
		uint8_t bytes[LINE];
		medium_contents(line, (uint32_t)draw_below(&choices, line->count + 1), bytes);
		memcpy(medium_image_of(line), bytes, LINE);
		line->touched = UNTOUCHABLE;
	}
	const char *again = attempt();
	put_back();
	for (size_t i = 0; i < others; i++) {
		memcpy(medium_image_of(changed[i].line), changed[i].bytes, LINE);
		changed[i].line->touched = 0;
	}
	free(changed);
	total.rechecked++;
	if ((wrong == NULL) != (again == NULL) || path_length != length || path_at != length) {
		fprintf(stderr, "recovery read a line without a recorded load: %s, then %s\n",
			wrong ? wrong : "right", again ? again : "right");
		exit(1);
	}
}

static void show(void)
{
	const char *wrong = attempt();
	uint64_t run = run_number;

	if (see(state_hash ^ last_expected))
		total.states++;
	else
		total.equal++;
	put_back();
	note(wrong);
	if (policy == DEPTH_FIRST && run % 64 == 0)
		recheck(run, wrong);
}

bool explore_goes_on(void)
{
	return !explore_options.stop || total.wrong == 0;
}

/* The next path in depth-first order; false: that was all. */
static bool advance(void)
{
	while (path_length != 0) {
		struct step *last = &path[path_length - 1];
		if (++last->choice < last->choices)
			return true;
		path_length--;
	}
	return false;
}

/* All states by what recovery reads, while there are runs left. */
static bool explore_all(uint64_t runs)
{
	policy = DEPTH_FIRST;
	path_length = 0;
	for (uint64_t i = 0; i < runs && explore_goes_on(); i++) {
		show();
		if (!advance())
			return true;
	}
	return false;
}

static void explore_some(uint64_t runs)
{
	size_t count;
	struct medium_line **dirty = medium_dirty(&count);

	policy = ALL;
	show();
	for (uint64_t i = 1; i < runs && explore_goes_on(); i++) {
		special = dirty[draw_below(&choices, count)];
		switch (draw_below(&choices, 8)) {
		case 0:
		case 1:
			policy = ONE_LINE;
			break;
		case 2:
		case 3:
			policy = ALL_BUT_ONE;
			break;
		case 4:
		case 5:
			policy = DRAW_LINES;
			break;
		default:
			policy = DRAW_STORES;
		}
		show();
	}
}

static void explore_states(uint64_t share)
{
	size_t count;
	struct medium_line **dirty = medium_dirty(&count);
	long double covered = 1;

	total.fences++;
	for (size_t i = 0; i < count; i++)
		covered *= dirty[i]->count + 1;
	if (explore_all(covered <= share ? share : share / 2 + 1)) {
		total.exhausted++;
		total.covered += covered;
	} else if (explore_goes_on()) {
		explore_some(share / 2 + 1);
	}
}

/* ---- for losses.c ---- */

uint64_t explore_draw(uint64_t below)
{
	return draw_below(&choices, below);
}

void explore_make_state(void)
{
	size_t count;
	struct medium_line **dirty = medium_dirty(&count);
	bool whole = draw_below(&choices, 2);

	run_number++;
	kept_count = 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t bytes[LINE];
		uint32_t most = dirty[i]->count;
		uint32_t units = whole ? (uint32_t)draw_below(&choices, 2) * most
				       : (uint32_t)draw_below(&choices, most + 1);
		medium_contents(dirty[i], units, bytes);
		keep(dirty[i]);
		memcpy(medium_image_of(dirty[i]), bytes, LINE);
	}
}

void explore_put_back(void)
{
	put_back();
}

void explore_again(void)
{
	medium_begin(plan.windows, plan.count, draw_word(&choices));
	last_stores = last_expected = 0;
	explore_mode = EXPLORE_RECORD;
}

bool explore_is_right(void)
{
	return total.wrong == 0;
}

/* ---- for the code under test ---- */

void explore_fence(void)
{
	medium_settle();
	medium_verify();
	uint64_t expected = hash_of_expected();
	if (!explore_goes_on() ||
	    (medium_counts.stores == last_stores && expected == last_expected))
		return;
	last_stores = medium_counts.stores;
	last_expected = expected;
	explore_states(explore_options.share);
	losses_fence();
}

void explore_begin(const struct explore_plan *given)
{
	struct sigaction action = {.sa_handler = caught, .sa_flags = SA_NODEFER};

	plan = *given;
	total = (struct explore_result){0};
	choices = explore_options.seed * 0x9e3779b97f4a7c15ull + 1;
	losses_begin(&plan);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGFPE, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	sigaction(SIGABRT, &action, NULL);
	explore_again();
}

void explore_end(struct explore_result *result)
{
	explore_fence();
	losses_explore();
	explore_mode = EXPLORE_OFF;
	medium_end();
	result->fences += total.fences;
	result->states += total.states;
	result->equal += total.equal;
	result->exhausted += total.exhausted;
	result->covered += total.covered;
	result->rechecked += total.rechecked;
	if (total.wrong && !result->wrong)
		memcpy(result->first, total.first, sizeof(total.first));
	result->wrong += total.wrong;
}
