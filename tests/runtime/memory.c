/* SPDX-License-Identifier: BSD-2-Clause */
/* Address ranges in use: holes, fixed places, moves over slots, shared and private files, many
 * ranges. */
#include "contract.h"

SCENARIO(ranges_fill_holes)
{
	char *a = fresh_range(3 * PAGE), *b;
	CHECK(a != NULL && (uintptr_t)a % PAGE == 0 && a[0] == 0 && a[3 * PAGE - 1] == 0);
	memset(a, 7, 3 * PAGE);
	CHECK(twz_rt_range_unmap(a + PAGE, PAGE) == 0);
	CHECK(read_faults(a + PAGE) && !read_faults(a) && !read_faults(a + 2 * PAGE));
	CHECK(a[0] == 7 && a[2 * PAGE] == 7);
	/* The hole is the lowest fit for what fits it, and reads as zero. */
	b = fresh_range(PAGE);
	CHECK(b == a + PAGE && b[0] == 0);
	CHECK(twz_rt_range_unmap(a, 3 * PAGE) == 0);
	CHECK(twz_rt_range_unmap(a, 3 * PAGE) == 0); /* nothing there is no error */
}

SCENARIO(ranges_at_fixed_places)
{
	char *a = fresh_range(8 * PAGE);
	void *at;
	memset(a, 1, 8 * PAGE);
	CHECK(twz_rt_range_map(a + PAGE, PAGE, RW, TWZ_RANGE_FIXED_NEW, -1, 0, &at) ==
	      -TWZ_ERR_EXISTS);
	CHECK(twz_rt_range_map(a + PAGE, 2 * PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &at) == 0 &&
	      at == a + PAGE);
	CHECK(a[0] == 1 && a[PAGE] == 0 && a[3 * PAGE - 1] == 0 && a[3 * PAGE] == 1);
	CHECK(twz_rt_range_unmap(a, 8 * PAGE) == 0);
	CHECK(twz_rt_range_map(a, PAGE, RW, TWZ_RANGE_FIXED_NEW, -1, 0, &at) == 0 && at == a);
	CHECK(twz_rt_range_unmap(a, PAGE) == 0);
	/* A hint that is free is taken. */
	CHECK(twz_rt_range_map(a + 4 * PAGE, PAGE, RW, 0, -1, 0, &at) == 0 && at == a + 4 * PAGE);
	CHECK(twz_rt_range_unmap(at, PAGE) == 0);
	/* In slots where nothing is, over a boundary. */
	char *far = (char *)((100000ul << 30) - PAGE);
	CHECK(twz_rt_range_map(far, 2 * PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &at) == 0 && at == far);
	far[0] = far[2 * PAGE - 1] = 3;
	CHECK(twz_rt_range_unmap(far, 2 * PAGE) == 0 && read_faults(far));
	/* The program's own image is not the allocator's to replace. */
	CHECK(twz_rt_range_map((void *)((uintptr_t)&child_argc & ~(PAGE - 1)), PAGE, RW,
			       TWZ_RANGE_FIXED, -1, 0, &at) < 0);
}

SCENARIO(ranges_of_different_rights)
{
	char *a = fresh_range(4 * PAGE);
	memset(a, 5, 4 * PAGE);
	CHECK(twz_rt_range_protect(a + PAGE, PAGE, 0) == 0);
	CHECK(read_faults(a + PAGE) && !write_faults(a) && !write_faults(a + 2 * PAGE));
	CHECK(twz_rt_range_protect(a + PAGE, PAGE, TWZ_RIGHT_READ) == 0);
	CHECK(a[PAGE] == 5 && write_faults(a + PAGE));
	CHECK(twz_rt_range_protect(a + PAGE, PAGE, RW) == 0 && !write_faults(a + PAGE));
	CHECK(twz_rt_range_protect(a, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC) == 0 &&
	      write_faults(a));
	CHECK(twz_rt_range_protect(a, PAGE, RW | TWZ_RIGHT_EXEC) == -TWZ_ERR_INVALID_ARGUMENT);
	/* Code: mov $42, %eax; ret */
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
	memcpy(a + 2 * PAGE, code, sizeof(code));
	CHECK(twz_rt_range_protect(a + 2 * PAGE, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC) == 0);
	CHECK(((int (*)(void))(a + 2 * PAGE))() == 42);
	CHECK(twz_rt_range_unmap(a, 4 * PAGE) == 0);
	CHECK(twz_rt_range_protect(a, PAGE, RW) < 0); /* it is free now */
	/* What is given out again has the rights that were asked for. */
	char *b = fresh_range(4 * PAGE);
	memset(b, 9, 4 * PAGE);
	CHECK(b[4 * PAGE - 1] == 9);
	CHECK(twz_rt_range_discard(b, 2 * PAGE) == 0 && b[0] == 0 && b[2 * PAGE] == 9);
	CHECK(twz_rt_range_unmap(b, 4 * PAGE) == 0);
}

