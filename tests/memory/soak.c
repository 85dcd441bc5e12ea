/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The soak: round after round, programs that make and end threads, objects, views and families by
 * the thousand, fault on purpose and fill memory to the last page, all at once; some are killed in
 * the middle. After each round the counters must be back where they were. Boot options
 * soak=SECONDS and seed=NUMBER, from which sizes, moments and victims follow.
 *
 * The programs are clones of this one. All write their own pages before any may begin, so that they
 * need none while there is none; one that dies for want of another page is no failure.
 */
#include "pressure.h"

#define RW     (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define SECOND 1000000000ull
#define ROUND  (SECOND * 3 / 2)
#define SHARED 800 /* the slot of struct shared */

extern char clone_entry[], worker_entry[], __bss_start[], _end[];

struct shared {
	volatile uint32_t go, stop, ready, never;
	struct twz_id family; /* made and in the end ended by the first program */
	volatile uint64_t threads, objects, views, families, faults, filled, refused;
};
#define shared		((struct shared *)SLOT(SHARED))
#define COUNT_ONE(what) __atomic_add_fetch(&shared->what, 1, __ATOMIC_RELAXED)

static uint64_t seed, random_state;

/* 0 <= result < limit (splitmix64, Steele and others 2014); each program of a round has its own. */
static unsigned random_below(unsigned limit)
{
	uint64_t x = random_state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return (unsigned)((x ^ x >> 31) >> 33) % limit;
}

