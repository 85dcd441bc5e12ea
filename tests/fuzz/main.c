/* SPDX-License-Identifier: BSD-2-Clause */
/* The fuzzer's parent: rounds of children, their ends, and what must be left of them: nothing. */
#include "fuzz.h"

/* On the command line: fuzz.seed=N fuzz.seconds=N fuzz.round=N fuzz.rounds=N fuzz.hold=1 */
struct options {
	uint64_t seed, seconds, round, rounds, hold;
};

/* What the parent needs while a child plays, in memory that no clone shares. */
struct parent {
	struct options options;
	struct twz_id child, family;
	struct twz_system_info base, now;
	uint64_t pages_base; /* free, once the kernel has what it keeps */
	uint64_t ended, killed, retries;
	char stack[4 * PAGE], upcall_stack[8 * PAGE];
};
#define PARENT ((struct parent *)SLOT(SLOT_PARENT))

#define SECOND	     1000000000ull
#define HANG_TIME    (30 * SECOND) /* what the end of a child may take, on a busy host too */
#define CHECK_ROUNDS 8
/* The heap's and the tables'; with devices the buffers that the host's files keep. */
#define PAGES_SLACK (twz_id_is_none(store_id) ? 256u : 1024u)

extern char parent_upcall_entry[];
void parent_begin(void);
void parent_switch(char *stack) __attribute__((noreturn));
void parent_main(void) __attribute__((noreturn));
void parent_upcall(struct twz_upcall_frame *frame);
struct twz_id log_id, program_id, permanent[PERMANENT];

static uint64_t now(void)
{
	return (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC);
}

static void sleep_for(uint64_t time)
{
	twz_sys_thread_sync(NULL, 0, now() + time);
}

static void say(const char *what, uint64_t number)
{
	print(what);
	print_number((long)number);
}

static void leave(int code) __attribute__((noreturn));
static void leave(int code)
{
	for (;;)
		twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, code);
}

static uint64_t pages_of(struct twz_id id)
{
	struct twz_object_stat stat = {0};

	twz_sys_object_stat(id.hi, id.lo, &stat);
	return stat.pages;
}

/* Pages that children may have added to what outlives them: a read of a page that is not there
 * makes it. */
static uint64_t pages_shared(void)
{
	return pages_of(log_id) + pages_of(program_id) + pages_of(names_id) + pages_of(store_id);
}

static void fail(const char *why) __attribute__((noreturn));
static void fail(const char *why)
{
	print("fuzz: ");
	print(why);
	say(" in round ", PARENT->options.round);
	say("\nfuzz: objects ", PARENT->now.objects);
	say(" of ", PARENT->base.objects);
	say(", views ", PARENT->now.views);
	say(" of ", PARENT->base.views);
	say(", threads ", PARENT->now.threads);
	say(" of ", PARENT->base.threads);
	say(", free pages ", PARENT->now.pages_free);
	say(" of ", PARENT->pages_base);
	say(", programs logged ", LOG->count);
	say(", pages of what they share ", pages_shared());
	print("\n");
	while (PARENT->options.hold)
		sleep_for(SECOND);
	leave(3);
}

/* Memory may run out under the parent: the child goes, and the parent tries again. */
void parent_upcall(struct twz_upcall_frame *frame)
{
	if (frame->fault.kind != TWZ_FAULT_MEMORY || ++PARENT->retries > 1000)
		fail("the parent faults");
	twz_sys_view_kill(PARENT->child.hi, PARENT->child.lo, 9);
	if (in_family)
		twz_sys_family_end(PARENT->family.hi, PARENT->family.lo);
	sleep_for(SECOND / 50);
	twz_sys_upcall_return(frame);
	fail("upcall_return returns");
}

static struct twz_id make_at(uint64_t slot, uint32_t inherit)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_map map = {
		.slot = slot, .rights = TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, .inherit = inherit};

	if (twz_sys_object_create(&spec, &map.object) < 0 || twz_sys_view_map(&map) < 0)
		fail("no memory for the parent");
	return map.object;
}

static uint64_t option(const char *line, const char *name, uint64_t otherwise)
{
	uint64_t length = 0, value = 0;

	while (name[length])
		length++;
	for (; *line; line++) {
		uint64_t same = 0;

		while (same < length && line[same] == name[same])
			same++;
		if (same < length)
			continue;
		for (line += length; *line >= '0' && *line <= '9'; line++)
			value = value * 10 + (uint64_t)(*line - '0');
		return value;
	}
	return otherwise;
}

