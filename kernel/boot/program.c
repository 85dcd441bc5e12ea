/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Start the initial image's first program: a static ELF, hostile until checked. Its segments become
 * ranges of raw objects, sharing the image's pages copy-on-write.
 */
#include <boot.h>
#include <heap.h>
#include <image.h>
#include <log.h>
#include <main.h>
#include <object.h>
#include <page.h>
#include <random.h>
#include <string.h>
#include <syscall.h>
#include <thread.h>
#include <timeline.h>
#include <timer.h>
#include <user.h>
#include <view.h>
#include "elf.h"

#define STACK_SLOT (TWZ_SLOT_COUNT - 2)
#define STACK_SIZE (8ull << 20)
#define STACK_END  ((STACK_SLOT + 1) << TWZ_SLOT_SHIFT)

struct loading {
	struct object *file;
	uint64_t size; /* of the file */
	struct view *view;
	struct elf_header header;
	struct elf_segment *segments;
	uint64_t segments_address; /* where the program finds its program headers */
};

static twz_result file_read(const struct loading *l, uint64_t offset, void *buffer, uint64_t length)
{
	if (offset > l->size || length > l->size - offset)
		return -TWZ_ERR_BAD_FORMAT;
	return object_read(l->file, TWZ_BASE_OFFSET + offset, buffer, length);
}

static const char *open_file(struct loading *l)
{
	struct twz_object_meta meta;

	l->file = object_find(image_first_program());
	if (!l->file)
		return "it is not in the image";
	if (object_read(l->file, TWZ_META_OFFSET, &meta, sizeof(meta)) < 0 ||
	    meta.magic != TWZ_META_MAGIC || meta.size > TWZ_META_OFFSET - TWZ_BASE_OFFSET)
		return "its meta page is damaged";
	l->size = meta.size;
	return NULL;
}

static const char *read_headers(struct loading *l)
{
	struct elf_header *h = &l->header;

	if (file_read(l, 0, h, sizeof(*h)) < 0 || memcmp(h->ident, "\177ELF\2\1\1", 7))
		return "not a 64-bit ELF file";
	if (h->machine != ELF_X86_64 || h->type != ELF_EXECUTABLE)
		return "not a static x86-64 executable";
	if (h->segment_size != sizeof(struct elf_segment) || !h->segment_count ||
	    h->segment_count > 64)
		return "its program headers are malformed";
	if (h->entry >= USER_END)
		return "its entry lies outside";
	l->segments = kernel_alloc_array(h->segment_count, sizeof(*l->segments));
	if (!l->segments)
		return "out of memory";
	if (file_read(l, h->segments, l->segments, h->segment_count * sizeof(*l->segments)) < 0)
		return "truncated";
	return NULL;
}

/* The raw object at a slot of the new program; made when first asked for. */
static struct object *slot_object(struct loading *l, uint64_t slot, uint32_t rights)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = l->view->control->id};
	struct object *object;
	uint64_t offset;
	uint32_t have;

	object = view_object_at(l->view, slot << TWZ_SLOT_SHIFT, &offset, &have);
	if (object)
		return object;
	if (object_make(&spec, TWZ_ID_NONE, &object) < 0)
		return NULL;
	object_tie(l->view->control, object);
	/* what no segment covers is no memory */
	if (object_protect_pages(object, 0, TWZ_SLOT_SIZE, 0) < 0 ||
	    view_map_object(l->view, object, slot, rights, TWZ_INHERIT_PRIVATE, 0) < 0) {
		object_delete(object);
		object_put(object);
		return NULL;
	}
	return object;
}

static const char *check_segment(const struct loading *l, const struct elf_segment *s)
{
	uint64_t end;

	if (s->file_size > s->memory_size || s->offset > l->size ||
	    s->file_size > l->size - s->offset)
		return "a segment lies outside the file";
	if (__builtin_add_overflow(s->address, s->memory_size, &end) || end > USER_END ||
	    s->address < PAGE_SIZE)
		return "a segment lies outside the address space";
	if (s->address >> TWZ_SLOT_SHIFT != (end - 1) >> TWZ_SLOT_SHIFT ||
	    s->address >> TWZ_SLOT_SHIFT >= STACK_SLOT)
		return "a segment crosses a 1 GiB boundary or the stack";
	if ((s->address - s->offset) % PAGE_SIZE)
		return "a segment is not page-aligned in the file";
	if (s->flags & ELF_WRITE && s->flags & ELF_EXEC)
		return "a segment is writable and executable";
	return NULL;
}

