/* SPDX-License-Identifier: BSD-2-Clause */
/* The Runtime ABI's address ranges and allocator, called directly. shapes: static dynamic */

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <twizzler/rt.h>
#include "check.h"

#define RW	  (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define PAGE	  4096ul
#define ERR(name) (-TWZ_ERR_##name)

static sigjmp_buf escape;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(escape, 1);
}

/* Whether a read (or write) of the byte faults. */
static int faults(volatile char *at, int write)
{
	struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	if (sigsetjmp(escape, 1))
		return 1;
	if (write)
		*at = 1;
	else
		(void)*at;
	return 0;
}

static char *map(size_t length)
{
	void *at = NULL;
	CHECK(twz_rt_range_map(NULL, length, RW, 0, -1, 0, &at) == 0);
	return at;
}

static void test_map(void)
{
	char *a = map(3 * PAGE), *b;
	CHECK(a != NULL && (uintptr_t)a % PAGE == 0 && a[0] == 0 && a[3 * PAGE - 1] == 0);
	memset(a, 7, 3 * PAGE);
	CHECK(twz_rt_range_unmap(a + PAGE, PAGE) == 0);
	CHECK(faults(a + PAGE, 0) && !faults(a, 0) && !faults(a + 2 * PAGE, 0));
	CHECK(a[0] == 7 && a[2 * PAGE] == 7);
	/* The hole is the lowest fit for what fits it, and reads as zero. */
	b = map(PAGE);
	CHECK(b == a + PAGE && b[0] == 0);
	CHECK(twz_rt_range_unmap(a, 3 * PAGE) == 0);
	CHECK(twz_rt_range_unmap(a, 3 * PAGE) == 0); /* nothing there is no error */
}

static void test_arguments(void)
{
	void *at;
	CHECK(twz_rt_range_map(NULL, 0, RW, 0, -1, 0, &at) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_range_map(NULL, ~0ul, RW, 0, -1, 0, &at) < 0);
	CHECK(twz_rt_range_map(NULL, 1ul << 62, RW, 0, -1, 0, &at) == ERR(OUT_OF_MEMORY));
	CHECK(twz_rt_range_map(NULL, PAGE, RW | TWZ_RIGHT_EXEC, 0, -1, 0, &at) ==
	      ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_range_map(NULL, PAGE, RW, 0x80, -1, 0, &at) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_range_map((void *)1, PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &at) < 0);
	CHECK(twz_rt_range_map((void *)0, PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &at) < 0);
	CHECK(twz_rt_range_map((void *)(1ul << 63), PAGE, RW, TWZ_RANGE_FIXED, -1, 0, &at) < 0);
	CHECK(twz_rt_range_map(NULL, PAGE, RW, 0, -1, 0, NULL) < 0);
	CHECK(twz_rt_range_map(NULL, PAGE, RW, 0, 777, 0, &at) == ERR(BAD_HANDLE));
	CHECK(twz_rt_range_map(NULL, PAGE, RW, 0, -1, 1, &at) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_range_unmap((void *)1, PAGE) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_range_unmap((void *)PAGE, 0) == ERR(INVALID_ARGUMENT));
	CHECK(twz_rt_range_protect((void *)(1ul << 50), PAGE, RW) < 0);
	CHECK(twz_rt_range_discard((void *)(1ul << 45), PAGE) < 0);
}

static void test_fixed(void)
{
	char *a = map(8 * PAGE);
	void *at;
	memset(a, 1, 8 * PAGE);
	CHECK(twz_rt_range_map(a + PAGE, PAGE, RW, TWZ_RANGE_FIXED_NEW, -1, 0, &at) == ERR(EXISTS));
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
	CHECK(twz_rt_range_unmap(far, 2 * PAGE) == 0 && faults(far, 0));
	/* The program's own image is not the allocator's to replace. */
	CHECK(twz_rt_range_map((void *)((uintptr_t)&test_fixed & ~(PAGE - 1)), PAGE, RW,
			       TWZ_RANGE_FIXED, -1, 0, &at) < 0);
}

