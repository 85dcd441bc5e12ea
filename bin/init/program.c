/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts a program and waits for its end. */
#include "init.h"

/* The object of a family that is to be; none when the program needs none or memory is short. */
static struct twz_id make_family(const struct program *program)
{
	const struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id family = TWZ_ID_NONE;

	if (program->alone && twz_sys_object_create(&spec, &family) < 0)
		return TWZ_ID_NONE;
	return family;
}

static void end_family(struct twz_id family)
{
	if (twz_id_is_none(family))
		return;
	twz_sys_family_end(family.hi, family.lo);
	twz_sys_object_delete(family.hi, family.lo);
}

/* Takes what is kept of its death before the number is given up; without memory it is not told. */
static void take_crash(uint32_t number, struct program_end *end)
{
	end->crash = twz_rt_malloc(TWZ_CRASH_MAX, 16, 0);
	if (end->crash == NULL)
		return;
	twz_result size =
		twz_rt_exec_control(number, TWZ_PROGRAM_CRASH, (uint64_t)(uintptr_t)end->crash);
	end->crash_size = size > 0 ? (uint32_t)size : 0;
}

/* Its end; what is kept of its death first where that is wanted. */
static twz_result wait_for(uint32_t number, uint64_t deadline, bool crash, struct program_end *end)
{
	twz_result result = twz_rt_exec_wait_event(
		number, TWZ_RT_WAIT_ENDED | (crash ? TWZ_RT_WAIT_KEEP : 0), deadline, &end->result);

	if (result < 0 || !crash)
		return result;
	if (end->result.state == TWZ_VIEW_KILLED)
		take_crash(number, end);
	return twz_rt_exec_wait(number, TWZ_FOREVER, &end->result);
}

twz_result program_run(const struct program *program, struct program_end *end)
{
	struct twz_rt_spawn_action actions[4];
	size_t count = 0;

	if (program->directory != NULL)
		actions[count++] = (struct twz_rt_spawn_action){
			.kind = TWZ_SPAWN_CHDIR,
			.path = program->directory,
		};
	for (int fd = 0; program->descriptors != NULL && fd < 3; fd++)
		actions[count++] = (struct twz_rt_spawn_action){
			.kind = TWZ_SPAWN_DUP,
			.from = program->descriptors[fd],
			.to = fd,
		};
	struct twz_id family = make_family(program);
	struct twz_rt_spawn_args arguments = {
		.path = program->path,
		.path_length = text_length(program->path),
		.argv = program->argv,
		.envp = program->envp,
		.actions = actions,
		.action_count = count,
		.flags = twz_id_is_none(family) ? 0 : TWZ_SPAWN_FAMILY_GIVEN,
		.family = family,
	};
	uint64_t start = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
	twz_result number = twz_rt_exec_spawn(&arguments);
	if (number < 0) {
		end_family(family);
		return number;
	}
	uint64_t deadline = program->timeout != 0 ? start + program->timeout : TWZ_FOREVER;
	control_running(program->sequence, (uint32_t)number);
	twz_result result = wait_for((uint32_t)number, deadline, program->crash, end);
	end->timed_out = result == -TWZ_ERR_TIMED_OUT;
	if (end->timed_out) {
		twz_rt_exec_kill((uint32_t)number, SIGNAL_KILL);
		result = twz_rt_exec_wait((uint32_t)number, TWZ_FOREVER, &end->result);
	}
	end->nanoseconds = twz_rt_clock(TWZ_CLOCK_MONOTONIC) - start;
	control_running(program->sequence, 0);
	end_family(family);
	return result < 0 ? result : 0;
}
