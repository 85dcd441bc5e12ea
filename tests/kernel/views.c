/* SPDX-License-Identifier: BSD-2-Clause */
/* Views: clones, programs made by hand, their ends. */
#include "test.h"

#define RW (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)

extern char snippet_exit[], snippet_fault[], snippet_loop[], snippet_end[];
extern char clone_entry[];

static volatile int variable = 1;
static struct twz_id private_id;

static void in_clone(void)
{
	struct twz_copy_range range = {private_id, PAGE, private_id, 0, PAGE};
	int good = variable == 1 && SLOT(700)[0] == 11 && SLOT(701)[0] == 21;

	variable = 2;
	SLOT(700)[0] = 12;
	SLOT(701)[0] = 22;
	/* the source's id is our copy here */
	if (twz_sys_object_copy_range(&range) < 0 || SLOT(700)[PAGE] != 12)
		good = 0;
	if (twz_sys_view_entry(0, 0, 702, &(struct twz_map){0}) != 0)
		good = 0;
	twz_sys_view_exit(good ? 33 : 34);
}

static void end_clone(struct twz_id id, uint64_t slot)
{
	EQUAL(twz_sys_view_unmap(0, 0, slot), 0);
	EQUAL(twz_sys_object_delete(id.hi, id.lo), 0);
}

TEST(clones_copy_and_share)
{
	struct twz_id shared, none, id;
	const struct twz_view_control *control;
	uint64_t slot;

	private_id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	shared = raw_at(701, RW, TWZ_INHERIT_SHARED);
	none = raw_at(702, RW, TWZ_INHERIT_NONE);
	variable = 1;
	SLOT(700)[0] = 11;
	SLOT(701)[0] = 21;
	control = run_clone(in_clone, &id, &slot);
	EQUAL(control->state, TWZ_VIEW_EXITED);
	EQUAL(control->code, 33);
	EQUAL(control->threads, 0);
	EQUAL(variable, 1);
	EQUAL(SLOT(700)[0], 11);
	EQUAL(SLOT(700)[PAGE], 0);
	EQUAL(SLOT(701)[0], 22);
	end_clone(id, slot);
	drop(private_id, 700);
	drop(shared, 701);
	drop(none, 702);
}

static struct twz_id owner_id;

static bool exists(struct twz_id id)
{
	struct twz_object_stat stat;

	return twz_sys_object_stat(id.hi, id.lo, &stat) == 0;
}

static void tie_copy(void)
{
	twz_result result =
		twz_sys_object_tie(private_id.hi, private_id.lo, owner_id.hi, owner_id.lo);

	twz_sys_view_exit(result == 0 && exists(private_id) ? 33 : 34);
}

/* What only a clone has cannot outlive it: its owner, ending later, finds nothing. */
TEST(a_clone_ends_before_what_its_copy_is_tied_to)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	const struct twz_view_control *control;
	struct twz_id id;
	uint64_t slot;

	private_id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	EQUAL(twz_sys_object_create(&spec, &owner_id), 0);
	control = run_clone(tie_copy, &id, &slot);
	EQUAL(control->code, 33);
	end_clone(id, slot);
	EQUAL(twz_sys_object_delete(owner_id.hi, owner_id.lo), 0);
	CHECK(exists(private_id)); /* ours was not tied */
	drop(private_id, 700);
}

static void delete_copies(void)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id owner;
	int good = twz_sys_object_delete(private_id.hi, private_id.lo) == 0 && !exists(private_id);

	/* its id is not our maker's object either; the memory is there as long as it is mapped */
	good &= twz_sys_object_delete(private_id.hi, private_id.lo) == -TWZ_ERR_NO_SUCH_OBJECT;
	good &= SLOT(700)[0] == 11;
	good &= twz_sys_object_create(&spec, &owner) == 0;
	good &= twz_sys_object_tie(owner_id.hi, owner_id.lo, owner.hi, owner.lo) == 0;
	good &= twz_sys_object_delete(owner.hi, owner.lo) == 0 && !exists(owner_id);
	good &= SLOT(701)[0] == 21;
	twz_sys_view_exit(good ? 33 : 34);
}

TEST(clones_delete_their_copies)
{
	const struct twz_view_control *control;
	struct twz_id id;
	uint64_t slot;

	private_id = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	owner_id = raw_at(701, RW, TWZ_INHERIT_PRIVATE);
	SLOT(700)[0] = 11;
	SLOT(701)[0] = 21;
	control = run_clone(delete_copies, &id, &slot);
	EQUAL(control->code, 33);
	end_clone(id, slot);
	CHECK(exists(private_id) && exists(owner_id));
	drop(private_id, 700);
	drop(owner_id, 701);
}

