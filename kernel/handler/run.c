/* SPDX-License-Identifier: BSD-2-Clause */
/* One run: a fresh view over a copy-on-write snapshot, a thread, and how it ends. */
#include <cpu.h>
#include <string.h>
#include <syscall.h>
#include <user.h>
#include <view.h>
#include "internal.h"

#define SIGNAL_SYSTEM_CALL 31 /* SIGSYS: the view's end as its control page reports it */
#define SIGNAL_SEGMENT	   11
#define SIGNAL_CPU	   24

#define SLOT(address) ((address) >> TWZ_SLOT_SHIFT)

/* The run slot's pages, as twz_handler_entry describes: head and outputs, a gap, the stack. */
struct run_layout {
	uint64_t output_base, output_size; /* offsets in the slot */
	struct space space;
};

static struct run_layout layout_of(const struct twz_handler_image *image, uint64_t payload)
{
	uint64_t memory = (uint64_t)image->memory_kb << 10;
	uint64_t spare = memory - PAGE_ROUND_UP(image->data.memory_size);
	uint64_t stack = PAGE_ROUND_UP(spare / 2);
	uint64_t head = sizeof(struct twz_handler_entry) + sizeof(struct twz_event) + payload;
	struct run_layout layout;

	layout.output_base = PAGE_ROUND_UP(head);
	layout.output_size = spare - stack;
	layout.space.first_end =
		(layout.output_base + PAGE_ROUND_UP(layout.output_size)) >> PAGE_SHIFT;
	layout.space.second_start = layout.space.first_end + 1;
	layout.space.second_end = layout.space.second_start + (stack >> PAGE_SHIFT);
	layout.space.parent = NULL;
	return layout;
}

static twz_result fill_run_space(struct handler_run *run, const struct run_layout *layout,
				 const struct twz_event *event, uint64_t function)
{
	struct twz_handler_entry entry = {
		.event = TWZ_HANDLER_RUN + sizeof(entry),
		.function = function,
		.output = TWZ_HANDLER_RUN + layout->output_base,
		.output_size = layout->output_size,
	};
	twz_result result = space_make(&layout->space, &run->run_space);

	if (result < 0)
		return result;
	run->output_base = layout->output_base;
	run->output_size = layout->output_size;
	result = object_write(run->run_space, 0, &entry, sizeof(entry));
	if (result < 0)
		return result;
	return object_write(run->run_space, sizeof(entry), event, sizeof(*event) + event->size);
}

static twz_result map_run(struct view *view, const struct handler_run *run)
{
	const struct handler_program *program = run->version->program;
	const struct {
		struct object *object;
		uint64_t address;
		uint32_t rights;
	} parts[] = {
		{program->rodata, TWZ_HANDLER_RODATA, TWZ_RIGHT_READ},
		{program->text, TWZ_HANDLER_TEXT, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC},
		{run->data, TWZ_HANDLER_DATA, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE},
		{run->run_space, TWZ_HANDLER_RUN, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE},
	};
	twz_result result = TWZ_OK;

	for (uint64_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && result >= 0; i++)
		if (parts[i].object)
			result = view_map_object(view, parts[i].object, SLOT(parts[i].address),
						 parts[i].rights, TWZ_INHERIT_NONE, 0);
	return result;
}

/* The snapshot's pages, copied when written. */
static twz_result clone_state(struct handler_run *run)
{
	struct space space = {.first_end = program_data_pages(run->version->program)};

	run->data = NULL;
	if (!run->version->state)
		return TWZ_OK;
	object_get(run->version->state);
	space.parent = run->version->state;
	return space_make(&space, &run->data);
}

/* `started` tells whether the view has had a thread, whose end has ended it. */
static twz_result start_and_wait(struct view *view, struct handler_run *run,
				 const struct run_layout *layout, bool *started)
{
	struct twz_thread_spec spec = {
		.entry = run->version->program->image->entry,
		.stack = TWZ_HANDLER_RUN + (layout->space.second_end << PAGE_SHIFT),
		.argument = TWZ_HANDLER_RUN,
	};
	struct thread *thread;
	twz_result result = thread_create(view, &spec, &thread);

	if (result < 0)
		return result;
	thread->handler = run;
	thread->run_limit = run->version->program->image->budget_ms * 1000000ull;
	*started = true;
	thread_start(thread);
	view_wait(view, TWZ_FOREVER);
	switch (run->state) {
	case RUN_RETURNED:
		return TWZ_OK;
	case RUN_FORBIDDEN:
		return -TWZ_ERR_NOT_IN_HANDLER;
	case RUN_FAULTED:
		return -TWZ_ERR_BAD_ADDRESS;
	case RUN_OVERRUN:
		return -TWZ_ERR_TIMED_OUT;
	default: /* ended from outside */
		return -TWZ_ERR_INTERRUPTED;
	}
}

twz_result run_event(struct handler *handler, const struct twz_event *event, uint64_t function,
		     struct handler_run *run)
{
	struct run_layout layout = layout_of(handler->current->program->image, event->size);
	struct view *view = NULL;
	bool started = false;
	twz_result result;

	memset(run, 0, sizeof(*run));
	run->version = handler->current;
	run->time = event->time;
	result = fill_run_space(run, &layout, event, function);
	if (result >= 0)
		result = clone_state(run);
	if (result >= 0)
		result = view_make(&view);
	if (result >= 0) {
		object_delete(view->control); /* nobody is to find the run's view */
		result = map_run(view, run);
	}
	if (result >= 0)
		result = start_and_wait(view, run, &layout, &started);
	if (view && !started)
		view_disown(view);
	if (view)
		view_put(view);
	if (result >= 0)
		result = run_apply(handler, run, event->sequence);
	if (run->run_space)
		object_put(run->run_space);
	if (run->data)
		object_put(run->data);
	return result;
}

uint64_t handler_run_time(const struct handler_run *run)
{
	return run->time;
}

/* ---- the ways a run's own thread ends it ---- */

static _Noreturn void leave(enum run_state state, uint32_t view_state, int32_t code,
			    const struct twz_fault *fault)
{
	struct thread *thread = current_thread();

	thread->handler->state = state;
	thread->handler->cpu = thread_run_time(thread);
	view_end(thread->view, view_state, code, fault);
	thread_exit_current();
}

twz_result sys_handler_return(const void *outputs, uint64_t length)
{
	struct handler_run *run = current_thread()->handler;

	if (!run)
		return -TWZ_ERR_ACCESS_DENIED;
	run->outputs = (uint64_t)outputs;
	run->output_length = length;
	leave(RUN_RETURNED, TWZ_VIEW_EXITED, 0, NULL);
}

_Noreturn void handler_forbidden_call(uint32_t number)
{
	current_thread()->handler->forbidden = number;
	leave(RUN_FORBIDDEN, TWZ_VIEW_KILLED, SIGNAL_SYSTEM_CALL, NULL);
}

_Noreturn void handler_faulted(const struct twz_fault *fault)
{
	current_thread()->handler->fault = *fault;
	leave(RUN_FAULTED, TWZ_VIEW_KILLED, SIGNAL_SEGMENT, fault);
}

_Noreturn void handler_over_budget(void)
{
	leave(RUN_OVERRUN, TWZ_VIEW_KILLED, SIGNAL_CPU, NULL);
}