static uint64_t now(void)
{
	return (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
}

/* A program that finds something wrong ends with the line's number, or 10000 and the error. */
#define EXPECT(condition)                            \
	do {                                         \
		if (!(condition))                    \
			twz_sys_view_exit(__LINE__); \
	} while (0)

/* Done; or refused for want of memory, which alone is allowed. */
static bool done(long result)
{
	if (result >= 0)
		return true;
	if (result != -TWZ_ERR_OUT_OF_MEMORY)
		twz_sys_view_exit(10000 - result);
	COUNT_ONE(refused);
	return false;
}

extern char tried_read[], tried_write[];

/* A page of our own when memory is full: another attempt may have it. */
static bool again(const struct twz_fault *fault)
{
	uint64_t rip = fault->registers.rip;

	if (fault->kind != TWZ_FAULT_MEMORY || rip == (uint64_t)tried_read ||
	    rip == (uint64_t)tried_write || fault->address == rip)
		return false;
	twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	return true;
}

static bool map(struct twz_id object, uint64_t slot)
{
	struct twz_map entry = {.object = object, .slot = slot, .rights = RW};

	return done(twz_sys_view_map(&entry));
}

/* What a program that is killed has made goes with its view only if it is tied to it. */
static struct twz_id own_view(void)
{
	struct twz_id id = OWN;

	EXPECT(twz_sys_thread_control(TWZ_THREAD_VIEW, (uint64_t)&id) == 0);
	return id;
}

static bool begun(void)
{
	wait_word(&shared->go, 0);
	return !shared->stop;
}

/* ---- what the programs do ---- */

#define CROWD 24
static volatile uint32_t running[CROWD];
static char stacks[CROWD][4096] __attribute__((aligned(4096)));

/* A thread's whole life; the stack tells which one it is. */
static void short_life(void)
{
	uint64_t top = ((uint64_t)__builtin_frame_address(0) | 4095) + 1;

	COUNT_ONE(threads);
	twz_sys_thread_exit((uint32_t *)&running[(top - (uint64_t)stacks) / 4096 - 1], 0, 0);
}

static void churn_threads(void)
{
	for (unsigned i = 0; i < CROWD; i++)
		stacks[i][4000] = 1;
	while (begun()) {
		for (unsigned i = random_below(CROWD); i < CROWD; i++) {
			struct twz_thread_spec spec = {
				.entry = (uint64_t)clone_entry,
				.argument = (uint64_t)short_life,
				.stack = (uint64_t)(stacks[i] + sizeof(stacks[i])),
			};
			struct twz_id id;

			running[i] = 1;
			if (!done(twz_sys_thread_spawn(&spec, &id)))
				running[i] = 0;
		}
		for (unsigned i = 0; i < CROWD; i++)
			wait_word(&running[i], 1);
	}
}

static void churn_objects(void)
{
	struct twz_object_spec plain = {.flags = TWZ_OBJECT_RAW, .tie = own_view()};
	struct twz_id a, b;

	while (begun()) {
		unsigned pages = 100 + random_below(200), part = random_below(pages);
		struct twz_object_source source = {.len = 300 * PAGE};
		struct twz_object_spec copy = {
			.flags = TWZ_OBJECT_RAW, .sources = &source, .source_count = 1};

		if (!done(twz_sys_object_create(&plain, &a)))
			continue;
		if (map(a, 700)) {
			struct twz_copy_range range = {a, 700 * PAGE, a, 0, pages * PAGE};

			for (unsigned i = 0; i < pages; i++)
				if (try_write(SLOT(700) + i * PAGE))
					break;
			source.id = a;
			copy.tie = a;
			if (done(twz_sys_object_create(&copy, &b)) && map(b, 701)) {
				for (unsigned i = part; i < pages; i += 2)
					if (try_write(SLOT(701) + i * PAGE))
						break;
				EXPECT(twz_sys_view_unmap(0, 0, 701) == 0);
			}
			done(twz_sys_object_copy_range(&range));
			done(twz_sys_object_discard(a.hi, a.lo, part * PAGE, 100 * PAGE));
			EXPECT(twz_sys_view_unmap(0, 0, 700) == 0);
		}
		EXPECT(twz_sys_object_delete(a.hi, a.lo) == 0);
		COUNT_ONE(objects);
	}
}

static char inner_stack[8192] __attribute__((aligned(16)));
static volatile char pages[64 * PAGE];

static void inner(void)
{
	for (unsigned i = 0; i < 64; i++)
		try_write(pages + i * PAGE);
	twz_sys_view_exit(0);
}

static void churn_views(void)
{
	while (begun()) {
		struct twz_view_clone clone = {
			.entry = (uint64_t)clone_entry,
			.stack = (uint64_t)(inner_stack + sizeof(inner_stack)),
			.argument = (uint64_t)inner,
		};
		struct twz_map entry = {
			.slot = 702, .rights = TWZ_RIGHT_READ, .inherit = TWZ_INHERIT_NONE};
		struct twz_id view;

		for (unsigned i = random_below(64); i < 64; i++)
			try_write(pages + i * PAGE);
		if (!done(twz_sys_view_clone(&clone, &view)))
			continue;
		entry.object = view;
		if (done(twz_sys_view_map(&entry))) {
			wait_word((volatile uint32_t *)SLOT(702), TWZ_VIEW_RUNNING);
			EXPECT(twz_sys_view_unmap(0, 0, 702) == 0);
		}
		twz_sys_object_delete(view.hi, view.lo);
		COUNT_ONE(views);
	}
}

static void churn_faults(void)
{
	struct twz_thread_spec spec = {.entry = 0x123456000};
	struct twz_id view;

	while (begun()) {
		EXPECT(try_read(SLOT(900)) == TWZ_FAULT_PAGE);
		EXPECT(try_write((void *)0) == TWZ_FAULT_PAGE);
		EXPECT(try_write((void *)churn_faults) == TWZ_FAULT_PROTECTION);
		EXPECT(try_call((void *)pages) != 0);
		COUNT_ONE(faults);
		/* a program whose first instruction faults */
		if (!done(twz_sys_view_create(&view)))
			continue;
		spec.view = view;
		done(twz_sys_thread_spawn(&spec, 0));
		twz_sys_object_delete(view.hi, view.lo);
	}
}

/* Two of these: the one fills what the other leaves. */
static void fill(void)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW, .tie = own_view()};

	while (begun()) {
		struct twz_copy_range range = {.length = 1};
		struct twz_id id;
		long result = 0;

		if (!done(twz_sys_object_create(&spec, &id)))
			continue;
		range.destination = range.source = id;
		for (uint64_t at = PAGE; at < TWZ_SLOT_SIZE && result >= 0; at += PAGE) {
			range.destination_offset = at + 8;
			result = twz_sys_object_copy_range(&range);
		}
		EXPECT(result == -TWZ_ERR_OUT_OF_MEMORY);
		COUNT_ONE(filled);
		EXPECT(twz_sys_object_delete(id.hi, id.lo) == 0);
	}
}

/* A program of the family that loops for ever, or one that faults; without memory, less of it. */
static void start_member(struct twz_id family, bool loops)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_map entry = {.slot = 3, .rights = TWZ_RIGHT_READ | TWZ_RIGHT_EXEC};
	struct twz_thread_spec thread = {.entry = (uint64_t)SLOT(3)};
	bool written = false;

	if (!done(twz_sys_view_create(&spec.tie)))
		return;
	entry.view = thread.view = spec.tie;
	if (!done(twz_sys_view_family(spec.tie.hi, spec.tie.lo, family.hi, family.lo))) {
		twz_sys_object_delete(spec.tie.hi, spec.tie.lo);
		return;
	}
	if (!done(twz_sys_object_create(&spec, &entry.object)) || !map(entry.object, 703))
		return;
	if (!try_write(SLOT(703))) {
		SLOT(703)[0] = loops ? (char)0xeb : 0x0f; /* jmp to itself; ud2 */
		SLOT(703)[1] = loops ? (char)0xfe : 0x0b;
		written = true;
	}
	EXPECT(twz_sys_view_unmap(0, 0, 703) == 0);
	if (written &&
	    done(twz_sys_object_protect(entry.object.hi, entry.object.lo, 0, PAGE, entry.rights)) &&
	    done(twz_sys_view_map(&entry)))
		done(twz_sys_thread_spawn(&thread, 0));
}

