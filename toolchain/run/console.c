/* SPDX-License-Identifier: BSD-2-Clause */
/* Boots to the prompt on this terminal. Ctrl-A X leaves, as QEMU's own help (Ctrl-A H) says. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

int console_run(const struct options *options)
{
	struct strings arguments = {0};
	struct machine machine = {.pid = -1};
	int code = machine_system(&arguments, options, NULL, &machine);

	if (code >= 0)
		return code;
	strings_add(&arguments, "-chardev");
	strings_addf(&arguments, "stdio,id=terminal,mux=on,signal=off%s%s",
		     options->kernel_log != NULL ? ",logfile=" : "",
		     options->kernel_log != NULL ? options->kernel_log : "");
	strings_add(&arguments, "-serial");
	strings_add(&arguments, "chardev:terminal");
	strings_add(&arguments, "-mon");
	strings_add(&arguments, "chardev=terminal");
	pid_t child = fork();
	if (child == 0) {
		execvp(arguments.items[0], arguments.items);
		complain("%s: %s; install the package qemu-system-x86", arguments.items[0],
			 strerror(errno));
		_exit(EXIT_MACHINE);
	}
	machine.pid = child;
	signal(SIGINT, SIG_IGN);
	int status = machine_stop(&machine, false);
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	/* isa-debug-exit makes 2v+1 of the guest's code v. */
	return WEXITSTATUS(status) & 1 ? WEXITSTATUS(status) >> 1 : 0;
}