SCENARIO(ranges_move_over_slots)
{
	void *at;
	char *a = fresh_range(2 * PAGE);
	memset(a, 4, 2 * PAGE);
	CHECK(twz_rt_range_remap(a, 2 * PAGE, 4 * PAGE, 0, &at) == 0 && at == a); /* in place */
	CHECK(a[2 * PAGE - 1] == 4 && a[2 * PAGE] == 0);
	CHECK(twz_rt_range_remap(a, 4 * PAGE, PAGE, 0, &at) == 0 && at == a &&
	      read_faults(a + PAGE));
	char *fence = fresh_range(PAGE);
	CHECK(fence == a + PAGE);
	CHECK(twz_rt_range_remap(a, PAGE, 2 * PAGE, 0, &at) == -TWZ_ERR_OUT_OF_MEMORY);
	CHECK(twz_rt_range_remap(a, PAGE, 64 * PAGE, TWZ_REMAP_MAY_MOVE, &at) == 0 && at != a);
	CHECK(*(char *)at == 4 && ((char *)at)[PAGE] == 0 && read_faults(a));
	CHECK(twz_rt_range_unmap(at, 64 * PAGE) == 0 && twz_rt_range_unmap(fence, PAGE) == 0);
	/* Over the boundary of two slots, with a read-only page inside. */
	char *big = fresh_range(1100ul << 20);
	big[0] = 1;
	big[1 << 20] = 2;
	big[(1100ul << 20) - 1] = 3;
	CHECK(twz_rt_range_protect(big + (1 << 20), PAGE, TWZ_RIGHT_READ) == 0);
	CHECK(twz_rt_range_remap(big, 1100ul << 20, 2200ul << 20, TWZ_REMAP_MAY_MOVE, &at) == 0);
	char *moved = at;
	CHECK(moved[0] == 1 && moved[1 << 20] == 2 && moved[(1100ul << 20) - 1] == 3);
	CHECK(write_faults(moved + (1 << 20)) && !write_faults(moved + (1 << 20) + PAGE));
	CHECK(twz_rt_range_unmap(moved, 2200ul << 20) == 0);
	CHECK(twz_rt_range_remap((void *)(1ul << 44), PAGE, 2 * PAGE, 0, &at) < 0);
}

SCENARIO(shared_ranges)
{
	void *a, *b;
	CHECK(twz_rt_range_map(NULL, 3 * PAGE, RW, TWZ_RANGE_SHARED, -1, 0, &a) == 0);
	memset(a, 6, 3 * PAGE);
	CHECK(twz_rt_range_unmap((char *)a + PAGE, PAGE) == 0); /* one slot: still mapped */
	CHECK(twz_rt_range_unmap(a, PAGE) == 0);
	CHECK(twz_rt_range_unmap((char *)a + 2 * PAGE, PAGE) == 0 && read_faults(a));

	int fd = (int)twz_rt_fd_open(TWZ_RT_AT_CWD, "/tmp/shared", 11,
				     TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE, 0600);
	char text[16] = "";
	CHECK(fd >= 0 && twz_rt_fd_write(fd, "shared bytes", 12, TWZ_IO_AT_POSITION) == 12);
	CHECK(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &a) == 0);
	CHECK(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &b) == 0);
	((char *)a)[0] = 'S';
	CHECK(((char *)b)[0] == 'S' && twz_rt_fd_read(fd, text, 6, 0) == 6 &&
	      !memcmp(text, "Shared", 6));
	CHECK(twz_rt_range_sync(a, PAGE) == 0);
	CHECK(twz_rt_range_unmap(a, PAGE) == 0);
	CHECK(((char *)b)[1] == 'h'); /* mapped twice, unmapped once */
	CHECK(twz_rt_fd_close(fd) == 0 && ((char *)b)[0] == 'S');
	CHECK(twz_rt_range_unmap(b, PAGE) == 0);
	CHECK(twz_rt_path_remove(TWZ_RT_AT_CWD, "/tmp/shared", 11, 0) == 0);
}

