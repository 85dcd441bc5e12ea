/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/alloc.h: address ranges. */
#include "contract.h"

CONTRACT(twz_rt_range_map)
{
	void *at = NULL, *other = NULL;
	GIVES(twz_rt_range_map(NULL, 3 * PAGE, RW, 0, -1, 0, &at), 0);
	char *bytes = at;
	CHECK((uintptr_t)at % PAGE == 0 && bytes[0] == 0 && bytes[3 * PAGE - 1] == 0);
	bytes[0] = bytes[3 * PAGE - 1] = 7;
	/* A length is rounded up to pages. */
	GIVES(twz_rt_range_map(NULL, 1, RW, 0, -1, 0, &other), 0);
	CHECK(!write_faults((char *)other + PAGE - 1));
	GIVES(twz_rt_range_unmap(other, 1), 0);

	/* fixed places */
	GIVES(twz_rt_range_map(bytes + PAGE, PAGE, TWZ_RIGHT_READ, TWZ_RANGE_FIXED, -1, 0, &other),
	      0);
	CHECK(other == bytes + PAGE && bytes[0] == 7 && bytes[3 * PAGE - 1] == 7);
	CHECK(write_faults(other) && !read_faults(other));
	FAILS(twz_rt_range_map(bytes, PAGE, RW, TWZ_RANGE_FIXED_NEW, -1, 0, &other), EXISTS);
	CHECK(bytes[0] == 7);
	GIVES(twz_rt_range_unmap(bytes, PAGE), 0);
	GIVES(twz_rt_range_map(bytes, PAGE, RW, TWZ_RANGE_FIXED_NEW, -1, 0, &other), 0);
	CHECK(other == bytes && bytes[0] == 0);
	/* a hint is no promise, an unaligned one no error */
	GIVES(twz_rt_range_map(bytes + 1, PAGE, RW, 0, -1, 0, &other), 0);
	CHECK(other != bytes);
	GIVES(twz_rt_range_unmap(other, PAGE), 0);
	/* no rights at all: a guard */
	GIVES(twz_rt_range_map(bytes, PAGE, 0, TWZ_RANGE_FIXED, -1, 0, &other), 0);
	CHECK(read_faults(bytes) && write_faults(bytes));
	/* executable */
	GIVES(twz_rt_range_map(NULL, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC, 0, -1, 0, &other), 0);
	CHECK(write_faults(other) && !read_faults(other));
	GIVES(twz_rt_range_unmap(other, PAGE), 0);

	other = NULL;
	FAILS(twz_rt_range_map(NULL, 0, RW, 0, -1, 0, &other), INVALID_ARGUMENT);
	FAILS(twz_rt_range_map(NULL, PAGE, RW | TWZ_RIGHT_EXEC, 0, -1, 0, &other),
	      INVALID_ARGUMENT);
	FAILS(twz_rt_range_map(NULL, PAGE, 0x100, 0, -1, 0, &other), INVALID_ARGUMENT);
	FAILS(twz_rt_range_map(NULL, PAGE, RW, 0x80, -1, 0, &other), INVALID_ARGUMENT);
	FAILS(twz_rt_range_map(bytes + 1, PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &other),
	      INVALID_ARGUMENT);
	FAILS(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &other), INVALID_ARGUMENT);
	FAILS(twz_rt_range_map(KERNEL_HALF, PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &other),
	      INVALID_ARGUMENT);
	FAILS(twz_rt_range_map(NULL, PAGE, RW, 0, 999, 0, &other), BAD_HANDLE);
	FAILS(twz_rt_range_map(NULL, PAGE, RW, 0, -1, 0, NULL), BAD_ADDRESS);
	FAILS(twz_rt_range_map(NULL, PAGE, RW, 0, -1, 0, KERNEL_HALF), BAD_ADDRESS);
	FAILS(twz_rt_range_map(NULL, 1ul << 47, RW, 0, -1, 0, &other), OUT_OF_MEMORY);
	FAILS(twz_rt_range_map(NULL, ~0ul, RW, 0, -1, 0, &other), OUT_OF_MEMORY);
	CHECK(other == NULL);
	GIVES(twz_rt_range_unmap(bytes, 3 * PAGE), 0);
}

