/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Batches: `jobs` boots take programs from one list. A machine that dies is blamed on the program
 * that it ran and started again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "batch.h"

/* So many boots without a single program run in between mean that the system does not boot. */
#define FAILED_BOOTS_MAX 3

struct worker {
	struct guest guest;
	struct task task;
	struct strings environment;
	size_t entry;	       /* that runs */
	unsigned failed_boots; /* in a row */
};

static const struct options *options;
static struct batch_list list;
static struct results results;
static char *shared;
static struct worker *workers;
static size_t next_entry; /* the first that nobody has taken */
static size_t running;	  /* machines that are not down */
static unsigned boots;	  /* so far */

static void finish(void)
{
	int code = results_close(&results) ? EXIT_SUCCESS : EXIT_MACHINE;

	if (code == EXIT_SUCCESS && results.failed > 0)
		code = EXIT_FAILURE;
	fprintf(stderr, "x86_64-twizzler-run: %zu as expected, %zu not, of %zu; boots: %u\n",
		results.passed, results.failed, list.count, boots);
	loop_end(code);
}

static struct worker *worker_of(struct guest *guest)
{
	return (struct worker *)((char *)guest - offsetof(struct worker, guest));
}

static void task_ended(struct task *task, const struct ending *ending)
{
	struct worker *worker = (struct worker *)((char *)task - offsetof(struct worker, task));

	worker->failed_boots = 0;
	results_add(&results, worker->entry + 1, &list.entries[worker->entry], task, ending);
	if (task->input >= 0)
		close(task->input);
	free(task->output.bytes);
	free(task->error.bytes);
	strings_free(&worker->environment);
}

/* Fills in the worker's task. False: the entry cannot be run, and its result says why. */
static bool prepare(struct worker *worker, struct entry *entry)
{
	int input = -1;

	if (entry->refusal == NULL && entry->input != NULL) {
		input = open(entry->input, O_RDONLY | O_CLOEXEC);
		if (input < 0) {
			entry->refusal =
				format_string("%s: @stdin=%s: %s", entry->job.argv.items[0],
					      entry->input, strerror(errno));
			entry->refusal_code = EXIT_NOT_RUNNABLE;
		}
	}
	worker->environment = (struct strings){0};
	for (size_t i = 0; i < options->environment.count; i++)
		strings_add(&worker->environment, options->environment.items[i]);
	for (size_t i = 0; i < entry->environment.count; i++)
		strings_add(&worker->environment, entry->environment.items[i]);
	const struct sink memory = {.fd = -1, .limit = options->output_limit};
	worker->task = (struct task){
		.job = &entry->job,
		.environment = &worker->environment,
		.timeout_ns = entry->timeout_ns != 0 ? entry->timeout_ns : options->timeout_ns,
		.input = input,
		.output = memory,
		.error = memory,
		.ended = task_ended,
	};
	if (entry->refusal == NULL)
		return true;
	const struct ending ending = {.kind = ENDING_NOT_STARTED, .reason = entry->refusal};
	task_ended(&worker->task, &ending);
	return false;
}

static void guest_idle(struct guest *guest)
{
	struct worker *worker = worker_of(guest);

	while (next_entry < list.count) {
		worker->entry = next_entry++;
		if (prepare(worker, &list.entries[worker->entry])) {
			guest_run(guest, &worker->task);
			return;
		}
	}
	guest_quit(guest);
}

static void boot(struct worker *worker)
{
	int code = guest_boot(&worker->guest);

	if (code >= 0) {
		loop_end(code);
		return;
	}
	running++;
	boots++;
}

static void guest_down(struct guest *guest, const char *why)
{
	struct worker *worker = worker_of(guest);

	running--;
	if (why != NULL && ++worker->failed_boots >= FAILED_BOOTS_MAX) {
		complain("%s\n  this was boot %d in a row in which nothing ran", why,
			 FAILED_BOOTS_MAX);
		results_close(&results);
		loop_end(EXIT_MACHINE);
	} else if (next_entry < list.count) {
		boot(worker);
	} else if (running == 0) {
		finish();
	}
}

/* Looks at every program before anything boots; those that cannot run get their reason. */
static void check_programs(void)
{
	for (size_t i = 0; i < list.count; i++) {
		struct entry *entry = &list.entries[i];
		enum program_kind kind = PROGRAM_HOSTED;
		int code = program_check(&entry->job, &kind, &entry->refusal);

		if (code < 0 && kind == PROGRAM_UNIKERNEL) {
			entry->refusal = format_string("%s: is a unikernel and needs a boot of "
						       "its own; run it alone",
						       entry->job.argv.items[0]);
			code = EXIT_NOT_RUNNABLE;
		}
		entry->refusal_code = code;
	}
}

int batch_run(const struct options *given)
{
	options = given;
	if (!batch_read(&list, options->batch))
		return EXIT_USAGE;
	check_programs();
	struct job **jobs = calloc(list.count, sizeof(*jobs));
	workers = calloc(options->boots, sizeof(*workers));
	if (jobs == NULL || workers == NULL) {
		complain("out of memory");
		return EXIT_MACHINE;
	}
	for (size_t i = 0; i < list.count; i++)
		jobs[i] = &list.entries[i].job;
	shared = place_programs(jobs, list.count, options->share);
	free(jobs);
	if (!results_open(&results, options->results, options->output))
		return EXIT_MACHINE;
	loop_start();
	for (unsigned i = 0; i < options->boots && i < list.count; i++) {
		workers[i].guest = (struct guest){
			.options = options,
			.shared = shared,
			.idle = guest_idle,
			.down = guest_down,
		};
		boot(&workers[i]);
	}
	int code = loop_run();
	for (unsigned i = 0; i < options->boots; i++)
		guest_kill(&workers[i].guest);
	return code;
}
