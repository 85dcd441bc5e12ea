/* SPDX-License-Identifier: BSD-2-Clause */
/* Changes of a directory: after a power loss the names are those before the change or after it. */
#include "directory_names.h"

#define NAMES 40

static uint8_t *region, *region_image;
static struct {
	uint64_t before[NAMES], after[NAMES]; /* id of each name, 0: not there */
} expected;

static const char *check_names(int more)
{
	bool is_before = true, is_after = true;
	const char *wrong = NULL;
	int count = more;

	for (int i = 0; i < NAMES && !wrong; i++) {
		uint64_t id = id_of(region_image, i, &wrong);
		is_before &= id == expected.before[i];
		is_after &= id == expected.after[i];
		count += id != 0;
	}
	if (!wrong)
		wrong = check_entries(region_image, count);
	return !wrong && !is_before && !is_after ? "neither before nor after" : wrong;
}

static const char *check(void)
{
	struct twz_directory_entry entry;

	if (twz_directory_recover(region_image, SIZE) < 0)
		return "recovery fails";
	const char *wrong = check_names(0);
	if (wrong)
		return wrong;
	/* and it goes on, with nothing lost */
	if (twz_directory_insert(region_image, SIZE, "extra", 5, (struct twz_id){3, 1}, 1) !=
	    TWZ_OK)
		return "nothing can be inserted";
	if (twz_directory_lookup(region_image, SIZE, "extra", 5, &entry) != TWZ_OK)
		return "what is inserted is not found";
	return check_names(1);
}

static uint64_t last_id; /* each record has one of its own */

static void change(void)
{
	uint64_t id = ++last_id;
	int i = (int)draw(NAMES), j = (int)draw(NAMES);
	char name[40], to[40];

	name_of(i, name);
	name_of(j, to);
	memcpy(expected.after, expected.before, sizeof(expected.after));
	switch (draw(4)) {
	case 0:
		expected.after[i] = 0;
		twz_directory_remove(region, SIZE, name, strlen(name), NULL);
		break;
	case 1:
		if (expected.before[i] != 0 && i != j) {
			expected.after[j] = expected.before[i];
			expected.after[i] = 0;
		}
		twz_directory_rename(region, SIZE, name, strlen(name), to, strlen(to), NULL);
		break;
	default:
		expected.after[i] = id;
		MUST(twz_directory_replace(region, SIZE, name, strlen(name),
					   (struct twz_id){id * 3, id}, (uint32_t)(id % 100),
					   NULL) == TWZ_OK);
	}
	memcpy(expected.before, expected.after, sizeof(expected.before));
}

/* As who takes over a directory's lock. */
static void reopen(void)
{
	twz_directory_persist(region, SIZE);
	MUST(twz_directory_recover(region, SIZE) >= 0);
}

static void work(unsigned steps)
{
	const char *wrong = NULL;

	for (int i = 0; i < NAMES; i++)
		expected.before[i] = expected.after[i] = id_of(region, i, &wrong);
	MUST(!wrong);
	while (steps-- > 0 && explore_goes_on())
		change();
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.count = 1,
				    .check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = work,
				    .mortal = true};

	if (!region) {
		region = aligned_alloc(4096, SIZE);
		region_image = aligned_alloc(4096, SIZE);
		MUST(region && region_image);
	}
	plan.windows[0] = (struct medium_window){region, region_image, SIZE};
	subject_random = seed;
	memset(region, 0, SIZE);
	memset(&expected, 0, sizeof(expected));
	MUST(twz_directory_format(region, SIZE, 3, (struct twz_id){1, 1}, 0, 0) == TWZ_OK);
	last_id = 0;
	explore_begin(&plan);
	work(steps);
	explore_end(result);
}

const struct subject directory_subjects[] = {
	{"directory", run, 400, 120},
	{0},
};