SCENARIO(map_of_files)
{
	char text[] = "0123456789";
	void *at = NULL, *shared = NULL;
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		int fd = new_file("file", text, 10);
		/* private: a copy at the latest when written; zeroes follow the file's end */
		GIVES(twz_rt_range_map(NULL, 2 * PAGE, RW, 0, fd, 0, &at), 0);
		char *bytes = at, byte = 0;
		CHECK(!memcmp(bytes, text, 10) && bytes[10] == 0 && bytes[2 * PAGE - 1] == 0);
		bytes[0] = 'x';
		GIVES(twz_rt_fd_read(fd, &byte, 1, 0), 1);
		CHECK(byte == '0');
		GIVES(twz_rt_range_unmap(at, 2 * PAGE), 0);
		FAILS(twz_rt_range_map(NULL, PAGE, RW, 0, fd, 100, &at), INVALID_ARGUMENT);
		/* shared: the file itself, where it is an object */
		if (place_has_objects()) {
			GIVES(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &shared),
			      0);
			((char *)shared)[1] = 'y';
			GIVES(twz_rt_fd_read(fd, &byte, 1, 1), 1);
			CHECK(byte == 'y');
			GIVES(twz_rt_fd_write(fd, "z", 1, 2), 1);
			CHECK(((char *)shared)[2] == 'z');
			FAILS(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, TWZ_SLOT_SIZE,
					       &at),
			      NO_SPACE);
			GIVES(twz_rt_range_unmap(shared, PAGE), 0);
		} else {
			FAILS(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &shared),
			      NOT_SUPPORTED);
		}
		GIVES(twz_rt_fd_close(fd), 0);
		/* what the descriptor may not do, its mapping may not */
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_READ, 0));
		FAILS(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &shared),
		      ACCESS_DENIED);
		GIVES(twz_rt_fd_close(fd), 0);
		fd = (int)GOOD(twz_rt_fd_open(HERE, PATH("file"), TWZ_OPEN_WRITE, 0));
		FAILS(twz_rt_range_map(NULL, PAGE, TWZ_RIGHT_READ, 0, fd, 0, &at), ACCESS_DENIED);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
	}
}

