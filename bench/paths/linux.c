/* SPDX-License-Identifier: BSD-2-Clause */
/* The Linux side of system.h: memory files stand for objects; the program is the guest's init. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "paths.h"
#include "system.h"

struct memory_file {
	int descriptor;
	size_t size;
};

void null_call(void)
{
	syscall(SYS_getppid);
}

static struct memory_file file_new(size_t pages)
{
	struct memory_file file = {memfd_create("object", 0), pages * PAGE};

	if (file.descriptor < 0 || ftruncate(file.descriptor, (off_t)file.size) != 0)
		fail("memfd_create");
	return file;
}

static uint8_t *file_map(const struct memory_file *file)
{
	void *start =
		mmap(NULL, file->size, PROT_READ | PROT_WRITE, MAP_SHARED, file->descriptor, 0);

	if (start == MAP_FAILED)
		fail("mmap");
	return start;
}

void object_cycle(void)
{
	struct memory_file file = file_new(1);
	volatile uint8_t *start = file_map(&file);

	*start = 1;
	munmap((void *)start, file.size);
	close(file.descriptor);
}

void *mapping_prepare(size_t pages)
{
	struct memory_file *file = malloc(sizeof(*file));

	if (file == NULL)
		fail("malloc");
	*file = file_new(pages);
	volatile uint8_t *start = file_map(file);
	for (size_t i = 0; i < pages; i++)
		start[i * PAGE] = 1;
	munmap((void *)start, file->size);
	return file;
}

void mapping_cycle(void *object)
{
	const struct memory_file *file = object;
	volatile uint8_t *start = file_map(file);

	keep(*start);
	munmap((void *)start, file->size);
}

void mapping_release(void *object)
{
	struct memory_file *file = object;

	close(file->descriptor);
	free(file);
}

_Noreturn void leave(int code)
{
	fflush(NULL);
	tcdrain(STDOUT_FILENO); /* the serial line sends after the write has returned */
	if (iopl(3) == 0)
		outl((unsigned)code, 0xf4); /* isa-debug-exit */
	reboot(RB_POWER_OFF);
	_exit(code);
}
