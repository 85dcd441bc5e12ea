/* SPDX-License-Identifier: BSD-2-Clause */
/* The children: views of some threads each, that act until they have had enough or die. */
#include "fuzz.h"

char areas[AREAS][AREA_SIZE] __attribute__((aligned(AREA_SIZE)));

#define ACTS 500

struct context *context_at(uint64_t address)
{
	uint64_t first = (uint64_t)areas;

	if (address < first || address >= first + sizeof(areas))
		return NULL;
	return (struct context *)(first + (address - first) / AREA_SIZE * AREA_SIZE);
}

char *upcall_stack_of(unsigned area)
{
	return areas[area] + AREA_SIZE;
}

char *stack_of(unsigned area)
{
	return areas[area] + AREA_SIZE - UPCALL_STACK;
}

/* A fault goes back to the attempt; an interrupt may as well resume. */
void upcall_main(struct twz_upcall_frame *frame);
void upcall_main(struct twz_upcall_frame *frame)
{
	struct context *c = context_at((uint64_t)frame);

	if (c && frame->fault.kind == TWZ_FAULT_INTERRUPT && (!c->resume || chance(c, 2)))
		twz_sys_upcall_return(frame);
	if (!c || !c->resume || context_at(c->resume) != c)
		twz_sys_thread_exit(NULL, 0, 0);
	__atomic_fetch_add(&LOG->faults, 1, __ATOMIC_RELAXED);
	recover(c);
}

static struct context *prepare(unsigned area, uint32_t depth, uint64_t stream)
{
	struct context *c = (struct context *)areas[area];
	const uint64_t range[2] = {(uint64_t)upcall_stack_of(area) - UPCALL_STACK, UPCALL_STACK};

	memset(c, 0, sizeof(*c));
	c->random = stream;
	c->index = area;
	c->depth = depth;
	twz_sys_thread_control(TWZ_THREAD_VIEW, (uint64_t)&c->view);
	twz_sys_thread_control(TWZ_THREAD_UPCALL_STACK, (uint64_t)range);
	return c;
}

static void play(struct context *c, unsigned acts)
{
	for (unsigned i = 0; i < acts; i++)
		act(c);
}

/* rdi: the area, and from bit 8 the random stream. */
void thread_main(uint64_t argument) __attribute__((noreturn));
void thread_main(uint64_t argument)
{
	unsigned area = argument % AREAS;

	play(prepare(area, 0, mix(argument, area)), ACTS);
	twz_sys_thread_exit(NULL, 0, 0);
	__builtin_trap();
}

/* rdi: the area, the depth from bit 8, the random stream from bit 16. */
void grandchild_main(uint64_t argument) __attribute__((noreturn));
void grandchild_main(uint64_t argument)
{
	unsigned area = argument % AREAS;
	uint32_t depth = argument >> 8 & 0xff;
	struct context *c = prepare(area, depth ? depth : 1, mix(argument, 99));

	play(c, ACTS >> (2 * c->depth));
	twz_sys_view_exit(depth);
	__builtin_trap();
}

void child_main(uint64_t stream) __attribute__((noreturn));
void child_main(uint64_t stream)
{
	const struct twz_upcall_target target = {.entry = (uint64_t)upcall_entry};
	struct context *c = prepare(0, 0, stream);
	struct twz_system_info info;

	twz_sys_thread_control(TWZ_THREAD_SET_CEILING, TWZ_PRIORITIES - 4);
	twz_sys_thread_control(TWZ_THREAD_SET_PRIORITY, TWZ_PRIORITY_DEFAULT);
	for (unsigned i = 0; stream == STREAM_WARM && i < THREADS_MAX + 16; i++) {
		const struct twz_thread_spec sleeper = {.entry = (uint64_t)sleeper_entry};

		twz_sys_thread_spawn(&sleeper, NULL);
	}
	while (stream == STREAM_WARM)
		twz_sys_thread_sync(NULL, 0, TWZ_FOREVER);
	twz_sys_view_set_upcall(&target);
	twz_sys_system_info(&info);
	pool[0] = pool[1] = c->view;
	names_id = info.names;
	store_id = info.store_names;
	pool_views[0] = c->view;
	for (unsigned i = 1; i <= THREADS; i++) {
		const struct twz_thread_spec spec = {
			.entry = (uint64_t)thread_entry,
			.stack = (uint64_t)stack_of(i),
			.argument = i | mix(stream, i) << 8,
			.upcall_stack = (uint64_t)upcall_stack_of(i),
			.upcall_stack_length = UPCALL_STACK,
		};

		twz_sys_thread_spawn(&spec, &pool[1 + i]);
	}
	play(c, ACTS);
	/* the parent ends the child when the others need longer */
	twz_sys_thread_exit(NULL, 0, 0);
	__builtin_trap();
}
