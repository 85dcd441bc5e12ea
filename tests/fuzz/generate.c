/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls made from syscall.def's types: mostly plausible, so that sequences go deep. */
#include "fuzz.h"

struct twz_id pool[IDS], pool_views[8], names_id;
bool in_family;

static void remember(struct context *c, struct twz_id id)
{
	for (unsigned i = 0; i < PERMANENT; i++) {
		if (twz_id_equal(id, permanent[i])) /* the end of the list is none, like no id */
			return;
	}
	pool[below(c, IDS)] = id;
}

static struct twz_id some_view(struct context *c)
{
	if (chance(c, 2))
		return TWZ_ID_NONE;
	return chance(c, 8) ? pool[below(c, IDS)] : pool_views[below(c, 8)];
}

/* Somebody else, as a rule: a child that kills itself at once meets nothing. */
static struct twz_id victim(struct context *c)
{
	struct twz_id id = pool_views[below(c, 8)];

	return twz_id_equal(id, c->view) || twz_id_is_none(id) ? (struct twz_id){1, 1} : id;
}

static struct twz_id some_id(struct context *c)
{
	if (chance(c, 32))
		return (struct twz_id){weird(c), weird(c)};
	if (chance(c, 20))
		return chance(c, 2) ? store_id : names_id;
	return chance(c, 10) ? some_view(c) : pool[below(c, IDS)];
}

static uint64_t some_offset(struct context *c)
{
	if (chance(c, 16))
		return weird(c);
	/* near the start, where the memory is touched; sometimes over tables */
	return chance(c, 8) ? below(c, TWZ_SLOT_SIZE / PAGE) * PAGE : below(c, 40) * PAGE;
}

static uint64_t some_length(struct context *c)
{
	if (chance(c, 16))
		return weird(c);
	return chance(c, 12) ? below(c, 2000) * PAGE : below(c, 24) * PAGE;
}

static uint64_t some_slot(struct context *c)
{
	if (chance(c, 10))
		return TWZ_SLOT_ANY;
	return chance(c, 24) ? weird(c) : SLOT_PLAY + below(c, PLAY_SLOTS);
}

static uint64_t some_deadline(struct context *c)
{
	if (chance(c, 40))
		return TWZ_FOREVER;
	return chance(c, 2) ? 0
			    : (uint64_t)twz_sys_clock_read(TWZ_CLOCK_MONOTONIC) + below(c, 3000000);
}

static uint64_t some_code(struct context *c)
{
	if (chance(c, 8)) /* nowhere that memory could be run: it would be nobody's to end */
		return chance(c, 2) ? weird(c) | 1ull << 63 : below(c, PAGE);
	return (uint64_t)(chance(c, 2) ? upcall_entry : grandchild_entry);
}

static uint64_t play_address(struct context *c, uint64_t align)
{
	return (uint64_t)SLOT(SLOT_PLAY + below(c, PLAY_SLOTS)) +
	       below(c, 16 * PAGE) / align * align;
}

static void fill_object_spec(struct context *c, void *at)
{
	struct twz_object_spec *spec = at;
	struct twz_object_source *sources = (void *)((char *)at + sizeof(*spec));
	uint64_t count = chance(c, 3) ? below(c, 6) : 0;

	*spec = (struct twz_object_spec){
		.flags = chance(c, 16)	? (uint32_t)weird(c)
			 : chance(c, 4) ? 0
					: TWZ_OBJECT_RAW,
		.kind = (uint32_t)below(c, 5),
		.protections = chance(c, 3) ? (uint32_t)below(c, 33) : 0,
		.reserved = chance(c, 64) ? 1 : 0,
		.tie = chance(c, 3) ? pool[below(c, IDS)] : c->view,
		.sources = sources,
		.source_count = chance(c, 64) ? weird(c) : count,
	};
	fill_persistent(c, spec);
	if (twz_id_is_none(spec->tie) && !in_family && !(spec->flags & TWZ_OBJECT_PERSISTENT))
		spec->tie = c->view;
	for (uint64_t i = 0; i < 8; i++)
		sources[i] = (struct twz_object_source){some_id(c), some_offset(c), some_offset(c),
							some_length(c)};
}

