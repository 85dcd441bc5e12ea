/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the first thread's stack of a new program: argc, argv, envp, auxv and what they point to.
 */
#include "exec/stack.h"
#include "random.h"

#define STACK_GUARD (16 * TWZ_PAGE_SIZE)
#define STACK_SIZE  (8ull << 20)
/* Arguments, environment and descriptors may fill this part of it, as on Linux. */
#define STACK_START_MAX (STACK_SIZE / 4)

/* The new stack while it is filled from the top down: mapped here at `here`, there at `there`. */
struct stack {
	uint8_t *here;
	uint64_t there;
	uint64_t at; /* offset in the object; all above it is in use */
};

static uint64_t push(struct stack *stack, const void *bytes, size_t length, size_t align)
{
	stack->at = (stack->at - length) & ~(uint64_t)(align - 1);
	memcpy(stack->here + stack->at, bytes, length);
	return stack->there + stack->at;
}

static uint64_t push_string(struct stack *stack, const char *string)
{
	return push(stack, string, rt_string_length(string) + 1, 1);
}

/* Bytes of a NULL-ended list of strings and of its pointers; *count receives its length. */
static uint64_t list_bytes(const char *const *list, size_t *count)
{
	uint64_t bytes = sizeof(char *);
	for (*count = 0; list[*count] != NULL; ++*count)
		bytes += rt_string_length(list[*count]) + 1 + sizeof(char *);
	return bytes;
}

static void pop_word(uint64_t **words, uint64_t value)
{
	*(*words)++ = value;
}

static uint32_t hardware_capabilities(void)
{
	uint32_t eax = 1, ebx, ecx = 0, edx;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return edx;
}

enum auxv_type {
	AUXV_NULL = 0,
	AUXV_PHDR = 3,
	AUXV_PHENT = 4,
	AUXV_PHNUM = 5,
	AUXV_PAGESZ = 6,
	AUXV_BASE = 7,
	AUXV_ENTRY = 9,
	AUXV_UID = 11,
	AUXV_EUID = 12,
	AUXV_GID = 13,
	AUXV_EGID = 14,
	AUXV_HWCAP = 16,
	AUXV_SECURE = 23,
	AUXV_RANDOM = 25,
	AUXV_EXECFN = 31,
};

#define AUXV_COUNT 18

struct auxv {
	uint64_t type, value;
};

static uint64_t fill(struct stack *stack, const struct exec_start *start, size_t argc, size_t envc,
		     const uint8_t random[16])
{
	const struct elf_summary *elf = &start->program->elf;
	uint64_t path = push_string(stack, start->path);
	uint64_t random_at = push(stack, random, 16, 16);
	uint64_t block = push(stack, start->block, start->block_size, 8);
	/* The strings' area ends here and grows up again as the pointers are written. */
	uint64_t strings = 0;
	for (size_t i = 0; i < argc; i++)
		strings += rt_string_length(start->argv[i]) + 1;
	for (size_t i = 0; i < envc; i++)
		strings += rt_string_length(start->envp[i]) + 1;
	stack->at -= strings;
	uint64_t string = stack->at;
	const struct auxv auxv[AUXV_COUNT] = {
		{AUXV_PHDR, elf->phdr_address != 0 ? start->image.bias + elf->phdr_address : 0},
		{AUXV_PHENT, sizeof(struct elf_segment)},
		{AUXV_PHNUM, elf->segment_count},
		{AUXV_PAGESZ, TWZ_PAGE_SIZE},
		{AUXV_BASE, start->interpreter_bias},
		{AUXV_ENTRY, start->image.bias + elf->entry},
		{AUXV_UID, 0},
		{AUXV_EUID, 0},
		{AUXV_GID, 0},
		{AUXV_EGID, 0},
		{AUXV_SECURE, 0},
		{AUXV_HWCAP, hardware_capabilities()},
		{AUXV_RANDOM, random_at},
		{AUXV_EXECFN, path},
		{AT_TWZ_SPAWN, block},
		{AT_TWZ_STACK, stack->there + STACK_GUARD},
		{AT_TWZ_STACK_SIZE, STACK_SIZE},
		{AUXV_NULL, 0},
	};
	uint64_t words_size = (1 + argc + 1 + envc + 1) * sizeof(uint64_t) + sizeof(auxv);
	stack->at = (stack->at - words_size) & ~15ull;
	uint64_t *words = (uint64_t *)(stack->here + stack->at);
	pop_word(&words, argc);
	const char *const *lists[2] = {start->argv, start->envp};
	size_t counts[2] = {argc, envc};
	for (int list = 0; list < 2; list++) {
		for (size_t i = 0; i < counts[list]; i++) {
			size_t length = rt_string_length(lists[list][i]) + 1;
			memcpy(stack->here + string, lists[list][i], length);
			pop_word(&words, stack->there + string);
			string += length;
		}
		pop_word(&words, 0);
	}
	memcpy(words, auxv, sizeof(auxv));
	return stack->there + stack->at;
}

/* Maps the object here for a moment and writes the start of the program on it. */
static twz_result write_stack(struct twz_id object, uint64_t there, const struct exec_start *start,
			      uint64_t *sp)
{
	size_t argc, envc;
	uint64_t bytes = list_bytes(start->argv, &argc) + list_bytes(start->envp, &envc) +
			 rt_string_length(start->path) + start->block_size + TWZ_PAGE_SIZE;
	if (bytes > STACK_START_MAX)
		return RT_ERROR(TOO_MANY);
	uint8_t random[16];
	twz_result result = rt_random_weak(random, sizeof(random));
	if (result < 0)
		return result;
	struct twz_map map = {.object = object,
			      .slot = TWZ_SLOT_ANY,
			      .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE,
			      .inherit = TWZ_INHERIT_NONE};
	twz_result slot = twz_sys_view_map(&map);
	if (slot < 0)
		return slot;
	struct stack stack = {.here = (uint8_t *)((uint64_t)slot << TWZ_SLOT_SHIFT),
			      .there = there,
			      .at = STACK_GUARD + STACK_SIZE};
	*sp = fill(&stack, start, argc, envc, random);
	twz_sys_view_unmap(0, 0, (uint64_t)slot);
	return 0;
}

twz_result exec_stack_make(struct twz_id view, const struct exec_start *start, uint64_t *sp)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = view};
	struct twz_id object;
	twz_result result = twz_sys_object_create(&spec, &object);
	if (result < 0)
		return result;
	struct twz_map map = {.view = view,
			      .object = object,
			      .slot = TWZ_SLOT_ANY,
			      .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE,
			      .inherit = TWZ_INHERIT_PRIVATE};
	twz_result slot = twz_sys_view_map(&map);
	result = slot;
	if (result >= 0)
		result = write_stack(object, (uint64_t)slot << TWZ_SLOT_SHIFT, start, sp);
	if (result >= 0)
		result = twz_sys_object_protect(object.hi, object.lo, 0, STACK_GUARD, 0);
	if (result >= 0)
		result = twz_sys_object_protect(object.hi, object.lo, STACK_GUARD + STACK_SIZE,
						STACK_GUARD, 0);
	if (result < 0)
		twz_sys_object_delete(object.hi, object.lo);
	return result < 0 ? result : 0;
}
