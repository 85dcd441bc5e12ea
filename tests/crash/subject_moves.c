/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that one thread or two move between directories: after a power loss a name on its way from
 * one directory to another is in one of them, never both, never none.
 */
#include "directory_names.h"
#include <host/host.h>
#include <twz/name.h>

#define MOVED	    12 /* names, half of them each thread's */
#define MOVED_ID(i) ((uint64_t)((i) + 1) * 100 + TWZ_KIND_DATA)

static struct twz_object directories[2], directory_images[2];
static struct twz_id root;
static struct {
	uint8_t at[MOVED]; /* which directory */
	uint8_t moving[MOVED];
} places;

/* Finishes the move that was begun, as whoever comes to the directories does. */
static const char *finish_move(struct twz_directory_entry *moved)
{
	struct twz_directory_pair pair = {directory_images[0].start, directory_images[1].start,
					  directories[0].id, directories[1].id, SIZE};
	struct twz_id peer;

	for (int d = 0; d < 2; d++)
		if (twz_directory_recover(directory_images[d].start, SIZE) < 0)
			return "recovery fails";
	moved->kind = TWZ_KIND_DATA;
	if (!twz_directory_moving(pair.from, &peer) && !twz_directory_moving(pair.to, &peer))
		return NULL;
	if (twz_directory_move_state(&pair, moved) < 0 || twz_directory_move_end(&pair) < 0)
		return "a move cannot be finished";
	if (twz_directory_moving(pair.from, &peer) || twz_directory_moving(pair.to, &peer))
		return "a move stays unfinished";
	return NULL;
}

static const char *check_places(void)
{
	struct twz_directory_entry moved;
	const char *wrong = finish_move(&moved);
	int found[2] = {0, 0};

	for (int i = 0; i < MOVED && !wrong; i++) {
		bool in[2] = {false, false};
		for (int d = 0; d < 2 && !wrong; d++) {
			in[d] = id_of(directory_images[d].start, i, &wrong) == MOVED_ID(i);
			found[d] += in[d];
		}
		if (wrong)
			return wrong;
		if (!in[0] && !in[1])
			wrong = "a name is lost";
		else if (in[0] && in[1])
			wrong = "a name is in both directories";
		else if (!places.moving[i] && !in[places.at[i]])
			wrong = "a name is not where it was moved to";
	}
	/* and they go on */
	for (int d = 0; d < 2 && !wrong; d++) {
		wrong = check_entries(directory_images[d].start, found[d]);
		if (!wrong && twz_directory_insert(directory_images[d].start, SIZE, "extra", 5,
						   (struct twz_id){3, 1}, 1) != TWZ_OK)
			wrong = "nothing can be inserted";
	}
	return wrong;
}

static void path_of(int i, int directory, char path[48])
{
	char name[40];

	snprintf(path, 48, "%d/%s", directory, name_of(i, name));
}

static unsigned each;

static void move(void)
{
	for (unsigned n = 0; n < each && explore_goes_on(); n++) {
		int i = (int)draw(MOVED / 2) + (medium_actor == 2 ? MOVED / 2 : 0);
		char from[48], to[48];

		path_of(i, places.at[i], from);
		path_of(i, !places.at[i], to);
		places.moving[i] = 1;
		MUST(twz_name_rename(root, from, to, NULL) == TWZ_OK);
		places.at[i] = !places.at[i];
		places.moving[i] = 0;
	}
}

/* Whoever comes to both directories finishes the move that was begun, whatever he wants. */
static void come_to_both(void)
{
	host_new_view();
	MUST(twz_name_rename(root, "0/none", "1/none", NULL) == -TWZ_ERR_NOT_FOUND);
}

static void make_directories(void)
{
	struct twz_object object;
	struct twz_id id;

	MUST(twz_object_create(0, TWZ_KIND_DIRECTORY, &root) == TWZ_OK);
	MUST(twz_object_open(root, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) == TWZ_OK);
	MUST(twz_directory_format(object.start, TWZ_DIRECTORY_LIMIT, 1, root, 0, 0) == TWZ_OK);
	for (int d = 0; d < 4; d++) {
		char name[2] = {(char)('0' + d), 0};
		struct twz_object *to = d < 2 ? &directories[d] : &directory_images[d - 2];
		MUST(twz_name_make_directory(root, name, 0, &id) == TWZ_OK);
		MUST(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, to) == TWZ_OK);
	}
}

static void work_of_two(unsigned steps)
{
	const char *wrong = NULL;

	memset(&places, 0, sizeof(places));
	for (int i = 0; i < MOVED; i++)
		places.at[i] = id_of(directories[1].start, i, &wrong) != 0;
	MUST(!wrong);
	each = steps / 2;
	explore_two(move, move);
}

static void run_two(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.count = 2,
				    .check = check_places,
				    .expected = &places,
				    .expected_size = sizeof(places),
				    .reopen = come_to_both,
				    .go_on = work_of_two};

	subject_random = seed;
	make_directories();
	memset(&places, 0, sizeof(places));
	for (int i = 0; i < MOVED; i++) {
		char path[48];
		path_of(i, 0, path);
		MUST(twz_name_insert(root, path, (struct twz_id){MOVED_ID(i) * 3, MOVED_ID(i)},
				     TWZ_KIND_DATA) == TWZ_OK);
	}
	for (int d = 0; d < 2; d++)
		plan.windows[d] =
			(struct medium_window){twz_object_base(&directories[d]),
					       twz_object_base(&directory_images[d]), SIZE};
	explore_begin(&plan);
	work_of_two(steps);
	explore_end(result);
}