CONTRACT(twz_rt_range_unmap)
{
	char *at = fresh_range(4 * PAGE);
	at[0] = at[3 * PAGE] = 1;
	/* a part from the middle */
	GIVES(twz_rt_range_unmap(at + PAGE, 2 * PAGE), 0);
	CHECK(read_faults(at + PAGE) && read_faults(at + 3 * PAGE - 1));
	CHECK(at[0] == 1 && at[3 * PAGE] == 1);
	/* what is not mapped is passed over */
	GIVES(twz_rt_range_unmap(at, 4 * PAGE), 0);
	GIVES(twz_rt_range_unmap(at, 4 * PAGE), 0);
	CHECK(read_faults(at) && read_faults(at + 3 * PAGE));
	FAILS(twz_rt_range_unmap(at, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_range_unmap(at + 1, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_range_unmap(NULL, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_range_unmap(KERNEL_HALF, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_range_unmap(at, ~0ul), INVALID_ARGUMENT);
}

CONTRACT(twz_rt_range_protect)
{
	char *at = fresh_range(3 * PAGE);
	at[PAGE] = 5;
	GIVES(twz_rt_range_protect(at + PAGE, PAGE, TWZ_RIGHT_READ), 0);
	CHECK(at[PAGE] == 5 && write_faults(at + PAGE));
	CHECK(!write_faults(at) && !write_faults(at + 2 * PAGE));
	GIVES(twz_rt_range_protect(at + PAGE, PAGE, 0), 0);
	CHECK(read_faults(at + PAGE));
	GIVES(twz_rt_range_protect(at, 3 * PAGE, RW), 0);
	CHECK(at[PAGE] == 5 && !write_faults(at + PAGE));
	GIVES(twz_rt_range_protect(at, 0, RW), 0);
	FAILS(twz_rt_range_protect(at, PAGE, RW | TWZ_RIGHT_EXEC), INVALID_ARGUMENT);
	FAILS(twz_rt_range_protect(at, PAGE, 0x80), INVALID_ARGUMENT);
	FAILS(twz_rt_range_protect(at + 1, PAGE, RW), INVALID_ARGUMENT);
	FAILS(twz_rt_range_protect(KERNEL_HALF, PAGE, RW), INVALID_ARGUMENT);
	/* code that was written, then run */
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
	memcpy(at, code, sizeof(code));
	GIVES(twz_rt_range_protect(at, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC), 0);
	CHECK(((int (*)(void))at)() == 42 && write_faults(at));
	GIVES(twz_rt_range_unmap(at, 3 * PAGE), 0);
	FAILS(twz_rt_range_protect(at, PAGE, RW), OUT_OF_MEMORY);
}

CONTRACT(twz_rt_range_remap)
{
	void *moved = NULL;
	char *at = fresh_range(4 * PAGE);
	for (int i = 0; i < 4; i++)
		at[i * PAGE] = (char)(i + 1);
	/* smaller: in place, the rest is unmapped */
	GIVES(twz_rt_range_remap(at, 4 * PAGE, 2 * PAGE, 0, &moved), 0);
	CHECK(moved == at && at[PAGE] == 2 && read_faults(at + 2 * PAGE));
	GIVES(twz_rt_range_remap(at, 2 * PAGE, 2 * PAGE, 0, &moved), 0);
	CHECK(moved == at);
	/* larger, with something behind it: only by moving */
	void *wall = NULL;
	GIVES(twz_rt_range_map(at + 2 * PAGE, PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &wall), 0);
	FAILS(twz_rt_range_remap(at, 2 * PAGE, 8 * PAGE, 0, &moved), OUT_OF_MEMORY);
	CHECK(at[PAGE] == 2);
	GIVES(twz_rt_range_remap(at, 2 * PAGE, 8 * PAGE, TWZ_REMAP_MAY_MOVE, &moved), 0);
	char *to = moved;
	CHECK(to != at && to[0] == 1 && to[PAGE] == 2 && to[2 * PAGE] == 0 &&
	      to[8 * PAGE - 1] == 0);
	CHECK(read_faults(at));
	GIVES(twz_rt_range_unmap(wall, PAGE), 0);

	FAILS(twz_rt_range_remap(to, 0, PAGE, 0, &moved), INVALID_ARGUMENT);
	FAILS(twz_rt_range_remap(to, PAGE, 0, 0, &moved), INVALID_ARGUMENT);
	FAILS(twz_rt_range_remap(to + 1, PAGE, PAGE, 0, &moved), INVALID_ARGUMENT);
	FAILS(twz_rt_range_remap(to, PAGE, PAGE, 0x80, &moved), INVALID_ARGUMENT);
	FAILS(twz_rt_range_remap(KERNEL_HALF, PAGE, PAGE, 0, &moved), INVALID_ARGUMENT);
	FAILS(twz_rt_range_remap(to, PAGE, PAGE, 0, NULL), BAD_ADDRESS);
	FAILS(twz_rt_range_remap(to, 8 * PAGE, ~0ul, TWZ_REMAP_MAY_MOVE, &moved), OUT_OF_MEMORY);
	FAILS(twz_rt_range_remap(to, 8 * PAGE, 1ul << 47, TWZ_REMAP_MAY_MOVE, &moved),
	      OUT_OF_MEMORY);
	CHECK(to[PAGE] == 2);
	GIVES(twz_rt_range_unmap(to, 8 * PAGE), 0);
	FAILS(twz_rt_range_remap(to, PAGE, 2 * PAGE, TWZ_REMAP_MAY_MOVE, &moved), BAD_ADDRESS);
}

CONTRACT(twz_rt_range_query)
{
	char *at = fresh_range(3 * PAGE);
	GIVES(twz_rt_range_query(at, 3 * PAGE), RW);
	GIVES(twz_rt_range_protect(at + PAGE, PAGE, TWZ_RIGHT_READ), 0);
	GIVES(twz_rt_range_query(at, 3 * PAGE), TWZ_RIGHT_READ);
	GIVES(twz_rt_range_query(at, 1), RW);
	GIVES(twz_rt_range_unmap(at + PAGE, PAGE), 0);
	FAILS(twz_rt_range_query(at, 3 * PAGE), OUT_OF_MEMORY);
	GIVES(twz_rt_range_unmap(at, 3 * PAGE), 0);
	FAILS(twz_rt_range_query(at, PAGE), OUT_OF_MEMORY);
	FAILS(twz_rt_range_query(at + 1, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_range_query(at, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_range_query(KERNEL_HALF, PAGE), INVALID_ARGUMENT);
	/* an image: what its slot grants */
	uint64_t code = (uint64_t)twz_rt_range_query & -(uint64_t)PAGE;
	CHECK(twz_rt_range_query((void *)code, PAGE) & TWZ_RIGHT_EXEC);
}

CONTRACT(twz_rt_range_discard)
{
	char *at = fresh_range(3 * PAGE);
	at[0] = at[PAGE] = at[2 * PAGE] = 9;
	GIVES(twz_rt_range_discard(at + PAGE, PAGE), 0);
	CHECK(at[0] == 9 && at[PAGE] == 0 && at[2 * PAGE] == 9);
	at[PAGE] = 8; /* and are written again */
	GIVES(twz_rt_range_discard(at, 3 * PAGE), 0);
	CHECK(at[0] == 0 && at[PAGE] == 0 && at[2 * PAGE] == 0);
	FAILS(twz_rt_range_discard(at, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_range_discard(at + 1, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_range_discard(KERNEL_HALF, PAGE), INVALID_ARGUMENT);
	GIVES(twz_rt_range_unmap(at, 3 * PAGE), 0);
	FAILS(twz_rt_range_discard(at, PAGE), OUT_OF_MEMORY);
	/* a file's bytes are not dropped */
	void *shared = NULL;
	int fd = new_file("discard", "bytes", 5);
	GIVES(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &shared), 0);
	FAILS(twz_rt_range_discard(shared, PAGE), INVALID_ARGUMENT);
	CHECK(!memcmp(shared, "bytes", 5));
	GIVES(twz_rt_range_unmap(shared, PAGE), 0);
	GIVES(twz_rt_fd_close(fd), 0);
	remove_file("discard");
}

CONTRACT(twz_rt_range_sync)
{
	void *shared = NULL;
	char *private = fresh_range(PAGE);
	GIVES(twz_rt_range_sync(private, PAGE), 0); /* nothing to make durable */
	for (const char *place = NULL; (place = next_place(place)) != NULL;) {
		if (!place_has_objects())
			continue;
		int fd = new_file("file", "bytes", 5);
		GIVES(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &shared), 0);
		((char *)shared)[0] = 'B';
		GIVES(twz_rt_range_sync(shared, PAGE), 0);
		GIVES(twz_rt_range_unmap(shared, PAGE), 0);
		GIVES(twz_rt_fd_close(fd), 0);
		remove_file("file");
	}
	FAILS(twz_rt_range_sync(private, 0), INVALID_ARGUMENT);
	FAILS(twz_rt_range_sync(private + 1, PAGE), INVALID_ARGUMENT);
	FAILS(twz_rt_range_sync(KERNEL_HALF, PAGE), INVALID_ARGUMENT);
	GIVES(twz_rt_range_unmap(private, PAGE), 0);
}

CONTRACT(twz_rt_malloc)
{
	static const size_t sizes[] = {0, 1, 16, 17, 100, 4000, 32768, 32769, 1 << 20};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t align = 1; align <= PAGE; align *= 4) {
			unsigned char *at = twz_rt_malloc(sizes[i], align, 0);
			CHECK(at != NULL && (uintptr_t)at % align == 0);
			memset(at, 0xa5, sizes[i]);
			twz_rt_free(at, sizes[i], align);
			/* what was used before comes back as zero, when asked for */
			at = twz_rt_malloc(sizes[i], align, TWZ_MALLOC_ZERO);
			CHECK(at != NULL && (uintptr_t)at % align == 0);
			size_t dirty = 0;
			for (size_t n = 0; n < sizes[i]; n++)
				dirty += at[n] != 0;
			CHECK(dirty == 0);
			twz_rt_free(at, sizes[i], align);
		}
	}
	void *plain = twz_rt_malloc(10, 0, 0); /* no wish for an alignment */
	CHECK(plain != NULL);
	twz_rt_free(plain, 10, 0);
	CHECK(twz_rt_malloc(16, 3, 0) == NULL);
	CHECK(twz_rt_malloc(16, 2 * PAGE, 0) == NULL);
	CHECK(twz_rt_malloc(16, 16, 0x80) == NULL);
	CHECK(twz_rt_malloc(~0ul, 16, 0) == NULL);
	CHECK(twz_rt_malloc(1ul << 47, 16, 0) == NULL);
}

CONTRACT(twz_rt_free)
{
	twz_rt_free(NULL, 100, 16);
	/* Two pieces at once are never the same, freed ones come back. */
	void *first = twz_rt_malloc(100, 16, 0), *second = twz_rt_malloc(100, 16, 0);
	CHECK(first != NULL && second != NULL && first != second);
	twz_rt_free(first, 100, 16);
	void *third = twz_rt_malloc(100, 16, 0);
	CHECK(third != NULL && third != second);
	twz_rt_free(second, 100, 16);
	twz_rt_free(third, 100, 16);
	/* Large pieces go back to the system. */
	char *large = twz_rt_malloc(1 << 20, 16, 0);
	CHECK(large != NULL);
	twz_rt_free(large, 1 << 20, 16);
	CHECK(read_faults(large));
}

CONTRACT(twz_rt_realloc)
{
	static const size_t sizes[] = {1, 40, 500, 30000, 40000, 1 << 20, 50000, 600, 1};
	size_t old = 10;
	char *at = twz_rt_realloc(NULL, 0, 16, old, 0);
	CHECK(at != NULL);
	memset(at, 'a', old);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t kept = old < sizes[i] ? old : sizes[i], wrong = 0;
		at = twz_rt_realloc(at, old, 16, sizes[i], TWZ_MALLOC_ZERO);
		CHECK(at != NULL && (uintptr_t)at % 16 == 0);
		for (size_t n = 0; n < sizes[i]; n++)
			wrong += at[n] != (n < kept ? 'a' : 0);
		CHECK(wrong == 0);
		memset(at, 'a', sizes[i]);
		old = sizes[i];
	}
	/* What fails leaves the old piece. */
	CHECK(twz_rt_realloc(at, old, 16, 1ul << 47, 0) == NULL);
	CHECK(twz_rt_realloc(at, old, 16, ~0ul, 0) == NULL);
	CHECK(twz_rt_realloc(at, old, 16, 20, 0x80) == NULL);
	CHECK(at[0] == 'a');
	twz_rt_free(at, old, 16);
	CHECK(twz_rt_realloc(NULL, 0, 3, 10, 0) == NULL);
}

static void churn(void *argument)
{
	uint64_t state = (uint64_t)argument;
	struct {
		unsigned char *at;
		size_t size;
	} pieces[20] = {{0}};
	for (int step = 0; step < 2000; step++) {
		state = state * 6364136223846793005ul + 1442695040888963407ul;
		size_t which = (state >> 33) % 20, size = (state >> 40) % 3000;
		if (pieces[which].at != NULL) {
			size_t last = pieces[which].size;
			CHECK(last == 0 ||
			      pieces[which].at[last - 1] == (unsigned char)(uint64_t)argument);
			twz_rt_free(pieces[which].at, last, 16);
			pieces[which].at = NULL;
		} else {
			pieces[which].at = twz_rt_malloc(size, 16, 0);
			pieces[which].size = size;
			CHECK(pieces[which].at != NULL);
			memset(pieces[which].at, (int)(uint64_t)argument, size);
		}
	}
	for (size_t i = 0; i < 20; i++) {
		if (pieces[i].at != NULL)
			twz_rt_free(pieces[i].at, pieces[i].size, 16);
	}
}

SCENARIO(malloc_by_threads)
{
	struct thread threads[4];
	for (size_t i = 0; i < 4; i++)
		CHECK(thread_start(&threads[i], churn, (void *)(i + 1)));
	for (size_t i = 0; i < 4; i++)
		thread_join(&threads[i]);
}
