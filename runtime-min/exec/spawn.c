/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts programs: a new view with the program's image, its interpreter's, a stack and one thread.
 */
#include "exec/stack.h"
#include "fd/fd.h"

static bool arguments_valid(const struct twz_rt_spawn_args *args)
{
	if (!rt_user_pointer(args, sizeof(*args)) || (args->flags & ~TWZ_SPAWN_FAMILY_GIVEN) != 0)
		return false;
	if (args->path_length == 0 || !rt_user_pointer(args->path, args->path_length))
		return false;
	if (!rt_user_pointer(args->argv, sizeof(*args->argv)))
		return false;
	for (size_t i = 0; i < args->path_length; i++) {
		if (args->path[i] == '\0')
			return false;
	}
	return args->action_count == 0 ||
	       rt_user_pointer(args->actions, args->action_count * sizeof(*args->actions));
}

/* Fills a fresh view. Returns the new program's entry and stack pointer in *thread. */
static twz_result fill_view(struct exec_program *program, struct exec_start *start,
			    struct twz_id view, struct twz_thread_spec *thread)
{
	const char *reason = "cannot make its image";
	twz_result result = exec_image_map(&program->file, view, &start->image, &reason);
	struct exec_image interpreter = {0};
	uint64_t entry = start->image.bias + program->file.elf.entry;
	if (result >= 0 && program->interpreter.segments != NULL) {
		result = exec_image_map(&program->interpreter, view, &interpreter, &reason);
		start->interpreter_bias = interpreter.bias;
		entry = interpreter.bias + program->interpreter.elf.entry;
	}
	uint64_t sp = 0;
	if (result >= 0) {
		reason = "cannot make its stack";
		result = exec_stack_make(view, start, &sp);
	}
	if (result < 0)
		return exec_fail(result, program->path, program->path_size - 1, reason);
	*thread =
		(struct twz_thread_spec){.view = view, .entry = entry, .stack = sp, .argument = sp};
	return 0;
}

/* Makes the view, fills it and starts it. Returns the child's number. */
static twz_result start_program(struct exec_program *program, struct exec_start *start,
				struct twz_rt_spawn_block *block, struct twz_id family,
				bool succeeds)
{
	static const char reason[] = "cannot make its view";
	struct twz_id view;
	twz_result result = twz_sys_view_create(&view);
	if (result < 0)
		return exec_fail(result, program->path, program->path_size - 1, reason);
	block->parent = rt_self_view();
	block->self = view;
	block->parent_number = succeeds ? twz_rt_exec_parent() : twz_rt_exec_self();
	block->self_number = succeeds ? twz_rt_exec_self() : 0;
	struct twz_thread_spec thread;
	if (!twz_id_is_none(family))
		result = twz_sys_view_family(view.hi, view.lo, family.hi, family.lo);
	if (result < 0)
		exec_fail(result, program->path, program->path_size - 1,
			  "cannot enter it into its family");
	else
		result = fill_view(program, start, view, &thread);
	struct exec_child *child = NULL;
	if (result >= 0) {
		child = exec_child_make(view);
		if (child == NULL)
			result = exec_fail(RT_ERROR(OUT_OF_MEMORY), program->path,
					   program->path_size - 1, reason);
	}
	if (child == NULL) {
		twz_sys_object_delete(view.hi, view.lo);
		return result;
	}
	fd_pass_share(block, view);
	struct twz_id thread_id;
	if (succeeds)
		twz_sys_program_control(0, TWZ_PROGRAM_SUCCESSOR, (uint64_t)&view);
	result = twz_sys_thread_spawn(&thread, &thread_id);
	if (result < 0) {
		if (succeeds)
			twz_sys_program_control(0, TWZ_PROGRAM_SUCCESSOR, 0);
		exec_child_free(child);
		return exec_fail(result, program->path, program->path_size - 1,
				 "cannot start its thread");
	}
	exec_child_add(child, (uint32_t)result);
	return result;
}

/* succeeds: the new program takes the place of this one. */
static twz_result spawn(const struct twz_rt_spawn_args *args, bool succeeds)
{
	static char *const no_environment[] = {NULL};
	if (!arguments_valid(args))
		return RT_ERROR(INVALID_ARGUMENT);
	struct twz_rt_spawn_block *block = NULL;
	size_t block_size = 0;
	twz_result result = fd_pass_table(args->actions, args->action_count, &block, &block_size);
	if (result < 0)
		return exec_fail(result, args->path, args->path_length,
				 "cannot set up its descriptors");
	struct exec_program program;
	result = exec_program_open(args->path, args->path_length, (const char *)block + block->cwd,
				   args->argv, &program);
	if (result >= 0) {
		char *const *envp = args->envp != NULL ? args->envp : no_environment;
		struct exec_start start = {.path = program.path,
					   .argv = program.argv,
					   .envp = (const char *const *)envp,
					   .block = block,
					   .block_size = block_size,
					   .program = &program.file};
		bool family = (args->flags & TWZ_SPAWN_FAMILY_GIVEN) != 0;

		result = start_program(&program, &start, block, family ? args->family : TWZ_ID_NONE,
				       succeeds);
		exec_program_close(&program);
	}
	fd_pass_done(block, result >= 0);
	twz_rt_free(block, block_size, 8);
	return result;
}

twz_result twz_rt_exec_spawn(const struct twz_rt_spawn_args *args)
{
	return spawn(args, false);
}

/* Messages that had been sent when the successor took over: it has them by now. */
static int pass_over(struct twz_upcall_frame *frame)
{
	return frame->fault.kind == TWZ_FAULT_INTERRUPT;
}

twz_result twz_rt_exec_replace(const struct twz_rt_spawn_args *args)
{
	twz_result number = spawn(args, true);
	if (number < 0)
		return number;
	twz_rt_set_upcall_handler(pass_over);
	twz_rt_thread_interrupt_words(NULL);
	/* The successor has what it needs of the descriptors; held here they would keep pipes open.
	 */
	for (int fd = 0; fd < (int)rt_fds.count; fd++)
		twz_rt_fd_close(fd);
	const uint32_t events = TWZ_RT_WAIT_ENDED | TWZ_RT_WAIT_STOPPED | TWZ_RT_WAIT_CONTINUED;
	struct twz_rt_wait_result event;
	for (uint32_t sequence = 1;;) {
		if (twz_rt_exec_wait_event(number, events, TWZ_FOREVER, &event) < 0)
			continue;
		if (event.state == TWZ_VIEW_KILLED)
			twz_rt_exit_signal(event.code);
		if (event.state == TWZ_VIEW_EXITED)
			twz_rt_exit(event.code);
		twz_sys_program_control(0, TWZ_PROGRAM_REPORT,
					TWZ_RT_REPORT(event.state, event.code, sequence++));
	}
}