static void fill_sync_ops(struct context *c, struct twz_sync_op *ops, uint64_t *count)
{
	*count = chance(c, 64) ? weird(c) : below(c, 9);
	for (uint64_t i = 0; i < 16; i++) {
		ops[i] = (struct twz_sync_op){
			.word = (uint32_t *)(chance(c, 16)  ? weird(c)
					     : chance(c, 2) ? (uint64_t)&c->output[below(c, 8)]
							    : play_address(c, 8)),
			.value = chance(c, 2) ? 0 : (uint32_t)below(c, 5),
			.kind = chance(c, 40) ? (uint32_t)weird(c) : (uint32_t)below(c, 3),
			.word2 = (uint32_t *)play_address(c, 8),
			.flags = chance(c, 40) ? weird(c) : below(c, 2),
			.value64 = below(c, 3),
		};
	}
}

static void fill_thread_spec(struct context *c, struct twz_thread_spec *spec)
{
	unsigned area = 4 + (unsigned)below(c, 6);

	*spec = (struct twz_thread_spec){
		.view = some_view(c),
		.entry = some_code(c),
		.stack = chance(c, 16) ? weird(c) : (uint64_t)stack_of(area),
		.argument = area,
		.fs_base = chance(c, 8) ? weird(c) : 0,
		.upcall_stack = chance(c, 8) ? weird(c) : (uint64_t)upcall_stack_of(area),
		.upcall_stack_length = chance(c, 16) ? weird(c) : UPCALL_STACK,
		.flags = chance(c, 64) ? (uint32_t)weird(c) : (uint32_t)below(c, 2),
	};
	if (spec->flags & TWZ_THREAD_SPEC_PRIORITY)
		spec->priority = (uint32_t)(below(c, TWZ_PRIORITIES) |
					    (chance(c, 4) ? TWZ_PRIORITY_FIFO : 0));
}

/* What a pointer to `type` points to. `count` is set where the type has a number of its own. */
static void fill(struct context *c, const char *type, void *at, uint64_t *count)
{
	if (same_text(type, "twz_object_spec")) {
		fill_object_spec(c, at);
	} else if (same_text(type, "twz_copy_range")) {
		*(struct twz_copy_range *)at = (struct twz_copy_range){
			some_id(c), some_offset(c), some_id(c), some_offset(c), some_length(c)};
	} else if (same_text(type, "twz_view_clone")) {
		unsigned area = 10 + (unsigned)below(c, 6);
		bool runs = c->depth < DEPTH_MAX && !chance(c, 4);

		*(struct twz_view_clone *)at = (struct twz_view_clone){
			/* only there it tells the parent of itself: the id may be lost to a race */
			.entry = !runs		 ? 0
				 : chance(c, 16) ? weird(c) | 1ull << 63
						 : (uint64_t)grandchild_entry,
			.stack = chance(c, 16) ? weird(c) : (uint64_t)stack_of(area),
			.argument = area | (uint64_t)(c->depth + 1) << 8 | (draw(c) & ~0xffffull),
			.flags = chance(c, 64) ? weird(c) : 0,
		};
	} else if (same_text(type, "twz_map")) {
		*(struct twz_map *)at = (struct twz_map){
			.view = some_view(c),
			.object = some_id(c),
			.slot = some_slot(c),
			.rights = chance(c, 24) ? (uint32_t)weird(c) : (uint32_t)below(c, 8),
			.inherit = chance(c, 24) ? (uint32_t)weird(c) : (uint32_t)below(c, 3),
			.flags = chance(c, 24) ? (uint32_t)weird(c) : (uint32_t)below(c, 2),
			.reserved = chance(c, 64) ? 1 : 0,
		};
	} else if (same_text(type, "twz_upcall_target")) {
		*(struct twz_upcall_target *)at =
			(struct twz_upcall_target){chance(c, 8) ? weird(c) : (uint64_t)upcall_entry,
						   chance(c, 32) ? weird(c) : 0};
	} else if (same_text(type, "twz_thread_spec")) {
		fill_thread_spec(c, at);
	} else if (same_text(type, "twz_sync_op")) {
		fill_sync_ops(c, at, count);
	} else if (same_text(type, "twz_message")) {
		*(struct twz_message *)at = (struct twz_message){
			.signal = (uint32_t)(chance(c, 20) ? weird(c) : below(c, 65)),
			.code = (int32_t)weird(c),
			.sender = chance(c, 20) ? 1 : 0,
			.value = weird(c),
		};
	} else if (same_text(type, "twz_handler_spec")) {
		*(struct twz_handler_spec *)at = (struct twz_handler_spec){
			some_id(c), (struct twz_id *)((char *)at + 64), below(c, 3)};
		((struct twz_id *)((char *)at + 64))[0] = some_id(c);
	} else {
		for (unsigned i = 0; i < INPUT_SIZE / 8; i++)
			((uint64_t *)at)[i] = weird(c);
	}
}

