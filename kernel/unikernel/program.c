/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that the kernel was linked with: its image as the object at slot 0 of its view, its
 * stack and start, its end. Takes the place of kernel/boot/program.c.
 */
#include <boot.h>
#include <heap.h>
#include <log.h>
#include <main.h>
#include <object.h>
#include <page.h>
#include <platform.h>
#include <random.h>
#include <string.h>
#include <syscall.h>
#include <thread.h>
#include <timer.h>
#include <twizzler/channel.h>
#include <user.h>
#include <view.h>
#include "../boot/elf.h"
#include "command_line.h"
#include "report.h"

#define STACK_SLOT (TWZ_SLOT_COUNT - 2)
#define STACK_SIZE (8ull << 20)
#define STACK_END  ((STACK_SLOT + 1) << TWZ_SLOT_SHIFT)

/* The linker's: the image, and in it the program's start and its own headers. */
extern char kernel_image_start[], kernel_text_end[], kernel_rodata_end[], kernel_image_end[];
extern char _start[];
extern const struct elf_header __ehdr_start;

/* Every program of a unikernel is this one; the runtime's `view_create` and the like have no place.
 */
static const char program_name[] = "unikernel";

static struct object *raw_object(struct view *view, uint32_t flags, uint64_t slot, uint32_t rights)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = view->control->id};
	struct object *object;

	if (object_make(&spec, TWZ_ID_NONE, &object) < 0)
		panic("out of memory for the program");
	object->flags |= flags;
	object_tie(view->control, object);
	if (view_map_object(view, object, slot, rights, TWZ_INHERIT_PRIVATE, 0) < 0)
		panic("out of memory for the program");
	return object;
}

/*
 * All pages at once: the kernel's code is among them, and a fault on that could not be served. The
 * frames are the kernel image's own, which the allocator does not count.
 */
static void map_image(struct view *view)
{
	const uint32_t all = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC;
	const struct {
		char *start, *end;
		uint32_t rights;
	} parts[] = {
		{kernel_image_start, kernel_text_end, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC},
		{kernel_text_end, kernel_rodata_end, TWZ_RIGHT_READ},
		{kernel_rodata_end, kernel_image_end, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE},
	};
	struct object *image = raw_object(view, OBJECT_FIXED, 0, all);

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint64_t start = (uint64_t)parts[i].start;
		uint64_t length = (uint64_t)parts[i].end - start;

		for (uint64_t at = start; at < start + length; at += PAGE_SIZE) {
			struct object_page page = {kernel_to_phys((void *)at), 0};

			if (object_set_page(image, at >> PAGE_SHIFT, page) < 0)
				panic("out of memory for the program's page map");
		}
		if (length && object_protect_pages(image, start, length, parts[i].rights) < 0)
			panic("out of memory for the program's page map");
	}
	object_put(image);
}

/* The first stack's content while it is put together, from its end down. */
struct stack {
	char *bytes;
	uint64_t size, used;
};

/* Room for `length` bytes below what is there; its address in the program. */
static uint64_t stack_push(struct stack *stack, const void *bytes, uint64_t length)
{
	stack->used += length;
	ASSERT(stack->used <= stack->size);
	memcpy(stack->bytes + stack->size - stack->used, bytes, length);
	return STACK_END - stack->used;
}

/* argc, argv, envp and auxv as sysroot/include/twizzler/rt/core.h wants them; the stack pointer. */
static uint64_t fill_stack(struct stack *stack, const struct command_line *line)
{
	uint64_t *words = kernel_alloc_array(line->count + 64, sizeof(*words));
	uint64_t random_at, name_at = 0, n = 0;
	uint8_t random[16];

	if (!words)
		panic("out of memory for the program's arguments");
	if (random_fill(random, sizeof(random)) < 0) {
		struct twz_id nonce = object_make_nonce();

		memcpy(random, &nonce, sizeof(nonce));
	}
	random_at = stack_push(stack, random, sizeof(random));
	words[n++] = line->count;
	for (uint64_t i = 0; i < line->count; i++) {
		words[n] = stack_push(stack, line->words[i], strlen(line->words[i]) + 1);
		if (!i)
			name_at = words[n];
		n++;
	}
	words[n++] = 0; /* argv */
	words[n++] = 0; /* envp */
	const uint64_t auxv[][2] = {
		{AT_PHDR, (uint64_t)&__ehdr_start + __ehdr_start.segments},
		{AT_PHENT, __ehdr_start.segment_size},
		{AT_PHNUM, __ehdr_start.segment_count},
		{AT_PAGESZ, PAGE_SIZE},
		{AT_BASE, 0},
		{AT_ENTRY, (uint64_t)_start},
		{AT_RANDOM, random_at},
		{AT_EXECFN, name_at},
		{AT_SECURE, 0},
		{AT_HWCAP, 0},
		{AT_TWZ_STACK, STACK_END - STACK_SIZE},
		{AT_TWZ_STACK_SIZE, STACK_SIZE},
		{AT_NULL, 0},
	};
	memcpy(&words[n], auxv, sizeof(auxv));
	n += sizeof(auxv) / sizeof(words[0]);
	/* the stack pointer is 16-byte aligned at entry */
	stack->used = ((stack->used + n * sizeof(*words) + 15) & ~15ull) - n * sizeof(*words);
	uint64_t rsp = stack_push(stack, words, n * sizeof(*words));
	kernel_free(words);
	return rsp;
}

static uint64_t make_stack(struct view *view, const struct command_line *line)
{
	struct object *object = raw_object(view, 0, STACK_SLOT, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE);
	struct stack stack = {.size = line->bytes + (line->count + 96) * sizeof(uint64_t)};
	uint64_t rsp;

	stack.bytes = kernel_alloc(stack.size);
	if (!stack.bytes)
		panic("out of memory for the program's arguments");
	rsp = fill_stack(&stack, line);
	if (object_protect_pages(object, 0, TWZ_SLOT_SIZE - STACK_SIZE, 0) < 0 ||
	    object_write(object, rsp & (TWZ_SLOT_SIZE - 1), stack.bytes + stack.size - stack.used,
			 stack.used) < 0)
		panic("out of memory for the program's stack");
	kernel_free(stack.bytes);
	object_put(object);
	return rsp;
}

void boot_program_start(void)
{
	struct command_line line;
	struct twz_thread_spec spec = {.entry = (uint64_t)_start};
	struct view *view;
	struct thread *thread;
	uint64_t start = clock_monotonic();

	if (command_line_split(&line, boot_info.command_line, program_name) < 0)
		panic("the command line has an open quote, or memory is out");
	if (view_make(&view) < 0)
		panic("out of memory for the program");
	map_image(view);
	spec.stack = make_stack(view, &line);
	command_line_free(&line);
	if (thread_create(view, &spec, &thread) < 0)
		panic("out of memory for the program's thread");
	first_program_started = clock_monotonic();
	thread_start(thread);
	while (view_wait(view, TWZ_FOREVER) < 0)
		;
	const struct twz_channel_exit end = {
		.state = view->exit_state,
		.code = view->exit_code,
		.nanoseconds = clock_monotonic() - start,
		.fault = view->fault,
	};
	report_end(&end, end.state == TWZ_VIEW_KILLED ? view->crash : NULL, view->crash_size);
	platform->shutdown(TWZ_SHUTDOWN_POWEROFF,
			   end.state == TWZ_VIEW_EXITED ? end.code : 128 + end.code);
	panic("the machine cannot be switched off");
}