static void churn_families(void)
{
	const struct twz_id family = shared->family;

	while (begun()) {
		unsigned members = 1 + random_below(4);
		long ended;

		for (unsigned i = 0; i < members; i++)
			start_member(family, random_below(2));
		if (random_below(2)) /* some of them run for a while */
			twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		ended = twz_sys_family_end(family.hi, family.lo);
		EXPECT(ended >= 0 && ended <= members);
		COUNT_ONE(families);
	}
}

static void (*const roles[])(void) = {churn_threads, churn_objects, churn_views,   churn_faults,
				      fill,	     fill,	    churn_families};
#define ROLES (sizeof(roles) / sizeof(roles[0]))

/* ---- the rounds ---- */

static char role_stacks[ROLES][16384] __attribute__((aligned(4096)));
static volatile unsigned chosen;

/* Our own pages are ours alone again: from here on we need no memory. */
static void own_pages(void)
{
	volatile char here[3 * PAGE];

	for (volatile char *at = __bss_start; at < _end; at += PAGE)
		*at = *at;
	for (unsigned i = 0; i < sizeof(here); i += PAGE)
		here[i] = 0;
}

static void sleep_for_ever(void)
{
	wait_word(&shared->never, 0);
}

/* Threads that all do the same, on one stack, until memory is full. */
static void crowd(void)
{
	struct twz_thread_spec spec = {
		.entry = (uint64_t)clone_entry,
		.argument = (uint64_t)sleep_for_ever,
		.stack = (uint64_t)(stacks[0] + sizeof(stacks[0])),
	};
	struct twz_id id;

	stacks[0][4000] = 1;
	wait_word(&shared->go, 0);
	while (done(twz_sys_thread_spawn(&spec, &id)))
		;
	shared->stop = 1;
	wake_word(&shared->stop, 1);
	sleep_for_ever();
}

static void play(void)
{
	own_pages();
	__atomic_add_fetch(&shared->ready, 1, __ATOMIC_RELEASE);
	wake_word(&shared->ready, 1);
	if (chosen < ROLES)
		roles[chosen]();
	else
		crowd();
	twz_sys_view_exit(0);
}

static void round_of(unsigned number)
{
	const volatile struct twz_view_control *controls[ROLES];
	struct twz_id views[ROLES];
	struct twz_sync_op sleep = {.word = (uint32_t *)&shared->stop};
	struct twz_object_spec family = {.flags = TWZ_OBJECT_RAW};
	uint64_t begin, killed, ends;
	unsigned victim;

	shared->go = shared->stop = shared->ready = 0;
	CHECK(twz_sys_object_create(&family, &shared->family) == 0);
	for (unsigned i = 0; i < ROLES; i++) {
		struct twz_view_clone clone = {
			.entry = (uint64_t)clone_entry,
			.stack = (uint64_t)(role_stacks[i] + sizeof(role_stacks[i])),
			.argument = (uint64_t)play,
		};

		chosen = i;
		random_state = seed + number * 1000 + i;
		CHECK(twz_sys_view_clone(&clone, &views[i]) > 0);
		map_at(views[i], 801 + i, TWZ_RIGHT_READ, TWZ_INHERIT_NONE);
		controls[i] = (const volatile struct twz_view_control *)SLOT(801 + i);
		(void)controls[i]->state;
	}
	own_pages();
	for (uint32_t ready; (ready = shared->ready) < ROLES;)
		wait_word(&shared->ready, ready);
	random_state = seed + number * 1000 + 999;
	victim = random_below(ROLES);
	begin = now();
	killed = begin + random_below(ROUND);
	ends = begin + ROUND / 2 + random_below(ROUND);
	shared->go = 1;
	wake_word(&shared->go, ~0u);
	if (killed < ends)
		twz_sys_thread_sync(&sleep, 1, killed);
	else
		twz_sys_thread_sync(&sleep, 1, ends);
	/* one of them does not hear of the end */
	twz_sys_view_kill(views[victim].hi, views[victim].lo, 9);
	if (killed < ends)
		twz_sys_thread_sync(&sleep, 1, ends);
	shared->stop = 1;
	for (unsigned i = 0; i < ROLES; i++) {
		wait_word((volatile uint32_t *)&controls[i]->state, TWZ_VIEW_RUNNING);
		/* the wrong end is a check that failed; one that died for want of memory is not */
		if (controls[i]->state == TWZ_VIEW_EXITED && controls[i]->code)
			failed(__FILE__, controls[i]->code, "line of a program, or error", (long)i);
		if (controls[i]->state == TWZ_VIEW_KILLED && controls[i]->code != 9 &&
		    controls[i]->fault.kind != TWZ_FAULT_MEMORY)
			failed(__FILE__, __LINE__, "a program died", controls[i]->fault.kind);
		drop(views[i], 801 + i);
	}
	/* the members outlive the program that made them, when it was killed or died */
	CHECK(twz_sys_family_end(shared->family.hi, shared->family.lo) >= 0);
	CHECK(twz_sys_object_delete(shared->family.hi, shared->family.lo) == 0);
}