static uint64_t thread_command(struct context *c, uint64_t command)
{
	uint64_t *range = c->input;

	switch (command) {
	case TWZ_THREAD_SET_NAME:
		return (uint64_t)(chance(c, 2) ? "fuzz" : (char *)c->input);
	case TWZ_THREAD_ROBUST_LIST:
		for (unsigned i = 0; i < 64; i++)
			range[i] = chance(c, 8) ? weird(c) : (uint64_t)&range[below(c, 64)];
		return (uint64_t)range;
	case TWZ_THREAD_UPCALL_STACK:
		range[0] = chance(c, 8) ? weird(c)
					: (uint64_t)upcall_stack_of(c->index) - UPCALL_STACK;
		range[1] = chance(c, 8) ? weird(c) : UPCALL_STACK;
		return (uint64_t)range;
	case TWZ_THREAD_VIEW:
	case TWZ_THREAD_CLEAR_WORD:
		return (uint64_t)c->output;
	case TWZ_THREAD_PRIORITY:
		return below(c, 24) << 32;
	case TWZ_THREAD_SET_PRIORITY:
		return (chance(c, 2) ? below(c, 24) << 32 : 0) | below(c, TWZ_PRIORITIES) |
		       (chance(c, 4) ? TWZ_PRIORITY_FIFO : 0);
	case TWZ_THREAD_SET_CEILING:
		return below(c, TWZ_PRIORITIES);
	default:
		return weird(c);
	}
}

static uint64_t number(struct context *c, const struct call *call, const char *name,
		       const uint64_t *earlier)
{
	if (chance(c, 32) && call->number != TWZ_SYS_system_shutdown)
		return weird(c);
	if (same_text(name, "offset"))
		return some_offset(c);
	if (same_text(name, "length") || same_text(name, "size") || same_text(name, "capacity"))
		return chance(c, 3) ? some_length(c) : below(c, 64);
	if (same_text(name, "slot"))
		return some_slot(c);
	if (same_text(name, "rights"))
		return below(c, 8);
	if (same_text(name, "deadline"))
		return some_deadline(c);
	if (same_text(name, "command"))
		return below(c, TWZ_THREAD_SET_CEILING + 1);
	if (same_text(name, "argument"))
		return thread_command(c, earlier[0]);
	if (same_text(name, "thread") || same_text(name, "number"))
		return below(c, 24);
	if (same_text(name, "target"))
		return below(c, 24) * (chance(c, 8) ? -1ull : 1);
	if (same_text(name, "action"))
		return 2 + below(c, 1000); /* the machine stays on */
	if (same_text(name, "stack"))
		return play_address(c, PAGE);
	return below(c, 8);
}

static uint64_t pointer(struct context *c, const struct call *call, const struct argument *argument,
			uint64_t *count)
{
	if (chance(c, 24))
		return weird(c);
	if (argument->kind == ARGUMENT_IN) {
		fill(c, argument->type, c->input, count);
		return (uint64_t)c->input;
	}
	/* a clone's id must be known: it may go on as the twin of its maker, and is to be ended */
	if (call->number != TWZ_SYS_view_clone && chance(c, 8))
		return play_address(c, 8);
	return (uint64_t)c->output;
}

/* What would end the game: a deaf console, a child that goes before it has done anything. */
static bool left_out(struct context *c, const struct call *call)
{
	switch (call->number) {
	case TWZ_SYS_view_exit:
	case TWZ_SYS_thread_exit:
		return !chance(c, 100);
	case TWZ_SYS_view_set_upcall:
		return !chance(c, 4);
	case TWZ_SYS_view_clone:
	case TWZ_SYS_thread_spawn:
		return __atomic_add_fetch(&LOG->threads, 1, __ATOMIC_RELAXED) > THREADS_MAX ||
		       !chance(c, 4);
	case TWZ_SYS_view_kill:
		return !chance(c, 3);
	default:
		return false;
	}
}

/* The parent ends what it finds here. */
static void enter_in_log(struct twz_id view)
{
	uint32_t at = __atomic_fetch_add(&LOG->count, 1, __ATOMIC_RELAXED);

	LOG->views[at % LOG_VIEWS] = view;
}