/* ---- moves that replace names, and of a directory ---- */

#define NOWHERE \
	0xff /* else the number of what has the name, doubled, and which directory it is in */

/* The first of the names is a directory's, that learns what is above it. */
static struct twz_object inner, inner_image;
static struct {
	uint8_t before[MOVED], after[MOVED];
} moves;

/* Which of two directories has the name, and for what. */
static uint8_t place_of(const struct twz_object in[2], int i, const char **wrong)
{
	struct twz_directory_entry entry;
	uint8_t where = NOWHERE;
	char name[40];

	name_of(i, name);
	for (int d = 0; d < 2 && !*wrong; d++) {
		twz_result result =
			twz_directory_lookup(in[d].start, SIZE, name, strlen(name), &entry);
		if (result == TWZ_OK && where != NOWHERE)
			*wrong = "a name is in both directories";
		else if (result == TWZ_OK && entry.kind == TWZ_KIND_DIRECTORY)
			where = (uint8_t)d;
		else if (result == TWZ_OK)
			where = (uint8_t)(entry.id.lo * 2 + (unsigned)d);
		else if (result != -TWZ_ERR_NOT_FOUND)
			*wrong = "a lookup fails";
	}
	return where;
}

static const char *check_moves(void)
{
	struct twz_directory_entry moved;
	struct twz_id parent;
	const char *wrong = finish_move(&moved);
	bool is_before = true, is_after = true;

	if (!wrong && twz_directory_recover(inner_image.start, SIZE) < 0)
		wrong = "recovery fails";
	for (int i = 0; i < MOVED && !wrong; i++) {
		uint8_t where = place_of(directory_images, i, &wrong);
		is_before &= where == moves.before[i];
		is_after &= where == moves.after[i];
		/* whoever finishes the move sets it; without one it is set */
		if (i == 0 && !wrong && moved.kind != TWZ_KIND_DIRECTORY &&
		    (twz_directory_parent(inner_image.start, SIZE, &parent) != TWZ_OK ||
		     !twz_id_equal(parent, directories[where & 1].id)))
			wrong = "a directory does not know what is above it";
	}
	return !wrong && !is_before && !is_after ? "neither before nor after" : wrong;
}

/* A name goes to the other directory, under its own name or in place of another. */
static void move_one(void)
{
	int i = (int)draw(MOVED), j = draw(2) && i != 0 ? 1 + (int)draw(MOVED - 1) : i;
	uint8_t from = moves.before[i] & 1;
	char path[48], to[48];

	if (moves.before[i] == NOWHERE ||
	    (i != j && moves.before[j] != NOWHERE && (moves.before[j] & 1) == from))
		return; /* the name would be in both then */
	path_of(i, from, path);
	path_of(j, !from, to);
	memcpy(&moves.after, &moves.before, sizeof(moves.after));
	moves.after[i] = NOWHERE;
	moves.after[j] = moves.before[i] ^ 1;
	MUST(twz_name_rename(root, path, to, NULL) == TWZ_OK);
	memcpy(&moves.before, &moves.after, sizeof(moves.before));
}

static void work_of_moves(unsigned steps)
{
	const char *wrong = NULL;

	for (int i = 0; i < MOVED; i++)
		moves.before[i] = moves.after[i] = place_of(directories, i, &wrong);
	MUST(!wrong);
	while (steps-- > 0 && explore_goes_on())
		move_one();
}

static void run_moves(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.count = 3,
				    .check = check_moves,
				    .expected = &moves,
				    .expected_size = sizeof(moves),
				    .reopen = come_to_both,
				    .go_on = work_of_moves,
				    .mortal = true,
				    .weight = 4};
	struct twz_id id;

	subject_random = seed;
	make_directories();
	memset(&moves, 0, sizeof(moves));
	for (int i = 0; i < MOVED; i++) {
		char path[48];
		path_of(i, 0, path);
		moves.before[i] = moves.after[i] = (uint8_t)(i * 2);
		if (i > 0)
			MUST(twz_name_insert(root, path, (struct twz_id){3, (uint64_t)i},
					     TWZ_KIND_DATA) == TWZ_OK);
		else
			MUST(twz_name_make_directory(root, path, 0, &id) == TWZ_OK);
	}
	MUST(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &inner) == TWZ_OK);
	MUST(twz_name_make_directory(root, "inner", 0, &id) == TWZ_OK);
	MUST(twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &inner_image) == TWZ_OK);
	const struct twz_object *objects[] = {&directories[0], &directories[1], &inner};
	const struct twz_object *images[] = {&directory_images[0], &directory_images[1],
					     &inner_image};
	for (int d = 0; d < 3; d++)
		plan.windows[d] = (struct medium_window){twz_object_base(objects[d]),
							 twz_object_base(images[d]), SIZE};
	explore_begin(&plan);
	work_of_moves(steps);
	explore_end(result);
}

const struct subject move_subjects[] = {
	{"moves between directories", run_two, 100, 20},
	{"moves that replace", run_moves, 150, 40},
	{0},
};
