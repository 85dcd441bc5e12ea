/* SPDX-License-Identifier: BSD-2-Clause */
/* What files of every kind promise together: bad buffers, appends, large and many files, a full
 * memory. */
#include "contract.h"

/* A page that can be used, with one behind it that cannot. */
static char *guarded_page(void)
{
	char *at = fresh_range(2 * PAGE);
	GIVES(twz_rt_range_protect(at + PAGE, PAGE, 0), 0);
	return at;
}

SCENARIO(bad_buffers)
{
	char *page = guarded_page(), *bad = page + PAGE, *edge = bad - 10;
	int ends[2];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", "0123456789abcdefghij", 20);
		FAILS(twz_rt_fd_read(fd, bad, 5, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_write(fd, bad, 5, 0), BAD_ADDRESS);
		/* what could be transferred before it counts */
		twz_result got = twz_rt_fd_read(fd, edge, 20, 0);
		CHECK(got > 0 && got <= 10 && !memcmp(edge, "0123456789", (size_t)got));
		memcpy(edge, "ABCDEFGHIJ", 10);
		got = twz_rt_fd_write(fd, edge, 20, 0);
		CHECK(got == -TWZ_ERR_BAD_ADDRESS || (got > 0 && got <= 10));
		struct twz_rt_stat stat;
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.size == 20);
		/* an append that fails adds nothing */
		GIVES(twz_rt_fd_command(fd, TWZ_FD_SET_FLAGS, TWZ_OPEN_APPEND), 0);
		FAILS(twz_rt_fd_write(fd, bad, 5, NOW), BAD_ADDRESS);
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.size == 20);
		FAILS(twz_rt_fd_open(HERE, bad, 5, TWZ_OPEN_READ, 0), BAD_ADDRESS);
		FAILS(twz_rt_fd_open(HERE, bad - 2, 5, NEW, 0600), BAD_ADDRESS);
		FAILS(twz_rt_path_symlink(bad - 2, 5, HERE, PATH("link")), BAD_ADDRESS);
		FAILS(twz_rt_fd_readv(fd, (void *)bad, 1, 0), BAD_ADDRESS);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
	}
	GIVES(twz_rt_fd_pipe(ends, 0), 0);
	FAILS(twz_rt_fd_write(ends[1], bad, 5, NOW), BAD_ADDRESS);
	GIVES(twz_rt_fd_write(ends[1], "hello", 5, NOW), 5);
	FAILS(twz_rt_fd_read(ends[0], bad, 5, NOW), BAD_ADDRESS);
	GIVES(twz_rt_fd_read(ends[0], page, 5, NOW), 5); /* nothing was taken */
	CHECK(!memcmp(page, "hello", 5));
	GIVES(twz_rt_fd_close(ends[0]), 0);
	GIVES(twz_rt_fd_close(ends[1]), 0);
	int zero = (int)GOOD(twz_rt_fd_open(HERE, PATH("/dev/zero"), TWZ_OPEN_READ, 0));
	FAILS(twz_rt_fd_read(zero, bad, 5, NOW), BAD_ADDRESS);
	GIVES(twz_rt_fd_close(zero), 0);
	/* a fault elsewhere is the program's own, with a handler or without */
	CHECK(read_faults(bad));
	CHECK(child_code("fault_refused") == -11);
	GIVES(twz_rt_range_unmap(page, 2 * PAGE), 0);
}

/* ---- concurrent use ---- */

enum { WRITERS = 3, LINES = 100, LINE = 16 };

static void append_lines(void *argument)
{
	char line[LINE];
	memset(line, 'a' + (int)(uintptr_t)argument, LINE);
	line[LINE - 1] = '\n';
	int fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("log"), TWZ_OPEN_WRITE | TWZ_OPEN_APPEND, 0));
	for (int i = 0; i < LINES; i++)
		GIVES(twz_rt_fd_write(fd, line, LINE, NOW), LINE);
	GIVES(twz_rt_fd_close(fd), 0);
}

/* Appends of several open files do not overlap. */
SCENARIO(appends_by_threads)
{
	struct thread threads[WRITERS];
	static char text[WRITERS * LINES * LINE];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("log", "", 0), wrong = 0;
		for (uintptr_t i = 0; i < WRITERS; i++)
			CHECK(thread_start(&threads[i], append_lines, (void *)i));
		for (uintptr_t i = 0; i < WRITERS; i++)
			thread_join(&threads[i]);
		GIVES(twz_rt_fd_read(fd, text, sizeof(text), 0), sizeof(text));
		for (int i = 0; i < WRITERS * LINES; i++) {
			const char *line = text + i * LINE;
			for (int n = 0; n < LINE - 1; n++)
				wrong += line[n] != line[0] || line[0] < 'a' ||
					 line[0] >= 'a' + WRITERS;
			wrong += line[LINE - 1] != '\n';
		}
		CHECK(wrong == 0);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("log");
	}
}

static int shared_fd;

static void take_numbers(void *argument)
{
	uint64_t *sum = argument, number;
	twz_result got;
	while ((got = twz_rt_fd_read(shared_fd, &number, sizeof(number), NOW)) == sizeof(number))
		*sum += number;
	GIVES(got, 0);
}

/* One position: what one thread has read no other reads. */
SCENARIO(one_position_for_threads)
{
	struct thread threads[WRITERS];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		uint64_t numbers[100], sums[WRITERS] = {0}, sum = 0;
		for (uint64_t i = 0; i < 100; i++)
			numbers[i] = 1000 + i * i;
		shared_fd = new_file("numbers", numbers, sizeof(numbers));
		for (size_t i = 0; i < WRITERS; i++)
			CHECK(thread_start(&threads[i], take_numbers, &sums[i]));
		for (size_t i = 0; i < WRITERS; i++) {
			thread_join(&threads[i]);
			sum += sums[i];
		}
		for (size_t i = 0; i < 100; i++)
			sum -= numbers[i];
		CHECK(sum == 0);
		GIVES(twz_rt_fd_close(shared_fd), 0);
		remove_file("numbers");
	}
}

