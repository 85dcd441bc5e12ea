/* SPDX-License-Identifier: BSD-2-Clause */
/* open.h's things as files in the current directory. */
#define _GNU_SOURCE
#include "open.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static volatile uint64_t *map(int file, uint64_t size, int protection)
{
	void *start = mmap(NULL, size, protection, MAP_SHARED, file, 0);

	need(start != MAP_FAILED, "mmap");
	return start;
}

void thing_make(const char *name, uint64_t size)
{
	int file = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	need(file >= 0 && ftruncate(file, (off_t)size) == 0, "create");
	volatile uint64_t *words = map(file, size, PROT_READ | PROT_WRITE);
	for (uint64_t at = 0; at < size; at += PAGE)
		words[at / 8] = at + 1;
	words[size / 8 - 1] = size;
	need(msync((void *)words, size, MS_SYNC) == 0, "msync");
	munmap((void *)words, size);
	close(file);
}

void thing_visit(const char *name, uint64_t size)
{
	int file = open(name, O_RDONLY | O_CLOEXEC);

	need(file >= 0, "open");
	volatile uint64_t *words = map(file, size, PROT_READ);
	need(words[0] == 1 && words[size / 8 - 1] == size, "content");
	munmap((void *)words, size);
	close(file);
}

int main(int argc, char **argv)
{
	return open_main(argc, argv);
}
