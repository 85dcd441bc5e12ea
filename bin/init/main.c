/* SPDX-License-Identifier: BSD-2-Clause */
/* init: handlers of the command line, then its program, the run channel or the prompt. */
#include "init.h"

static const char control_port[] = "twz.control";

void init_start(uintptr_t *sp) __attribute__((noreturn));

void power_off(int code)
{
	twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, code);
	twz_rt_exit(code);
}

static void register_handler(char *path)
{
	static char *const environment[] = {"PATH=/bin", NULL};
	char *const arguments[] = {"handlerctl", "register", path, NULL};
	const struct program program = {
		.path = "/bin/handlerctl",
		.argv = arguments,
		.envp = environment,
	};
	struct program_end end;
	twz_result result = program_run(&program, &end);

	if (result < 0)
		say(STANDARD_ERROR, "init: /bin/handlerctl: %s\n", twz_error_text(result));
	else if (end.result.state != TWZ_VIEW_EXITED || end.result.code != 0)
		say(STANDARD_ERROR, "init: the handler in %s is not registered\n", path);
}

/*
 * The boot command line's words: registers handler=PATH; returns the words behind "--", the first
 * program and its arguments, or NULL. They stay for ever.
 */
static char **read_command_line(void)
{
	twz_result length = twz_sys_system_command_line(NULL, 0);
	char *line, **words;

	if (length <= 0)
		return NULL;
	size_t size = (size_t)length + 1;
	line = twz_rt_malloc(size, 1, TWZ_MALLOC_ZERO);
	words = twz_rt_malloc((size / 2 + 2) * sizeof(char *), sizeof(char *), 0);
	if (line == NULL || words == NULL || twz_sys_system_command_line(line, size) != length) {
		say(STANDARD_ERROR, "init: out of memory for the command line\n");
		return NULL;
	}
	int count = split_words(line, words, (int)(size / 2 + 1));
	if (count < 0)
		say(STANDARD_ERROR, "init: a quote is open in the command line\n");
	for (int i = 0; i < count; i++) {
		if (text_equal(words[i], "--"))
			return i + 1 < count ? &words[i + 1] : NULL;
		if (text_begins(words[i], "handler="))
			register_handler(words[i] + text_length("handler="));
	}
	return NULL;
}

void init_start(uintptr_t *sp)
{
	(void)sp;
	char **program = read_command_line();
	if (program != NULL)
		run_and_power_off(program);
	twz_result control = twz_sys_stream_find(control_port, sizeof(control_port) - 1);
	if (control >= 0)
		serve((uint32_t)control);
	prompt();
}