static void clone_again(void)
{
	struct twz_id id;
	uint64_t slot;

	SLOT(700)[0]++;
	if (SLOT(700)[0] < 4) {
		const struct twz_view_control *control = run_clone(clone_again, &id, &slot);

		twz_sys_view_exit(control->code + SLOT(700)[0]);
	}
	twz_sys_view_exit(SLOT(700)[0]);
}

TEST(clones_of_clones)
{
	struct twz_id id, object = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	const struct twz_view_control *control;
	uint64_t slot;

	SLOT(700)[0] = 0;
	control = run_clone(clone_again, &id, &slot);
	EQUAL(control->code, 1 + 2 + 3 + 4);
	EQUAL(SLOT(700)[0], 0);
	end_clone(id, slot);
	drop(object, 700);
}

#define BIG (4ull << 20)

static void write_all(void)
{
	for (uint64_t at = 0; at < BIG; at += PAGE) {
		if (SLOT(700)[at] != (char)(at / PAGE))
			twz_sys_view_exit(1);
		SLOT(700)[at] = 0x55;
	}
	twz_sys_view_exit(0);
}

TEST(large_private_memory_is_copied_on_write)
{
	struct twz_id id, object = raw_at(700, RW, TWZ_INHERIT_PRIVATE);
	const struct twz_view_control *control;
	uint64_t slot;

	for (uint64_t at = 0; at < BIG; at += PAGE)
		SLOT(700)[at] = (char)(at / PAGE);
	for (int round = 0; round < 3; round++) {
		control = run_clone(write_all, &id, &slot);
		EQUAL(control->state, TWZ_VIEW_EXITED);
		EQUAL(control->code, 0);
		end_clone(id, slot);
	}
	for (uint64_t at = 0; at < BIG; at += PAGE) {
		if (SLOT(700)[at] != (char)(at / PAGE))
			failed(__FILE__, __LINE__, "the parent's page", (long)at);
		SLOT(700)[at] = 1;
	}
	drop(object, 700);
}

/* A program of one page of text, made by hand, in a family or (OWN) in none. */
static struct twz_id program_in(struct twz_id family, const char *from, uint64_t argument,
				struct twz_id *text)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_map map = {.slot = 3, .rights = TWZ_RIGHT_READ | TWZ_RIGHT_EXEC};
	struct twz_thread_spec thread = {.argument = argument};
	struct twz_id view;

	EQUAL(twz_sys_view_create(&view), 0);
	if (family.hi | family.lo)
		EQUAL(twz_sys_view_family(view.hi, view.lo, family.hi, family.lo), 0);
	spec.tie = view;
	EQUAL(twz_sys_object_create(&spec, text), 0);
	map_at(*text, 700, RW, TWZ_INHERIT_NONE);
	memcpy(SLOT(700), snippet_exit, (unsigned long)(snippet_end - snippet_exit));
	EQUAL(twz_sys_view_unmap(0, 0, 700), 0);
	EQUAL(twz_sys_object_protect(text->hi, text->lo, 0, PAGE, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC),
	      0);
	map.view = view;
	map.object = *text;
	EQUAL(twz_sys_view_map(&map), 3);
	thread.view = view;
	thread.entry = (uint64_t)SLOT(3) + (uint64_t)(from - snippet_exit);
	CHECK(twz_sys_thread_spawn(&thread, 0) > 0);
	return view;
}

static struct twz_id program(const char *from, uint64_t argument, struct twz_id *text)
{
	return program_in(OWN, from, argument, text);
}

static volatile struct twz_view_control *watch(struct twz_id view)
{
	map_at(view, 701, TWZ_RIGHT_READ, TWZ_INHERIT_NONE);
	return (volatile struct twz_view_control *)SLOT(701);
}

TEST(programs_made_by_hand_exit)
{
	struct twz_id text, view = program(snippet_exit, 123, &text);
	volatile struct twz_view_control *control = watch(view);

	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	EQUAL(control->state, TWZ_VIEW_EXITED);
	EQUAL(control->code, 123);
	drop(view, 701);
	EQUAL(twz_sys_object_delete(text.hi, text.lo), -TWZ_ERR_NO_SUCH_OBJECT);
}

