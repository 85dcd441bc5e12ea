/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every Nth allocation of the kernel fails (boot option fail-alloc): calls either do their work or
 * say that memory is short, and nothing is lost.
 */
#include "test.h"

#define RW     (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define ROUNDS 150

extern char tried_read[], tried_write[], clone_entry[], worker_entry[];
extern char __bss_start[], _end[];
static unsigned refusals;

/* A fault of our own for want of memory: the next attempt has some. */
static bool again(const struct twz_fault *fault)
{
	if (fault->kind != TWZ_FAULT_MEMORY || fault->registers.rip == (uint64_t)tried_read ||
	    fault->registers.rip == (uint64_t)tried_write)
		return false;
	refusals++;
	return true;
}

/* Done; or it was refused for want of memory, which alone is allowed. */
static bool done(const char *what, long result)
{
	if (result >= 0)
		return true;
	refusals++;
	if (result != -TWZ_ERR_OUT_OF_MEMORY)
		failed(__FILE__, __LINE__, what, result);
	return false;
}

static bool create(const struct twz_object_spec *spec, struct twz_id *id)
{
	return done("create", twz_sys_object_create(spec, id));
}

static bool map(struct twz_id view, struct twz_id object, uint64_t slot, uint32_t inherit)
{
	struct twz_map entry = {
		.view = view, .object = object, .slot = slot, .rights = RW, .inherit = inherit};

	return done("map", twz_sys_view_map(&entry));
}

static void touch(uint64_t slot, uint64_t page)
{
	uint32_t fault = try_write(SLOT(slot) + page * PAGE);

	if (fault && fault != TWZ_FAULT_MEMORY)
		failed(__FILE__, __LINE__, "touch", fault);
	refusals += fault != 0;
}

static void delete (struct twz_id id)
{
	EQUAL(twz_sys_object_delete(id.hi, id.lo), 0);
}

static void objects_round(unsigned round)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_object_source source = {.len = 1024 * PAGE};
	struct twz_id a, b, c;
	struct twz_copy_range range = {.length = 64 * PAGE};

	if (!create(&spec, &a))
		return;
	if (map(OWN, a, 700, TWZ_INHERIT_PRIVATE)) {
		for (unsigned i = 0; i < 40; i++)
			touch(700, i * (1 + round % 23));
		source.id = a;
		spec.sources = &source;
		spec.source_count = 1;
		if (create(&spec, &b)) {
			if (map(OWN, b, 701, TWZ_INHERIT_PRIVATE)) {
				for (unsigned i = 0; i < 40; i++)
					touch(701, i * 2);
				EQUAL(twz_sys_view_unmap(0, 0, 701), 0);
			}
			range = (struct twz_copy_range){b, 5, a, 6, 3 * PAGE};
			done("copy bytes", twz_sys_object_copy_range(&range));
			range = (struct twz_copy_range){b, 600 * PAGE, a, 0, 64 * PAGE};
			done("copy", twz_sys_object_copy_range(&range));
			range = (struct twz_copy_range){a, 2048 * PAGE, b, 0, 64 * PAGE};
			done("move", twz_sys_object_move_range(&range));
			done("discard", twz_sys_object_discard(b.hi, b.lo, 0, 700 * PAGE));
			delete (b);
		}
		done("protect", twz_sys_object_protect(a.hi, a.lo, 3 * PAGE, 600 * PAGE, 0));
		spec = (struct twz_object_spec){.tie = a, .kind = TWZ_KIND_FILE};
		create(&spec, &c);
		EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	}
	delete (a);
}

/* The control page of a view that was made, until it has ended. */
static void wait_for(struct twz_id view)
{
	struct twz_map entry = {.object = view,
				.slot = TWZ_SLOT_ANY,
				.rights = TWZ_RIGHT_READ,
				.inherit = TWZ_INHERIT_NONE};
	long slot;

	do
		slot = twz_sys_view_map(&entry);
	while (!done("map control", slot));
	wait_word((volatile uint32_t *)SLOT(slot), TWZ_VIEW_RUNNING);
	EQUAL(twz_sys_view_unmap(0, 0, (uint64_t)slot), 0);
	delete (view);
}

static char clone_stack[16384] __attribute__((aligned(16)));

static void in_clone(void)
{
	for (unsigned round = 0; round < 4; round++)
		objects_round(round);
	twz_sys_view_exit(0);
}

static void views_round(void)
{
	struct twz_view_clone clone = {
		.entry = (uint64_t)clone_entry,
		.stack = (uint64_t)(clone_stack + sizeof(clone_stack)),
		.argument = (uint64_t)in_clone,
	};
	struct twz_thread_spec spec = {.entry = 0x123456000};
	struct twz_id view, text;
	const struct twz_object_spec raw = {.flags = TWZ_OBJECT_RAW};

	if (done("clone", twz_sys_view_clone(&clone, &view)))
		wait_for(view);
	if (!done("view", twz_sys_view_create(&view)))
		return;
	if (create(&raw, &text)) {
		map(view, text, 9, TWZ_INHERIT_PRIVATE);
		delete (text);
	}
	spec.view = view;
	/* it faults at once, and the view ends */
	if (done("spawn", twz_sys_thread_spawn(&spec, 0)))
		wait_for(view);
	else
		delete (view);
}

static char thread_stack[16384] __attribute__((aligned(16)));

static void nothing(void *unused)
{
	(void)unused;
}

/* worker_main notes in its table of stacks that ours is free, so it has to lie in its range. */
static void threads_round(void)
{
	static struct worker worker;
	struct twz_thread_spec spec = {.entry = (uint64_t)worker_entry,
				       .argument = (uint64_t)&worker,
				       .stack = (uint64_t)(thread_stack + sizeof(thread_stack))};

	worker.running = 1;
	worker.function = nothing;
	worker.stack = (uint64_t)SLOT(600);
	if (done("spawn", twz_sys_thread_spawn(&spec, &worker.id)))
		wait_word(&worker.running, 1);
}

static struct twz_system_info settled(void)
{
	struct twz_system_info last = {0}, info = {0};

	for (unsigned same = 0; same < 3; same++) {
		uint64_t until = (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) + 3000000;

		while ((uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) < until)
			twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		twz_sys_system_info(&info);
		if (info.objects != last.objects || info.threads != last.threads ||
		    info.views != last.views || info.pages_free != last.pages_free)
			same = 0;
		last = info;
	}
	return last;
}

static void rounds(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		objects_round(i);
		threads_round();
		if (i % 5 == 0)
			views_round();
	}
}

void test_main(const uint64_t *stack);
void test_main(const uint64_t *stack)
{
	struct twz_system_info before, after;

	(void)stack;
	for (volatile char *at = __bss_start; at < _end; at += PAGE)
		*at = *at;
	unexpected_fault = again;
	faults_init();
	rounds(10);
	before = settled();
	refusals = 0;
	rounds(ROUNDS);
	after = settled();
	EQUAL(after.objects, before.objects);
	EQUAL(after.views, before.views);
	EQUAL(after.threads, before.threads);
	/* pieces of the heap lie otherwise than before; a page lost in a round would be ROUNDS */
	if (after.pages_free + 48 < before.pages_free)
		failed(__FILE__, __LINE__, "pages lost",
		       (long)(before.pages_free - after.pages_free));
	if (!refusals)
		failed(__FILE__, __LINE__, "nothing was refused", 0);
	print_number(refusals);
	print(test_failed ? " refusals, failed\n" : " refusals, all borne\n");
	twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, test_failed);
}