static void test_protect(void)
{
	char *a = map(4 * PAGE);
	memset(a, 5, 4 * PAGE);
	CHECK(twz_rt_range_protect(a + PAGE, PAGE, 0) == 0);
	CHECK(faults(a + PAGE, 0) && !faults(a, 1) && !faults(a + 2 * PAGE, 1));
	CHECK(twz_rt_range_protect(a + PAGE, PAGE, TWZ_RIGHT_READ) == 0);
	CHECK(a[PAGE] == 5 && faults(a + PAGE, 1));
	CHECK(twz_rt_range_protect(a + PAGE, PAGE, RW) == 0 && !faults(a + PAGE, 1));
	CHECK(twz_rt_range_protect(a, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC) == 0 && faults(a, 1));
	CHECK(twz_rt_range_protect(a, PAGE, RW | TWZ_RIGHT_EXEC) == ERR(INVALID_ARGUMENT));
	/* Code: mov $42, %eax; ret */
	static const unsigned char code[] = {0xb8, 42, 0, 0, 0, 0xc3};
	memcpy(a + 2 * PAGE, code, sizeof(code));
	CHECK(twz_rt_range_protect(a + 2 * PAGE, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC) == 0);
	CHECK(((int (*)(void))(a + 2 * PAGE))() == 42);
	CHECK(twz_rt_range_unmap(a, 4 * PAGE) == 0);
	CHECK(twz_rt_range_protect(a, PAGE, RW) < 0); /* it is free now */
	/* What is given out again has the rights that were asked for. */
	char *b = map(4 * PAGE);
	memset(b, 9, 4 * PAGE);
	CHECK(b[4 * PAGE - 1] == 9);
	CHECK(twz_rt_range_discard(b, 2 * PAGE) == 0 && b[0] == 0 && b[2 * PAGE] == 9);
	CHECK(twz_rt_range_unmap(b, 4 * PAGE) == 0);
}

static void test_remap(void)
{
	void *at;
	char *a = map(2 * PAGE);
	memset(a, 4, 2 * PAGE);
	CHECK(twz_rt_range_remap(a, 2 * PAGE, 4 * PAGE, 0, &at) == 0 && at == a); /* in place */
	CHECK(a[2 * PAGE - 1] == 4 && a[2 * PAGE] == 0);
	CHECK(twz_rt_range_remap(a, 4 * PAGE, PAGE, 0, &at) == 0 && at == a && faults(a + PAGE, 0));
	char *fence = map(PAGE);
	CHECK(fence == a + PAGE);
	CHECK(twz_rt_range_remap(a, PAGE, 2 * PAGE, 0, &at) == ERR(OUT_OF_MEMORY));
	CHECK(twz_rt_range_remap(a, PAGE, 64 * PAGE, TWZ_REMAP_MAY_MOVE, &at) == 0 && at != a);
	CHECK(*(char *)at == 4 && ((char *)at)[PAGE] == 0 && faults(a, 0));
	CHECK(twz_rt_range_unmap(at, 64 * PAGE) == 0 && twz_rt_range_unmap(fence, PAGE) == 0);
	/* Over the boundary of two slots, with a read-only page inside. */
	char *big = map(1100ul << 20);
	big[0] = 1;
	big[1 << 20] = 2;
	big[(1100ul << 20) - 1] = 3;
	CHECK(twz_rt_range_protect(big + (1 << 20), PAGE, TWZ_RIGHT_READ) == 0);
	CHECK(twz_rt_range_remap(big, 1100ul << 20, 2200ul << 20, TWZ_REMAP_MAY_MOVE, &at) == 0);
	char *moved = at;
	CHECK(moved[0] == 1 && moved[1 << 20] == 2 && moved[(1100ul << 20) - 1] == 3);
	CHECK(faults(moved + (1 << 20), 1) && !faults(moved + (1 << 20) + PAGE, 1));
	CHECK(twz_rt_range_unmap(moved, 2200ul << 20) == 0);
	CHECK(twz_rt_range_remap((void *)(1ul << 44), PAGE, 2 * PAGE, 0, &at) < 0);
}

