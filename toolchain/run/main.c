/* SPDX-License-Identifier: BSD-2-Clause */
/* x86_64-twizzler-run: runs Twizzler programs in a virtual machine and exits with their exit code.
 */
#include <stdlib.h>

#include "run.h"

/* Checks every program; *unikernel tells that the only one is its own kernel. */
static int check_programs(struct options *options, bool *unikernel)
{
	enum program_kind kind;

	for (size_t i = 0; i < options->job_count; i++) {
		int code = program_check(&options->jobs[i], &kind);

		if (code >= 0)
			return code;
		*unikernel = kind == PROGRAM_UNIKERNEL;
		if (*unikernel && options->job_count > 1) {
			complain("%s: is a unikernel and needs a boot of its own; run it alone",
				 options->jobs[i].argv.items[0]);
			return EXIT_NOT_RUNNABLE;
		}
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct options options;
	bool unikernel = false;
	int code = options_parse(&options, argc, argv);

	if (code < 0)
		code = check_programs(&options, &unikernel);
	if (code >= 0)
		return code;
	if (options.xen && !unikernel) {
		complain("--xen runs unikernels; link the program with x86_64-twizzler-gcc "
			 "-unikernel");
		return EXIT_NOT_RUNNABLE;
	}
	if (options.console)
		return console_run(&options);
	return unikernel ? unikernel_run(&options) : session_run(&options);
}
