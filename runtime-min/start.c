/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the start stack: arguments, environment, auxiliary vector, spawn block. */
#include "start.h"

struct rt_start rt_start;
uintptr_t rt_canary;

/* Every path and entry of the block lies in it; the block's version is one that we can read. */
static const char *spawn_block_error(const struct twz_rt_spawn_block *block)
{
	struct twz_abi_version provided = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH};
	if ((uintptr_t)block % 8 != 0 || !rt_user_pointer(block, sizeof(*block)) ||
	    !rt_user_pointer(block, block->size) || block->size < sizeof(*block))
		return "the spawn block does not lie in memory";
	if (!twz_abi_compatible(block->abi, provided))
		return "the parent passes descriptors of another ABI version; rebuild the program";
	size_t room = block->size - sizeof(*block);
	if (block->fd_count > room / sizeof(block->fds[0]))
		return "the spawn block's descriptors do not fit it";
	const char *bytes = (const char *)block;
	/* One NUL at the end makes every offset inside the block a NUL-ended string. */
	bool ended = bytes[block->size - 1] == 0;
	if (block->cwd != 0 && (block->cwd >= block->size || !ended || bytes[block->cwd] != '/'))
		return "the spawn block's directory is not an absolute path";
	for (uint32_t i = 0; i < block->fd_count; i++) {
		const struct twz_rt_passed_fd *fd = &block->fds[i];
		if (fd->fd < 0 || (fd->path != 0 && (fd->path >= block->size || !ended)))
			return "the spawn block has a descriptor without number or path";
	}
	if (block->positions % 8 != 0 || block->positions > block->size ||
	    block->fd_count > (block->size - block->positions) / sizeof(struct twz_id))
		return "the spawn block's positions do not fit it";
	return NULL;
}

static void parse_auxv(const uintptr_t *aux, struct rt_start *start)
{
	uintptr_t phent = sizeof(struct elf64_phdr), page = TWZ_PAGE_SIZE;
	uintptr_t random = 0, path = 0, spawn = 0;

	for (; aux[0] != ELF_AT_NULL; aux += 2) {
		uintptr_t value = aux[1];
		switch (aux[0]) {
		case ELF_AT_PHDR:
			start->phdr = (const void *)value;
			break;
		case ELF_AT_PHNUM:
			start->phdr_count = value;
			break;
		case ELF_AT_PHENT:
			phent = value;
			break;
		case ELF_AT_PAGESZ:
			page = value;
			break;
		case ELF_AT_BASE:
			start->base = value;
			break;
		case ELF_AT_ENTRY:
			start->entry = value;
			break;
		case ELF_AT_RANDOM:
			random = value;
			break;
		case ELF_AT_EXECFN:
			path = value;
			break;
		case AT_TWZ_SPAWN:
			spawn = value;
			break;
		case AT_TWZ_STACK:
			start->stack = value;
			break;
		case AT_TWZ_STACK_SIZE:
			start->stack_size = value;
			break;
		}
	}
	if (page != TWZ_PAGE_SIZE)
		rt_fatal("AT_PAGESZ is not 4096; the system is of another ABI");
	if (phent != sizeof(struct elf64_phdr) || start->phdr_count > UINT16_MAX ||
	    (uintptr_t)start->phdr % 8 != 0 || (start->phdr == NULL) != (start->phdr_count == 0) ||
	    (start->phdr != NULL && !rt_user_pointer(start->phdr, start->phdr_count * phent)))
		rt_fatal("AT_PHDR, AT_PHENT and AT_PHNUM name no program headers");
	if (start->stack % TWZ_PAGE_SIZE != 0 || !rt_user_range(start->stack, start->stack_size))
		rt_fatal("AT_TWZ_STACK is not a stack");
	if (random != 0) {
		if (!rt_user_range(random, 16))
			rt_fatal("AT_RANDOM points outside the program");
		start->random = (const uint8_t *)random;
	}
	start->path = rt_user_range(path, 1) && path != 0 ? (const char *)path : "";
	if (spawn != 0) {
		start->spawn = (const struct twz_rt_spawn_block *)spawn;
		const char *error = spawn_block_error(start->spawn);
		if (error != NULL)
			rt_fatal(error);
	}
}

void rt_start_parse(uintptr_t *sp)
{
	struct rt_start *start = &rt_start;
	if (!rt_user_pointer(sp, 4 * sizeof(*sp)) || (uintptr_t)sp % 8 != 0 || sp[0] > INT32_MAX ||
	    !rt_user_pointer(sp, (sp[0] + 4) * sizeof(*sp)) || sp[1 + sp[0]] != 0)
		rt_fatal("the start stack does not hold argc, argv and envp");
	start->argc = (int)sp[0];
	start->argv = (char **)(sp + 1);
	start->envp = start->argv + start->argc + 1;
	char **end = start->envp;
	while (*end != NULL)
		end++;
	parse_auxv((const uintptr_t *)(end + 1), start);

	uint64_t bits[2];
	if (start->random != NULL)
		memcpy(bits, start->random, sizeof(bits));
	else if (twz_sys_random_read(bits, sizeof(bits)) < 0)
		bits[0] = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) * 0x9e3779b97f4a7c15ull;
	/* The zero byte stops an overrun by a string function, as on other systems. */
	rt_canary = bits[0] & ~0xff00ull;
}

/* Asked once; the child of a fork asks again. */
static struct twz_id self_view;
static uint32_t self_known;

struct twz_id rt_self_view(void)
{
	if (__atomic_load_n(&self_known, __ATOMIC_ACQUIRE) == 0) {
		struct twz_id id = TWZ_ID_NONE;
		twz_sys_thread_control(TWZ_THREAD_VIEW, (uint64_t)&id);
		self_view = id;
		__atomic_store_n(&self_known, 1, __ATOMIC_RELEASE);
	}
	return self_view;
}

void rt_self_forget(void)
{
	__atomic_store_n(&self_known, 0, __ATOMIC_RELEASE);
}

void rt_fatal(const char *message)
{
	static const char prefix[] = "twizzler runtime: ";
	twz_result stream = twz_sys_stream_find("console", 7);
	if (rt_start.spawn != NULL) {
		for (uint32_t i = 0; i < rt_start.spawn->fd_count; i++) {
			const struct twz_rt_passed_fd *fd = &rt_start.spawn->fds[i];
			if (fd->fd == 2 && fd->kind == TWZ_PASS_STREAM)
				stream = fd->handle;
		}
	}
	if (stream >= 0) {
		twz_sys_stream_write((uint32_t)stream, prefix, sizeof(prefix) - 1);
		twz_sys_stream_write((uint32_t)stream, message, rt_string_length(message));
		twz_sys_stream_write((uint32_t)stream, "\n", 1);
	}
	twz_rt_exit(127);
}
