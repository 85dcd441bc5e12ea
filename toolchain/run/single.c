/* SPDX-License-Identifier: BSD-2-Clause */
/* One program in a boot of its own, on this tool's standard input, output and error. */
#include <stdio.h>
#include <unistd.h>

#include "guest.h"

struct single {
	struct guest guest;
	struct task task;
	int code;
	bool ran;
};

/* The guest and the task are the single's first; there is one single. */
static struct single single;

static void task_ended(struct task *task, const struct ending *ending)
{
	single.code = report_ending(task->job, ending, task->timeout_ns);
	single.ran = true;
}

static void guest_idle(struct guest *guest)
{
	if (single.ran)
		guest_quit(guest);
	else
		guest_run(guest, &single.task);
}

static void guest_down(struct guest *guest, const char *why)
{
	(void)guest;
	if (why != NULL && (!single.ran || guest->options->store != NULL)) {
		if (!single.ran || single.code != EXIT_TIMED_OUT)
			complain("%s", why);
		single.code = EXIT_MACHINE;
	}
	loop_end(single.code);
}

int single_run(const struct options *options)
{
	struct job *job = options->job;
	char *shared = place_programs(&job, 1, options->share);

	single.guest = (struct guest){
		.options = options,
		.shared = shared,
		.idle = guest_idle,
		.down = guest_down,
	};
	single.task = (struct task){
		.job = job,
		.environment = &options->environment,
		.timeout_ns = options->timeout_ns,
		.input = STDIN_FILENO,
		.output.fd = STDOUT_FILENO,
		.error.fd = STDERR_FILENO,
		.ended = task_ended,
	};
	loop_start();
	int code = guest_boot(&single.guest);
	if (code < 0)
		code = loop_run();
	guest_kill(&single.guest);
	return code;
}