void parent_begin(void)
{
	const struct twz_object_spec family = {.flags = TWZ_OBJECT_RAW};
	static char line[1024];
	struct twz_map entry;

	describe_calls();
	make_at(SLOT_PARENT, TWZ_INHERIT_NONE);
	log_id = make_at(SLOT_LOG, TWZ_INHERIT_SHARED);
	if (twz_sys_object_create(&family, &PARENT->family) < 0)
		fail("no memory for the family");
	if (twz_sys_view_entry(0, 0, 0, &entry) == 0)
		program_id = entry.object;
	twz_sys_system_info(&PARENT->base);
	names_id = permanent[0] = PARENT->base.names;
	store_id = permanent[1] = PARENT->base.store_names;
	for (uint64_t slot = 0, i = 2; twz_sys_view_entry(0, 0, slot, &entry) == 0; i++) {
		if (i == PERMANENT)
			fail("more is mapped than the list of permanent objects takes");
		permanent[i] = entry.object;
		slot = entry.slot + 1;
	}
	twz_sys_system_command_line(line, sizeof(line) - 1);
	PARENT->options = (struct options){
		.seed = option(line, "fuzz.seed=", 1),
		.seconds = option(line, "fuzz.seconds=", 10),
		.round = option(line, "fuzz.round=", 0),
		.rounds = option(line, "fuzz.rounds=", ~0ull),
		.hold = option(line, "fuzz.hold=", 0), /* a failure waits for gdb */
	};
	parent_switch(PARENT->stack + sizeof(PARENT->stack));
}

/* What the children have made in the store and not deleted. */
static void delete_made(void)
{
	uint32_t count = LOG->made_count < LOG_MADE ? LOG->made_count : LOG_MADE;

	for (uint32_t i = 0; i < count; i++) {
		if (!twz_id_is_none(LOG->made[i]))
			twz_sys_object_delete(LOG->made[i].hi, LOG->made[i].lo);
	}
}

/* Ends every program that has told of itself, and every handler. */
static void end_strays(void)
{
	struct twz_handler_stat handler;
	uint64_t count = LOG->count < LOG_VIEWS ? LOG->count : LOG_VIEWS;

	for (uint64_t i = 0; i < count; i++) {
		if (!twz_id_is_none(LOG->views[i])) /* none is the parent itself */
			twz_sys_view_kill(LOG->views[i].hi, LOG->views[i].lo, 9);
	}
	while (twz_sys_handler_stat(0, &handler) == 0) {
		unsigned length = 0;

		while (handler.name[length])
			length++;
		if (twz_sys_handler_remove(handler.name, length) < 0)
			break;
	}
}

static bool settled(bool pages)
{
	struct twz_system_info *info = &PARENT->now;

	twz_sys_system_info(info);
	return info->objects == PARENT->base.objects && info->views == PARENT->base.views &&
	       info->threads == PARENT->base.threads &&
	       (!pages || info->pages_free + pages_shared() + PAGES_SLACK >= PARENT->pages_base);
}

/* All that the children had is back, after a while. */
static void check_leaks(bool pages)
{
	uint64_t end = now() + HANG_TIME;

	delete_made();
	while (!settled(pages)) {
		if (now() > end)
			fail(settled(false) ? "pages are lost"
					    : "something is left of the children");
		end_strays();
		delete_made();
		sleep_for(SECOND / 500);
	}
	LOG->made_count = 0;
	memset(LOG->made, 0, sizeof(LOG->made));
	LOG->count = 0;
	memset(LOG->views, 0, sizeof(LOG->views));
}

/* A child that plays, in a family or in none. */
static void make_child(uint64_t stream)
{
	const struct twz_view_clone alone = {
		.entry = (uint64_t)child_entry, .stack = (uint64_t)stack_of(0), .argument = stream};
	const struct twz_view_clone empty = {0};
	struct twz_thread_spec first = {
		.entry = (uint64_t)child_entry, .stack = (uint64_t)stack_of(0), .argument = stream};
	struct twz_id *id = &PARENT->child;

	if (twz_sys_view_clone(in_family ? &empty : &alone, id) < 0)
		fail("no child can be made");
	first.view = *id;
	if (in_family &&
	    (twz_sys_view_family(id->hi, id->lo, PARENT->family.hi, PARENT->family.lo) < 0 ||
	     twz_sys_thread_spawn(&first, NULL) < 0))
		fail("no child can be made in a family");
}