TEST(faults_end_a_program_without_upcalls)
{
	struct twz_id text, view = program(snippet_fault, 0x123456789000, &text);
	volatile struct twz_view_control *control = watch(view);

	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	EQUAL(control->state, TWZ_VIEW_KILLED);
	EQUAL(control->code, 11);
	EQUAL(control->fault.kind, TWZ_FAULT_PAGE);
	EQUAL(control->fault.address, 0x123456789000);
	EQUAL(control->fault.registers.rip, (long)SLOT(3) + (snippet_fault - snippet_exit));
	EQUAL(control->fault.registers.rdi, 0x123456789000);
	drop(view, 701);
}

TEST(programs_can_be_killed)
{
	struct twz_id text, view = program(snippet_loop, 0, &text);
	volatile struct twz_view_control *control = watch(view);

	EQUAL(twz_sys_object_delete(view.hi, view.lo), -TWZ_ERR_BUSY);
	view = OWN;
	/* its pages have rights of their own: nobody else may map them */
	EQUAL(twz_sys_view_map(
		      &(struct twz_map){.object = text, .slot = 702, .rights = TWZ_RIGHT_READ}),
	      -TWZ_ERR_BUSY);
	EQUAL(control->state, TWZ_VIEW_RUNNING);
	EQUAL(twz_sys_view_entry(0, 0, 701, &(struct twz_map){0}), 0);
	{
		struct twz_map entry;

		EQUAL(twz_sys_view_entry(0, 0, 701, &entry), 0);
		view = entry.object;
	}
	EQUAL(twz_sys_view_kill(view.hi, view.lo, 0), -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_view_kill(view.hi, view.lo, 9), 0);
	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	EQUAL(control->state, TWZ_VIEW_KILLED);
	EQUAL(control->code, 9);
	EQUAL(twz_sys_view_unmap(0, 0, 701), 0);
	/* the refused deletion made it an orphan: its id goes with it, a moment after its last word
	 */
	while (twz_sys_view_kill(view.hi, view.lo, 9) == -TWZ_ERR_NO_SUCH_THREAD)
		twz_sys_thread_control(TWZ_THREAD_YIELD, 0);
	EQUAL(twz_sys_view_kill(view.hi, view.lo, 9), -TWZ_ERR_NO_SUCH_OBJECT);
}

TEST(families_end_together)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id family, other, text, empty, view, texts[2];

	EQUAL(twz_sys_object_create(&spec, &family), 0);
	EQUAL(twz_sys_object_create(&spec, &other), 0);
	EQUAL(twz_sys_family_end(family.hi, family.lo), 0);
	EQUAL(twz_sys_view_create(&empty), 0);
	EQUAL(twz_sys_view_family(1, 1, family.hi, family.lo), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_view_family(family.hi, family.lo, family.hi, family.lo),
	      -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_view_family(empty.hi, empty.lo, 1, 1), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_view_family(empty.hi, empty.lo, empty.hi, empty.lo),
	      -TWZ_ERR_INVALID_ARGUMENT);
	EQUAL(twz_sys_view_family(0, 0, family.hi, family.lo), -TWZ_ERR_BUSY);
	EQUAL(twz_sys_view_family(empty.hi, empty.lo, family.hi, family.lo), 0);
	EQUAL(twz_sys_view_family(empty.hi, empty.lo, other.hi, other.lo), -TWZ_ERR_BUSY);
	EQUAL(twz_sys_family_end(1, 1), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_family_end(empty.hi, empty.lo), -TWZ_ERR_INVALID_ARGUMENT);

	/* two that run for ever, one without threads, one of another family */
	view = program_in(family, snippet_loop, 0, &texts[0]);
	program_in(family, snippet_loop, 0, &texts[1]);
	program_in(other, snippet_loop, 0, &text);
	volatile struct twz_view_control *control = watch(view);
	EQUAL(twz_sys_family_end(family.hi, family.lo), 3);
	EQUAL(control->state, TWZ_VIEW_KILLED);
	EQUAL(control->code, 9);
	EQUAL(twz_sys_view_unmap(0, 0, 701), 0);
	for (int i = 0; i < 2; i++)
		EQUAL(twz_sys_object_delete(texts[i].hi, texts[i].lo), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_object_delete(empty.hi, empty.lo), -TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_family_end(family.hi, family.lo), 0);
	EQUAL(twz_sys_family_end(other.hi, other.lo), 1);
	EQUAL(twz_sys_object_delete(family.hi, family.lo), 0);
	EQUAL(twz_sys_object_delete(other.hi, other.lo), 0);
}