static const char *load_segment(struct loading *l, const struct elf_segment *s)
{
	const char *wrong = check_segment(l, s);
	uint64_t in_slot = s->address & (TWZ_SLOT_SIZE - 1);
	uint64_t first = PAGE_ROUND_DOWN(in_slot), end = PAGE_ROUND_UP(in_slot + s->memory_size);
	uint64_t file_end = in_slot + s->file_size;
	uint32_t rights = TWZ_RIGHT_READ | (s->flags & ELF_WRITE ? TWZ_RIGHT_WRITE : 0) |
			  (s->flags & ELF_EXEC ? TWZ_RIGHT_EXEC : 0);
	struct object *object;
	twz_result result = TWZ_OK;

	if (wrong)
		return wrong;
	if (!s->memory_size)
		return NULL;
	object = slot_object(l, s->address >> TWZ_SLOT_SHIFT,
			     TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_EXEC);
	if (!object)
		return "out of memory";
	if (s->file_size)
		result = object_copy(object, first, l->file,
				     TWZ_BASE_OFFSET + PAGE_ROUND_DOWN(s->offset),
				     PAGE_ROUND_UP(file_end) - first);
	/* what follows the file's bytes in their last page is zero */
	if (result >= 0 && s->memory_size > s->file_size && file_end % PAGE_SIZE) {
		uint64_t length = PAGE_ROUND_UP(file_end) - file_end;
		void *zeros = kernel_alloc(PAGE_SIZE);

		result = zeros ? object_write(object, file_end, zeros, length)
			       : -TWZ_ERR_OUT_OF_MEMORY;
		kernel_free(zeros);
	}
	if (result >= 0)
		result = object_protect_pages(object, first, end - first, rights);
	object_put(object);
	if (l->header.segments >= s->offset && l->header.segments < s->offset + s->file_size)
		l->segments_address = s->address + (l->header.segments - s->offset);
	return result < 0 ? "out of memory or the image is damaged" : NULL;
}

/* argc, argv, envp and auxv as sysroot/include/twizzler/rt/core.h wants them. Sets *rsp. */
static const char *make_stack(struct loading *l, uint64_t *rsp)
{
	static const char name[16] = "/bin/init";
	struct {
		uint64_t argc, argv[2], envp[1];
		uint64_t auxv[13][2];
		char name[16];
		uint8_t random[16];
	} top = {.argc = 1};
	uint64_t at = STACK_END - ((sizeof(top) + 15) & ~15ull);
	uint64_t name_at = at + offsetof(typeof(top), name);
	const uint64_t auxv[13][2] = {
		{AT_PHDR, l->segments_address},
		{AT_PHENT, sizeof(struct elf_segment)},
		{AT_PHNUM, l->header.segment_count},
		{AT_PAGESZ, PAGE_SIZE},
		{AT_BASE, 0},
		{AT_ENTRY, l->header.entry},
		{AT_RANDOM, at + offsetof(typeof(top), random)},
		{AT_EXECFN, name_at},
		{AT_SECURE, 0},
		{AT_HWCAP, 0},
		{AT_TWZ_STACK, STACK_END - STACK_SIZE},
		{AT_TWZ_STACK_SIZE, STACK_SIZE},
		{AT_NULL, 0},
	};
	struct object *stack = slot_object(l, STACK_SLOT, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE);
	twz_result result;

	if (!stack)
		return "out of memory";
	top.argv[0] = name_at;
	memcpy(top.auxv, auxv, sizeof(auxv));
	memcpy(top.name, name, sizeof(name));
	if (random_fill(top.random, sizeof(top.random)) < 0) {
		struct twz_id nonce = object_make_nonce();

		memcpy(top.random, &nonce, sizeof(nonce));
	}
	result = object_protect_pages(stack, TWZ_SLOT_SIZE - STACK_SIZE, STACK_SIZE,
				      TWZ_RIGHT_READ | TWZ_RIGHT_WRITE);
	if (result >= 0)
		result = object_write(stack, at & (TWZ_SLOT_SIZE - 1), &top, sizeof(top));
	object_put(stack);
	*rsp = at;
	return result < 0 ? "out of memory" : NULL;
}

static const char *load(struct loading *l, struct thread **thread)
{
	struct twz_thread_spec spec = {0};
	const char *wrong = open_file(l);

	if (!wrong)
		wrong = read_headers(l);
	if (!wrong && view_make(&l->view) < 0)
		wrong = "out of memory";
	for (unsigned i = 0; !wrong && i < l->header.segment_count; i++) {
		if (l->segments[i].type == ELF_LOAD)
			wrong = load_segment(l, &l->segments[i]);
	}
	if (!wrong)
		wrong = make_stack(l, &spec.stack);
	spec.entry = l->header.entry;
	if (!wrong && thread_create(l->view, &spec, thread) < 0)
		wrong = "out of memory";
	return wrong;
}

/* Boot option fail-alloc=N,M: for tests, from the first program on. */
static void fail_allocations(void)
{
	size_t length = 0;
	const char *text = boot_option("fail-alloc", &length);
	uint32_t numbers[2] = {0, 0}, *at = numbers;

	for (size_t i = 0; i < length; i++) {
		if (text[i] >= '0' && text[i] <= '9' && *at < 100000000)
			*at = *at * 10 + (uint32_t)(text[i] - '0');
		else if (text[i] == ',' && at == numbers)
			at++;
		else
			panic("fail-alloc wants N or N,M: every Nth allocation after the first M");
	}
	frames_fail_every(numbers[0], numbers[1]);
}

void boot_program_start(void)
{
	struct loading l = {0};
	struct thread *thread;
	const char *wrong = load(&l, &thread);
	struct view *view = l.view;

	if (wrong)
		panic("the first program cannot be started: %s", wrong);
	object_put(l.file);
	kernel_free(l.segments);
	first_program_started = clock_monotonic();
	timeline_mark("first program started");
	fail_allocations();
	provoke();
	thread_start(thread);
	while (view_wait(view, TWZ_FOREVER) < 0)
		;
	/* it has to end by system_shutdown */
	if (view->exit_state == TWZ_VIEW_KILLED)
		panic("the first program died: signal %d, fault %u at %lx, rip %lx",
		      view->exit_code, view->fault.kind, view->fault.address,
		      view->fault.registers.rip);
	panic("the first program ended with code %d without shutting down", view->exit_code);
}