SCENARIO(private_ranges_of_files)
{
	static char block[3 * PAGE];
	void *at;
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i / 7);
	int fd = (int)twz_rt_fd_open(TWZ_RT_AT_CWD, "/tmp/private", 12,
				     TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE, 0600);
	CHECK(twz_rt_fd_write(fd, block, 2 * PAGE + 100, 0) == 2 * PAGE + 100);
	CHECK(twz_rt_range_map(NULL, 4 * PAGE, RW, 0, fd, PAGE, &at) == 0);
	char *a = at;
	CHECK(!memcmp(a, block + PAGE, PAGE + 100) && a[PAGE + 100] == 0 && a[3 * PAGE] == 0);
	a[0] = 99;
	char byte;
	CHECK(twz_rt_fd_read(fd, &byte, 1, PAGE) == 1 && byte == block[PAGE]);
	CHECK(twz_rt_fd_write(fd, "X", 1, PAGE + 5) == 1 && a[5] == block[PAGE + 5]);
	CHECK(twz_rt_range_unmap(a, 4 * PAGE) == 0 && twz_rt_fd_close(fd) == 0);
	CHECK(twz_rt_path_remove(TWZ_RT_AT_CWD, "/tmp/private", 12, 0) == 0);
	/* A file of the host is read in. */
	fd = (int)twz_rt_fd_open(TWZ_RT_AT_CWD, "/host/mapped", 12,
				 TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE, 0600);
	CHECK(twz_rt_fd_write(fd, block, PAGE + 3, 0) == PAGE + 3);
	CHECK(twz_rt_range_map(NULL, 2 * PAGE, TWZ_RIGHT_READ, 0, fd, 0, &at) == 0);
	CHECK(!memcmp(at, block, PAGE + 3) && ((char *)at)[PAGE + 3] == 0 && write_faults(at));
	CHECK(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &at) ==
	      -TWZ_ERR_NOT_SUPPORTED);
	CHECK(twz_rt_fd_close(fd) == 0 &&
	      twz_rt_path_remove(TWZ_RT_AT_CWD, "/host/mapped", 12, 0) == 0);
}

SCENARIO(many_ranges)
{
	enum { COUNT = 400 };
	static struct {
		unsigned char *at;
		size_t pages;
	} ranges[COUNT];
	unsigned long state = 1;
	for (int step = 0; step < 4000; step++) {
		state = state * 6364136223846793005ul + 1442695040888963407ul;
		size_t which = (state >> 33) % COUNT;
		unsigned char tag = (unsigned char)(which + 1);
		if (ranges[which].at == NULL) {
			size_t pages = 1 + (state >> 50) % 9;
			ranges[which].at = (unsigned char *)fresh_range(pages * PAGE);
			ranges[which].pages = pages;
			CHECK(ranges[which].at[0] == 0 && ranges[which].at[pages * PAGE - 1] == 0);
			ranges[which].at[0] = ranges[which].at[pages * PAGE - 1] = tag;
		} else {
			size_t size = ranges[which].pages * PAGE;
			CHECK(ranges[which].at[0] == tag && ranges[which].at[size - 1] == tag);
			CHECK(twz_rt_range_unmap(ranges[which].at, size) == 0);
			ranges[which].at = NULL;
		}
	}
	for (int i = 0; i < COUNT; i++) {
		if (ranges[i].at != NULL)
			CHECK(twz_rt_range_unmap(ranges[i].at, ranges[i].pages * PAGE) == 0);
		ranges[i].at = NULL;
	}
}