static void churn_names(void *argument)
{
	char own[2] = {(char)('a' + (int)(uintptr_t)argument), 0};
	for (int i = 0; i < 20; i++) {
		int fd = (int)GOOD(twz_rt_fd_open(HERE, own, 1, NEW | TWZ_OPEN_EXCLUSIVE, 0600));
		GIVES(twz_rt_fd_close(fd), 0);
		GIVES(twz_rt_path_rename(HERE, own, 1, HERE, PATH("target")), 0);
	}
}

/* Threads rename over one name: it is there at every moment after the first. */
SCENARIO(renames_by_threads)
{
	struct thread threads[WRITERS];
	struct twz_rt_stat stat;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		GIVES(twz_rt_fd_close(new_file("target", "", 0)), 0);
		for (uintptr_t i = 0; i < WRITERS; i++)
			CHECK(thread_start(&threads[i], churn_names, (void *)i));
		for (int i = 0; i < 50; i++)
			GIVES(twz_rt_path_stat(HERE, PATH("target"), 0, &stat), 0);
		for (uintptr_t i = 0; i < WRITERS; i++)
			thread_join(&threads[i]);
		remove_file("target");
	}
}

/* ---- size ---- */

SCENARIO(large_and_sparse_files)
{
	enum { CHUNK = 1 << 16, CHUNKS = 40 };
	static char block[CHUNK], back[CHUNK];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("large", "", 0), wrong = 0;
		for (int i = 0; i < CHUNKS; i++) {
			memset(block, i, CHUNK);
			GIVES(twz_rt_fd_write(fd, block, CHUNK, NOW), CHUNK);
		}
		for (int i = 0; i < CHUNKS; i++) {
			GIVES(twz_rt_fd_read(fd, back, CHUNK, (uint64_t)i * CHUNK), CHUNK);
			memset(block, i, CHUNK);
			wrong += memcmp(block, back, CHUNK) != 0;
		}
		CHECK(wrong == 0);
		/* a hole of half a gigabyte takes no room */
		struct twz_rt_stat stat;
		GIVES(twz_rt_fd_write(fd, "end", 3, 1 << 29), 3);
		GIVES(twz_rt_fd_read(fd, back, 16, (1 << 29) - 8), 11);
		CHECK(back[0] == 0 && back[7] == 0 && !memcmp(back + 8, "end", 3));
		GIVES(twz_rt_fd_stat(fd, &stat), 0);
		CHECK(stat.size == (1 << 29) + 3);
		GIVES(twz_rt_fd_command(fd, TWZ_FD_TRUNCATE, 1), 0);
		GIVES(twz_rt_fd_read(fd, back, 16, 0), 1);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("large");
	}
}

/* Many names, each listed exactly once, also when the list is read in small parts. */
SCENARIO(many_names)
{
	enum { COUNT = 150 };
	struct twz_rt_dirent part[7];
	char name[24];
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		unsigned char seen[COUNT] = {0};
		twz_result got;
		int directory = (int)GOOD(twz_rt_fd_open(HERE, PATH("."), TWZ_OPEN_READ, 0));
		for (uint64_t i = 0; i < COUNT; i++)
			GIVES(twz_rt_fd_close(new_file(text_of(i, name), "", 0)), 0);
		while ((got = twz_rt_fd_enumerate(directory, part, 7)) > 0) {
			for (twz_result i = 0; i < got; i++) {
				uint64_t number = number_of(part[i].name);
				CHECK(number < COUNT && !seen[number]++);
			}
		}
		CHECK(got == 0 && memchr(seen, 0, COUNT) == NULL);
		GIVES(twz_rt_fd_close(directory), 0);
		for (uint64_t i = 0; i < COUNT; i++)
			remove_file(text_of(i, name));
	}
}

/* ---- a full memory ---- */

/* Fills the memory by a file: an error, and all of it back when the file is gone. */
EXTRA(full_memory)
{
	static char block[1 << 16];
	struct twz_rt_info before, later;
	struct twz_rt_stat stat;
	memset(block, 'm', sizeof(block));
	int fd = new_file("full", "", 0), ends[2];
	uint64_t written = 0;
	twz_result result;
	GIVES(twz_rt_info(&before), 0);
	while ((result = twz_rt_fd_write(fd, block, sizeof(block), NOW)) > 0)
		written += (uint64_t)result;
	FAILS(result, NO_SPACE);
	CHECK(written > before.pages_free * PAGE / 2 && written <= before.pages_total * PAGE);
	GIVES(twz_rt_fd_stat(fd, &stat), 0);
	CHECK(stat.size == written);
	GIVES(twz_rt_fd_read(fd, block, 1, written - 1), 1);
	CHECK(block[0] == 'm');
	/* other calls fail too, or work, but nothing breaks */
	result = twz_rt_fd_pipe(ends, 0);
	if (result >= 0) {
		twz_rt_fd_write(ends[1], block, sizeof(block), NOW);
		GIVES(twz_rt_fd_close(ends[0]), 0);
		GIVES(twz_rt_fd_close(ends[1]), 0);
	}
	GIVES(twz_rt_fd_close(fd), 0);
	remove_file("full");
	nap(20 * MS);
	GIVES(twz_rt_info(&later), 0);
	CHECK(later.pages_free + 64 >= before.pages_free);
}