static void test_shared(void)
{
	void *a, *b;
	CHECK(twz_rt_range_map(NULL, 3 * PAGE, RW, TWZ_RANGE_SHARED, -1, 0, &a) == 0);
	memset(a, 6, 3 * PAGE);
	CHECK(twz_rt_range_unmap((char *)a + PAGE, PAGE) == 0); /* one slot: still mapped */
	CHECK(twz_rt_range_unmap(a, PAGE) == 0);
	CHECK(twz_rt_range_unmap((char *)a + 2 * PAGE, PAGE) == 0 && faults(a, 0));

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

static void test_private_file(void)
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
	fd = (int)twz_rt_fd_open(TWZ_RT_AT_CWD, "mapped", 6,
				 TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE, 0600);
	CHECK(twz_rt_fd_write(fd, block, PAGE + 3, 0) == PAGE + 3);
	CHECK(twz_rt_range_map(NULL, 2 * PAGE, TWZ_RIGHT_READ, 0, fd, 0, &at) == 0);
	CHECK(!memcmp(at, block, PAGE + 3) && ((char *)at)[PAGE + 3] == 0 && faults(at, 1));
	CHECK(twz_rt_range_map(NULL, PAGE, RW, TWZ_RANGE_SHARED, fd, 0, &at) == ERR(NOT_SUPPORTED));
	CHECK(twz_rt_fd_close(fd) == 0 && twz_rt_path_remove(TWZ_RT_AT_CWD, "mapped", 6, 0) == 0);
}

/* Many ranges in any order against what the test remembers of them. */
static void test_many(void)
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
			ranges[which].at = (unsigned char *)map(pages * PAGE);
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
	}
}

static void test_malloc(void)
{
	enum { COUNT = 300 };
	static struct {
		unsigned char *at;
		size_t size, align;
	} pieces[COUNT];
	unsigned long state = 7;
	for (int step = 0; step < 20000; step++) {
		state = state * 6364136223846793005ul + 1442695040888963407ul;
		size_t which = (state >> 33) % COUNT, size = (state >> 40) % 900;
		unsigned char tag = (unsigned char)(which + 1);
		if (step % 97 == 0)
			size *= 100;
		if (pieces[which].at == NULL) {
			size_t align = 1ul << (state >> 60);
			if (align > PAGE)
				align = PAGE;
			unsigned char *at = twz_rt_malloc(size, align, 0);
			CHECK(at != NULL && (uintptr_t)at % align == 0);
			memset(at, tag, size);
			pieces[which].at = at;
			pieces[which].size = size;
			pieces[which].align = align;
			continue;
		}
		unsigned char *at = pieces[which].at;
		size_t old = pieces[which].size;
		CHECK(old == 0 || (at[0] == tag && at[old - 1] == tag));
		if (step % 3 == 0) {
			at = twz_rt_realloc(at, old, pieces[which].align, size, TWZ_MALLOC_ZERO);
			CHECK(at != NULL && (old == 0 || size == 0 || at[0] == tag));
			CHECK(size <= old || at[size - 1] == 0);
			memset(at, tag, size);
			pieces[which].at = at;
			pieces[which].size = size;
		} else {
			twz_rt_free(at, old, pieces[which].align);
			pieces[which].at = NULL;
		}
	}
	CHECK(twz_rt_malloc(~0ul, 16, 0) == NULL && twz_rt_malloc(16, 3, 0) == NULL);
	CHECK(twz_rt_malloc(1ul << 47, 16, 0) == NULL);
	twz_rt_free(NULL, 5, 8);
}

int main(void)
{
	test_map();
	test_arguments();
	test_fixed();
	test_protect();
	test_remap();
	test_shared();
	test_private_file();
	test_many();
	test_malloc();
	return check_result("rt_memory");
}