static void harvest(struct context *c, uint64_t call, const uint64_t a[6], long result)
{
	const struct twz_id *id = (const struct twz_id *)c->output;

	if (result < 0)
		return;
	if (call == TWZ_SYS_object_create && a[0] == (uint64_t)c->input) {
		remember(c, *(const struct twz_id *)a[1]);
	} else if (call == TWZ_SYS_view_create && a[0] == (uint64_t)id) {
		pool_views[below(c, 8)] = *id;
		enter_in_log(*id);
	} else if ((call == TWZ_SYS_view_clone || call == TWZ_SYS_thread_spawn) &&
		   a[1] == (uint64_t)id) {
		if (call == TWZ_SYS_view_clone) {
			pool_views[below(c, 8)] = *id;
			enter_in_log(*id);
		}
		remember(c, *id);
	} else if (call == TWZ_SYS_view_entry && a[3] == (uint64_t)c->output) {
		remember(c, ((const struct twz_map *)c->output)->object);
	}
}

/* The first word of an id. */
static bool is_high(const char *name)
{
	while (*name && !same_text(name, "_hi"))
		name++;
	return *name;
}

/* Nobody can do without the store's root, and what is tied to it stays for the whole boot. */
static bool ends_never(const struct call *call, const uint64_t a[6])
{
	if (twz_id_is_none(store_id))
		return false;
	if (call->number == TWZ_SYS_object_tie &&
	    twz_id_equal((struct twz_id){a[2], a[3]}, store_id))
		return true;
	return (call->number == TWZ_SYS_object_delete || call->number == TWZ_SYS_object_tie) &&
	       twz_id_equal((struct twz_id){a[0], a[1]}, store_id);
}

void structured_call(struct context *c)
{
	const struct call *call = &calls[below(c, call_count)];
	uint64_t a[6] = {0}, count = 0;
	long result;

	if (left_out(c, call))
		return;
	for (unsigned i = 0; i < call->count; i++) {
		const struct argument *argument = &call->arguments[i];

		if (argument->kind != ARGUMENT_NUMBER) {
			a[i] = pointer(c, call, argument, &count);
		} else if (i + 1 < call->count && is_high(argument->name)) {
			struct twz_id id = argument->name[0] == 'v' ? some_view(c) : some_id(c);

			if (call->number == TWZ_SYS_view_kill && !chance(c, 20))
				id = victim(c);
			a[i] = id.hi;
			a[++i] = id.lo;
		} else {
			a[i] = same_text(argument->name, "count")
				       ? count
				       : number(c, call, argument->name, a);
		}
	}
	if (call->number == TWZ_SYS_object_tie && !(a[2] | a[3]) && !in_family) {
		a[2] = c->view.hi;
		a[3] = c->view.lo;
	}
	if (ends_never(call, a))
		return;
	if (call->number == TWZ_SYS_object_create && a[0] == (uint64_t)c->input) {
		a[1] = (uint64_t)place_for_id(c, (struct twz_object_spec *)c->input);
		if (!a[1])
			return;
	}
	if (call->number == TWZ_SYS_host_call && !chance(c, 8)) {
		a[0] = 0;
		a[1] = (uint64_t)c->input;
		a[2] = fill_host_request(c, c->input);
		a[3] = (uint64_t)c->output;
		a[4] = OUTPUT_SIZE;
	}
	/* the parent, who takes no messages, is not to be ended */
	if (call->number == TWZ_SYS_program_send)
		a[2] = 0;
	/* text to the console would drown the parent's */
	if (call->number == TWZ_SYS_stream_write)
		a[0] += !(uint32_t)a[0];
	__atomic_fetch_add(&LOG->calls, 1, __ATOMIC_RELAXED);
	result = raw_call(call->number, a);
	harvest(c, call->number, a, result);
}

void garbage_call(struct context *c)
{
	uint64_t number = chance(c, 8) ? weird(c) : calls[below(c, call_count)].number, a[6];

	for (unsigned i = 0; i < 6; i++) {
		a[i] = weird(c);
		if (chance(c, 6))
			a[i] = (uint64_t)(chance(c, 2) ? c->input : c->output);
	}
	/* the ends of everything, and objects that nobody owns */
	if (number == TWZ_SYS_system_shutdown || number == TWZ_SYS_stream_write ||
	    number == TWZ_SYS_view_exit || number == TWZ_SYS_thread_spawn ||
	    number == TWZ_SYS_view_clone)
		return;
	if (number == TWZ_SYS_program_send)
		a[2] = 0;
	if (number == TWZ_SYS_object_create)
		a[0] |= 1ull << 63;
	if (number == TWZ_SYS_thread_sync && a[2] > 1ull << 62)
		a[2] = 0;
	__atomic_fetch_add(&LOG->calls, 1, __ATOMIC_RELAXED);
	raw_call(number, a);
}
