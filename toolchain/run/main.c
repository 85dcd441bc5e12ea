/* SPDX-License-Identifier: BSD-2-Clause */
/* x86_64-twizzler-run: runs Twizzler programs in a virtual machine and exits with their exit code.
 */
#include <stdlib.h>

#include "run.h"

/* Runs the one program of the command line. */
static int run_program(const struct options *options)
{
	enum program_kind kind;
	char *refusal;
	int code = program_check(options->job, &kind, &refusal);

	if (code >= 0) {
		complain("%s", refusal);
		return code;
	}
	if (options->xen && kind != PROGRAM_UNIKERNEL) {
		complain("--xen runs unikernels; link the program with x86_64-twizzler-gcc "
			 "-unikernel");
		return EXIT_NOT_RUNNABLE;
	}
	return kind == PROGRAM_UNIKERNEL ? unikernel_run(options) : single_run(options);
}

int main(int argc, char **argv)
{
	struct options options;
	int code = options_parse(&options, argc, argv);

	if (code >= 0)
		return code;
	if (options.console)
		return console_run(&options);
	return options.batch != NULL ? batch_run(&options) : run_program(&options);
}
