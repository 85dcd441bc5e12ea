/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches of pages as SQLite hands them to its VFS "object" (ports/sqlite), committed or rolled
 * back, and pages written without a batch, then synced: after a power loss the pages that the first
 * one counts are as before or after.
 */
#include "subject.h"
#include <objectvfs.h>
#include <twz/persist.h>

#define PAGE  512
#define PAGES 16

/* The file's methods name these; the work here needs no locks and no other files. */
int db_lock(sqlite3_file *base, int level)
{
	return (void)base, (void)level, SQLITE_OK;
}
int db_unlock(sqlite3_file *base, int level)
{
	return (void)base, (void)level, SQLITE_OK;
}
int db_is_reserved(sqlite3_file *base, int *out)
{
	return (void)base, *out = 0, SQLITE_OK;
}
void db_place_leave(struct db_file *file)
{
	(void)file;
}
void db_beside_leave(struct db_file *file)
{
	(void)file;
}
int db_index_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
	return (void)base, (void)region, (void)size, (void)extend, *out = NULL, SQLITE_OK;
}
int db_index_lock(sqlite3_file *base, int first, int count, int flags)
{
	return (void)base, (void)first, (void)count, (void)flags, SQLITE_OK;
}
void db_index_barrier(sqlite3_file *base)
{
	(void)base;
}
int db_index_unmap(sqlite3_file *base, int delete)
{
	return (void)base, (void)delete, SQLITE_OK;
}
char *sqlite3_mprintf(const char *format, ...)
{
	return (void)format, NULL;
}

/* The database as it has to be read back; its first byte counts the pages. */
struct content {
	uint8_t pages[PAGES][PAGE];
};

static struct {
	struct content before, after;
} expected;
static struct db_file file;

static bool is_content(const struct content *content)
{
	const uint8_t *bytes = twz_object_base(&image);

	if (bytes[0] != content->pages[0][0] ||
	    twz_object_meta(&image)->size < (uint64_t)bytes[0] * PAGE)
		return false;
	return memcmp(bytes, content, (size_t)bytes[0] * PAGE) == 0;
}

static const char *check(void)
{
	if (object_open_image() < 0)
		return "recovery fails";
	return is_content(&expected.before) || is_content(&expected.after)
		       ? NULL
		       : "neither before nor after";
}

static void write_page(const struct content *content, unsigned page)
{
	MUST(db_methods.xWrite(&file.base, content->pages[page], PAGE,
			       (sqlite3_int64)page * PAGE) == SQLITE_OK);
}

static void change_page(struct content *content, unsigned page)
{
	for (uint64_t i = draw(4) + 1; i > 0; i--)
		content->pages[page][1 + draw(PAGE - 1)] ^= (uint8_t)(draw(255) + 1);
}

/* A transaction's pages, the first one among them, sometimes a new one. */
static void batch(void)
{
	struct content next = expected.before;
	unsigned count = next.pages[0][0];
	bool grows = count < PAGES && draw(3) == 0, keep = draw(4) != 0;

	MUST(db_methods.xFileControl(&file.base, SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, NULL) ==
	     SQLITE_OK);
	if (grows)
		next.pages[0][0]++;
	else if (count > 2 && draw(6) == 0)
		next.pages[0][0]--;
	change_page(&next, 0);
	if (grows) {
		memset(next.pages[count], (int)draw(256), PAGE);
		write_page(&next, count);
	}
	for (uint64_t i = draw(3); i > 0; i--) {
		unsigned page = (unsigned)draw(count);
		change_page(&next, page);
		write_page(&next, page);
	}
	write_page(&next, 0);
	if (keep) {
		expected.after = next;
		MUST(db_methods.xFileControl(&file.base, SQLITE_FCNTL_COMMIT_ATOMIC_WRITE, NULL) ==
		     SQLITE_OK);
		expected.before = next;
	} else {
		MUST(db_methods.xFileControl(&file.base, SQLITE_FCNTL_ROLLBACK_ATOMIC_WRITE,
					     NULL) == SQLITE_OK);
	}
}

/* What SQLite writes behind the end by a journal: true when the first page counts it. */
static void append_plainly(void)
{
	struct content next = expected.before;
	unsigned count = next.pages[0][0];

	if (count == PAGES)
		return;
	memset(next.pages[count], (int)draw(256), PAGE);
	write_page(&next, count);
	MUST(db_methods.xSync(&file.base, 0) == SQLITE_OK);
	next.pages[0][0]++;
	expected.after = next;
	write_page(&next, 0);
	MUST(db_methods.xSync(&file.base, 0) == SQLITE_OK);
	expected.before = next;
}

/* What a program that ended wrote without a batch is written again from SQLite's journal. */
static void reopen(void)
{
	object_reopen_live();
	twz_persist(twz_object_base(&live), PAGES * PAGE);
	twz_persist(twz_object_meta(&live), sizeof(struct twz_object_meta));
}

/* Each time by a program of its own. */
static void work(unsigned steps)
{
	file = (struct db_file){.object = live};
	memcpy(&expected.before, twz_object_base(&live), sizeof(expected.before));
	expected.after = expected.before;
	for (unsigned i = 0; i < steps && explore_goes_on(); i++) {
		if (draw(6))
			batch();
		else
			append_plainly();
		expected.after = expected.before;
	}
}

static void run(uint64_t seed, unsigned steps, struct explore_result *result)
{
	struct explore_plan plan = {.check = check,
				    .expected = &expected,
				    .expected_size = sizeof(expected),
				    .reopen = reopen,
				    .go_on = work,
				    .mortal = true};

	object_prepare(PAGES * PAGE, 16 << 10, 16 << 10, seed, &plan);
	twz_object_meta(&live)->size = 0;
	file = (struct db_file){.object = live};
	memset(&expected, 0, sizeof(expected));
	expected.before.pages[0][0] = 1;
	write_page(&expected.before, 0);
	expected.after = expected.before;
	explore_begin(&plan);
	work(steps);
	explore_end(result);
}

const struct subject sqlite_subjects[] = {
	{"SQLite's pages", run, 50, 15},
	{0},
};