/* Until the child has ended, by itself or by the parent when it has had its time. */
static void await_child(uint64_t stream)
{
	const volatile struct twz_view_control *control = (void *)SLOT(SLOT_CONTROL);
	struct twz_map map = {
		.slot = SLOT_CONTROL, .rights = TWZ_RIGHT_READ, .inherit = TWZ_INHERIT_NONE};
	uint64_t deadline = now() + SECOND / 20 + stream % (SECOND / 2), killed = 0;
	long mapped;

	map.object = PARENT->child;
	mapped = twz_sys_view_map(&map);
	if (mapped == -TWZ_ERR_NO_SUCH_OBJECT) {
		/* it has deleted its own id, and ended */
		PARENT->ended++;
		return;
	}
	if (mapped != SLOT_CONTROL)
		fail("the child's control page cannot be mapped");
	while (control->state == TWZ_VIEW_RUNNING) {
		struct twz_sync_op op = {.word = (uint32_t *)&control->state};

		twz_sys_thread_sync(&op, 1, deadline);
		if (control->state != TWZ_VIEW_RUNNING || now() < deadline)
			continue;
		if (!killed)
			killed = now();
		if (now() - killed > HANG_TIME)
			fail("a killed child does not end");
		twz_sys_view_kill(PARENT->child.hi, PARENT->child.lo, 9);
		/* its own children may run above its priority */
		end_strays();
		deadline = now() + SECOND / 50;
	}
	PARENT->killed += killed != 0;
	PARENT->ended += !killed;
	if (twz_sys_view_unmap(0, 0, SLOT_CONTROL) < 0)
		fail("the child's control page cannot be unmapped");
	twz_sys_object_delete(PARENT->child.hi, PARENT->child.lo);
}

/* One child, from its start to its end; in a family to the end of all that it has left, too. */
static void run_child(uint64_t stream)
{
	in_family = stream & 1;
	make_child(stream);
	await_child(stream);
	if (in_family && twz_sys_family_end(PARENT->family.hi, PARENT->family.lo) < 0)
		fail("the family cannot be ended");
}

/* A stream's word of its events is made at the first question, and stays. */
static void make_event_words(void)
{
	struct twz_id id;

	for (uint32_t number = 0;; number++) {
		twz_result result =
			twz_sys_stream_control(number, TWZ_STREAM_EVENTS, (uint64_t)&id);

		if (result == -TWZ_ERR_BAD_HANDLE)
			return;
		if (result < 0)
			fail("a stream has no word for its events");
	}
}

void parent_main(void)
{
	const struct twz_upcall_target target = {.entry = (uint64_t)parent_upcall_entry};
	const uint64_t range[2] = {(uint64_t)PARENT->upcall_stack, sizeof(PARENT->upcall_stack)};
	const struct options *options = &PARENT->options;
	uint64_t start = now(), said = 0, first = options->round;

	memset(PARENT->upcall_stack, 1, sizeof(PARENT->upcall_stack));
	twz_sys_view_set_upcall(&target);
	twz_sys_thread_control(TWZ_THREAD_UPCALL_STACK, (uint64_t)range);
	pages_shared(); /* brings the store's root into memory, where it stays */
	make_event_words();
	twz_sys_system_info(&PARENT->base);
	/* above what the children may have: nothing that they do keeps it from ending them */
	twz_sys_thread_control(TWZ_THREAD_SET_PRIORITY, (TWZ_PRIORITIES - 1) | TWZ_PRIORITY_FIFO);
	say("fuzz: seed ", options->seed);
	say(", seconds ", options->seconds);
	print("\n");
	run_child(STREAM_WARM);
	check_leaks(false);
	PARENT->pages_base = PARENT->now.pages_free + pages_shared();
	for (;
	     now() - start < options->seconds * SECOND && options->round - first < options->rounds;
	     PARENT->options.round++) {
		uint64_t done = options->round - first;

		PARENT->retries = 0;
		LOG->threads = 0;
		run_child(mix(options->seed, options->round));
		check_leaks(false);
		if (done % CHECK_ROUNDS == 0)
			check_leaks(true);
		if (now() - said > 2 * SECOND) {
			say("fuzz: round ", options->round);
			print("\n");
			said = now();
		}
	}
	check_leaks(true);
	say("fuzz: rounds ", options->round - first);
	say(", acts ", LOG->acts);
	say(", calls ", LOG->calls);
	say(", faults ", LOG->faults);
	say(", ended ", PARENT->ended);
	say(", killed ", PARENT->killed);
	print("\nfuzz: nothing is left behind\n");
	leave(0);
}