/*
 * The kernel's tables for stacks and ids grow with the most threads that there ever were, and stay.
 * A busy host lets dying ones pile up in any round: so it is as many as can be, once.
 */
static void most_threads(void)
{
	struct twz_view_clone clone = {
		.entry = (uint64_t)clone_entry,
		.stack = (uint64_t)(role_stacks[0] + sizeof(role_stacks[0])),
		.argument = (uint64_t)play,
	};
	const volatile struct twz_view_control *control = (void *)SLOT(801);
	struct twz_id view;

	shared->go = shared->stop = shared->ready = 0;
	chosen = ROLES;
	CHECK(twz_sys_view_clone(&clone, &view) > 0);
	map_at(view, 801, TWZ_RIGHT_READ, TWZ_INHERIT_NONE);
	(void)control->state;
	own_pages();
	wait_word(&shared->ready, 0);
	shared->go = 1;
	wake_word(&shared->go, 1);
	wait_word(&shared->stop, 0);
	twz_sys_view_kill(view.hi, view.lo, 9);
	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	drop(view, 801);
}

/* What is alive under no pressure, once what has ended has gone. */
static struct twz_system_info settled(void)
{
	struct twz_system_info last = {0}, info = {0};

	for (unsigned same = 0; same < 3; same++) {
		uint64_t until = now() + 5000000;

		while (now() < until)
			twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
		fill_memory();
		twz_sys_system_info(&info);
		if (info.objects != last.objects || info.threads != last.threads ||
		    info.views != last.views || info.pages_free != last.pages_free)
			same = 0;
		last = info;
	}
	return last;
}

/* A few pages of the heap may be begun that were not. */
static bool all_back(const struct twz_system_info *before, const struct twz_system_info *after)
{
	return after->objects == before->objects && after->views == before->views &&
	       after->threads == before->threads && after->pages_free + 16 >= before->pages_free;
}

static void show(const char *what, uint64_t count)
{
	print(" ");
	print_number((long)count);
	print(what);
}

/* The number of a boot option NAME=NUMBER, or `otherwise`. */
static uint64_t option(const char *name, uint64_t otherwise)
{
	static char line[512];

	twz_sys_system_command_line(line, sizeof(line) - 1);
	for (char *at = line; *at; at++) {
		uint64_t value = 0;
		unsigned n = 0;

		while (name[n] && at[n] == name[n])
			n++;
		if (name[n] || (at > line && at[-1] != ' '))
			continue;
		for (at += n; *at >= '0' && *at <= '9'; at++)
			value = value * 10 + (uint64_t)(*at - '0');
		return value;
	}
	return otherwise;
}

void test_main(const uint64_t *stack);
void test_main(const uint64_t *stack)
{
	struct twz_system_info before, after = {0};
	uint64_t end = now() + option("soak=", 10) * SECOND;
	unsigned number = 0;

	(void)stack;
	seed = option("seed=", 1);
	unexpected_fault = again;
	faults_init();
	raw_at(SHARED, RW, TWZ_INHERIT_SHARED);
	shared->go = 0;
	round_of(0); /* warms what stays */
	most_threads();
	before = settled();
	do {
		round_of(++number);
		after = settled();
		/* the child of a program that was killed may be on its way still, on a busy host */
		for (unsigned more = 0; more < 50 && !all_back(&before, &after); more++)
			after = settled();
		EQUAL(after.objects, before.objects);
		EQUAL(after.views, before.views);
		EQUAL(after.threads, before.threads);
		if (!all_back(&before, &after))
			failed(__FILE__, __LINE__, "pages lost",
			       (long)(before.pages_free - after.pages_free));
	} while ((number < 2 || now() < end) && !test_failed);
	show(" rounds,", number);
	show(" threads,", shared->threads);
	show(" objects,", shared->objects);
	show(" views,", shared->views);
	show(" families,", shared->families);
	show(" rounds of faults,", shared->faults);
	show(" times memory full,", shared->filled);
	show(" refusals;", shared->refused);
	show(" pages fewer;", before.pages_free - after.pages_free);
	print(test_failed ? " failed\n" : " all back\n");
	twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, test_failed);
}
