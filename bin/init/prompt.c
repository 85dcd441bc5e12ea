/* SPDX-License-Identifier: BSD-2-Clause */
/* The prompt: reads lines from the console (the runtime edits them), runs commands and programs. */
#include "init.h"

#define LINE_SIZE 4096
#define WORDS_MAX (LINE_SIZE / 2)

static char *const environment[] = {"PATH=/bin", "HOME=/", "TERM=vt100", NULL};

static bool exists(const char *path)
{
	struct twz_rt_stat stat;

	return twz_rt_path_stat(TWZ_RT_AT_CWD, path, text_length(path), 0, &stat) == 0 &&
	       stat.kind == TWZ_FILE_REGULAR;
}

/* A name without a slash is a program of /bin. */
static const char *find_program(const char *name, char *buffer, size_t size)
{
	for (const char *at = name; *at != '\0'; at++)
		if (*at == '/')
			return name;
	format_text(buffer, size, "/bin/%s", name);
	return exists(buffer) ? buffer : NULL;
}

static void tell_end(const char *name, const struct twz_rt_wait_result *end)
{
	if (end->state == TWZ_VIEW_EXITED) {
		if (end->code != 0)
			say(STANDARD_OUTPUT, "%s: exit %d\n", name, end->code);
		return;
	}
	say(STANDARD_OUTPUT, "%s: killed by %s (%d)%s", name, signal_name(end->code), end->code,
	    end->fault.kind == TWZ_FAULT_MEMORY ? ": memory was exhausted" : "");
	if (end->fault.kind != TWZ_FAULT_NONE && end->fault.kind != TWZ_FAULT_INTERRUPT)
		say(STANDARD_OUTPUT, " at rip 0x%lx, address 0x%lx", end->fault.registers.rip,
		    end->fault.address);
	say(STANDARD_OUTPUT, "\n");
}

/* Runs it and tells how it ended; returns the exit code that a shell has for that. */
static int run_program(char **argv)
{
	char buffer[LINE_SIZE + 8];
	struct program_end end;
	const char *path = find_program(argv[0], buffer, sizeof(buffer));

	if (path == NULL) {
		say(STANDARD_OUTPUT, "%s: no such command or program in /bin; try help\n", argv[0]);
		return 127;
	}
	struct program program = {.path = path, .argv = argv, .envp = environment};
	twz_result result = program_run(&program, &end);
	if (result < 0) {
		char reason[256];
		twz_result length = twz_rt_exec_error(reason, sizeof(reason) - 1);

		reason[length > 0 ? length : 0] = '\0';
		say(STANDARD_OUTPUT, "%s: %s\n", argv[0],
		    length > 0 ? reason : twz_error_text(result));
		return 126;
	}
	tell_end(argv[0], &end.result);
	return end.result.state == TWZ_VIEW_EXITED ? end.result.code & 255 : 128 + end.result.code;
}

void run_and_power_off(char **argv)
{
	power_off(run_program(argv));
}

/* Reads one line without its end; false at the end of input. A longer line is cut. */
static bool read_line(char *line)
{
	size_t length = 0;

	for (;;) {
		char byte;
		twz_result got = twz_rt_fd_read(STANDARD_INPUT, &byte, 1, TWZ_IO_AT_POSITION);

		if (got == -TWZ_ERR_INTERRUPTED) {
			length = 0;
			break;
		}
		if (got <= 0)
			return false;
		if (byte == '\n')
			break;
		if (length + 1 < LINE_SIZE)
			line[length++] = byte;
	}
	line[length] = '\0';
	return true;
}

void prompt(void)
{
	static char line[LINE_SIZE];
	static char *words[WORDS_MAX + 1];

	say(STANDARD_OUTPUT, "Twizzler, ABI %d.%d.%d. help tells the commands; poweroff leaves.\n",
	    TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH);
	for (;;) {
		say(STANDARD_OUTPUT, "> ");
		if (!read_line(line))
			power_off(0);
		int count = split_words(line, words, WORDS_MAX);
		if (count < 0)
			say(STANDARD_OUTPUT, "a quote is not closed\n");
		else if (count > 0 && !command_run(count, words))
			run_program(words);
	}
}