#define MADE ((struct twz_id *)SLOT(700)) /* what the clone ties to nothing */

/* One object made tied to nothing, one tied to a view that ends and then untied. */
static void tie_to_nothing(void)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};

	if (twz_sys_object_create(&spec, &MADE[0]) < 0 ||
	    twz_sys_thread_control(TWZ_THREAD_VIEW, (uint64_t)&spec.tie) < 0 ||
	    twz_sys_object_create(&spec, &MADE[1]) < 0)
		twz_sys_view_exit(1);
	twz_sys_view_exit(twz_sys_object_tie(MADE[1].hi, MADE[1].lo, 0, 0) < 0);
}

/* The result of both objects' deletion by somebody else, once their maker has ended. */
static void check_made(long deleted)
{
	for (int i = 0; i < 2; i++)
		EQUAL(twz_sys_object_delete(MADE[i].hi, MADE[i].lo), deleted);
}

TEST(what_is_tied_to_nothing_outlives_its_maker)
{
	struct twz_id id, shared = raw_at(700, RW, TWZ_INHERIT_SHARED);
	uint64_t slot;

	EQUAL(run_clone(tie_to_nothing, &id, &slot)->code, 0);
	end_clone(id, slot);
	check_made(0);
	drop(shared, 700);
}

TEST(what_a_member_ties_to_nothing_goes_with_its_family)
{
	static char stack[4096] __attribute__((aligned(16)));
	struct twz_id family, shared = raw_at(700, RW, TWZ_INHERIT_SHARED);
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_thread_spec thread = {.entry = (uint64_t)clone_entry,
					 .stack = (uint64_t)(stack + sizeof(stack)),
					 .argument = (uint64_t)tie_to_nothing};
	struct twz_object_stat stat;

	EQUAL(twz_sys_object_create(&spec, &family), 0);
	EQUAL(twz_sys_view_clone(&(struct twz_view_clone){0}, &thread.view), 0);
	EQUAL(twz_sys_view_family(thread.view.hi, thread.view.lo, family.hi, family.lo), 0);
	CHECK(twz_sys_thread_spawn(&thread, 0) > 0);
	volatile struct twz_view_control *control = watch(thread.view);
	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	EQUAL(control->code, 0);
	drop(thread.view, 701);
	for (int i = 0; i < 2; i++)
		EQUAL(twz_sys_object_stat(MADE[i].hi, MADE[i].lo, &stat), 0);
	CHECK(twz_sys_family_end(family.hi, family.lo) >= 0);
	check_made(-TWZ_ERR_NO_SUCH_OBJECT);
	EQUAL(twz_sys_object_delete(family.hi, family.lo), 0);
	drop(shared, 700);
}

TEST(views_without_threads_go_with_their_id)
{
	struct twz_id view;

	EQUAL(twz_sys_view_create(&view), 0);
	EQUAL(twz_sys_view_kill(view.hi, view.lo, 9), -TWZ_ERR_NO_SUCH_THREAD);
	EQUAL(twz_sys_object_delete(view.hi, view.lo), 0);
	EQUAL(twz_sys_view_create((void *)SLOT(900)), -TWZ_ERR_BAD_ADDRESS);
	EQUAL(twz_sys_view_clone((void *)SLOT(900), &view), -TWZ_ERR_BAD_ADDRESS);
	EQUAL(twz_sys_view_unmap(1, 1, 0), -TWZ_ERR_NO_SUCH_OBJECT);
}

static volatile uint32_t *shared_word;

static void wake_parent(void)
{
	shared_word[0] = 1;
	wake_word(&shared_word[0], 1);
	wait_word(&shared_word[1], 0);
	twz_sys_view_exit(0);
}

static void run_waker(void *unused)
{
	struct twz_id id;
	uint64_t slot;

	(void)unused;
	run_clone(wake_parent, &id, &slot);
	end_clone(id, slot);
}

TEST(words_of_shared_objects_work_across_views)
{
	struct twz_id object = raw_at(700, RW, TWZ_INHERIT_SHARED);
	struct worker worker;

	shared_word = (volatile uint32_t *)SLOT(700);
	worker_start(&worker, run_waker, 0);
	wait_word(&shared_word[0], 0);
	shared_word[1] = 1;
	wake_word(&shared_word[1], 1);
	worker_join(&worker);
	drop(object, 700);
}
