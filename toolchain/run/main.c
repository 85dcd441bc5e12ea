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
	if (kind == PROGRAM_UNIKERNEL)
		return unikernel_run(options);
	if (options->server != NULL) {
		bool elsewhere = false;

		code = client_run(options, &elsewhere);
		/* A server of the environment is an offer, one of the command line an order. */
		if (!elsewhere || options->connect)
			return code;
	}
	return single_run(options);
}

int main(int argc, char **argv)
{
	struct options options;
	int code = options_parse(&options, argc, argv);

	if (code >= 0)
		return code;
	switch (options.mode) {
	case MODE_BATCH:
		return batch_run(&options);
	case MODE_CONSOLE:
		return console_run(&options);
	case MODE_SERVER:
	case MODE_KEEP:
		return server_run(&options);
	case MODE_STOP:
		return client_stop(&options);
	default:
		return run_program(&options);
	}
}
