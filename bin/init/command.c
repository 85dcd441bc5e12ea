/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands that the prompt knows itself. */
#include "init.h"

struct command {
	const char *name;
	const char *usage;
	const char *purpose;
	int most; /* arguments */
	void (*run)(int argc, char **argv);
};

static void complain(const char *path, twz_result error)
{
	say(STANDARD_OUTPUT, "%s: %s\n", path, twz_error_text(error));
}

static twz_result open_path(const char *path, uint32_t flags)
{
	return twz_rt_fd_open(TWZ_RT_AT_CWD, path, text_length(path), flags | TWZ_OPEN_CLOEXEC, 0);
}

static void command_ls(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : ".";
	struct twz_rt_dirent entries[8];
	struct twz_rt_stat stat;
	twz_result result = twz_rt_path_stat(TWZ_RT_AT_CWD, path, text_length(path), 0, &stat);

	if (result < 0) {
		complain(path, result);
		return;
	}
	if (stat.kind != TWZ_FILE_DIRECTORY) {
		say(STANDARD_OUTPUT, "%s  %lu\n", path, stat.size);
		return;
	}
	twz_result fd = open_path(path, TWZ_OPEN_READ | TWZ_OPEN_DIRECTORY);
	if (fd < 0) {
		complain(path, fd);
		return;
	}
	while ((result = twz_rt_fd_enumerate((int)fd, entries, 8)) > 0)
		for (twz_result i = 0; i < result; i++)
			say(STANDARD_OUTPUT, "%s%s\n", entries[i].name,
			    entries[i].kind == TWZ_FILE_DIRECTORY ? "/" : "");
	if (result < 0)
		complain(path, result);
	twz_rt_fd_close((int)fd);
}

static void print_file(const char *path)
{
	static char buffer[4096];
	twz_result fd = open_path(path, TWZ_OPEN_READ);
	twz_result got;

	if (fd < 0) {
		complain(path, fd);
		return;
	}
	while ((got = twz_rt_fd_read((int)fd, buffer, sizeof(buffer), TWZ_IO_AT_POSITION)) > 0)
		twz_rt_fd_write(STANDARD_OUTPUT, buffer, (size_t)got, TWZ_IO_AT_POSITION);
	if (got < 0)
		complain(path, got);
	twz_rt_fd_close((int)fd);
}

static void command_cat(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		print_file(argv[i]);
}

static void command_cd(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/";
	twz_result result = twz_rt_cwd_set(TWZ_RT_AT_CWD, path, text_length(path));

	if (result < 0)
		complain(path, result);
}

static void command_pwd(int argc, char **argv)
{
	char path[4096];
	twz_result length = twz_rt_cwd_get(path, sizeof(path) - 1);

	(void)argc;
	(void)argv;
	if (length < 0 || (size_t)length >= sizeof(path)) {
		complain("pwd", length < 0 ? length : -TWZ_ERR_NAME_TOO_LONG);
		return;
	}
	path[length] = '\0';
	say(STANDARD_OUTPUT, "%s\n", path);
}

static void command_info(int argc, char **argv)
{
	struct twz_system_info info;
	twz_result result = twz_sys_system_info(&info);

	(void)argc;
	(void)argv;
	if (result < 0) {
		complain("info", result);
		return;
	}
	say(STANDARD_OUTPUT, "ABI %u.%u.%u, %u processors, %lu MiB of memory, %lu MiB free\n",
	    info.abi.major, info.abi.minor, info.abi.patch, info.cpus, info.pages_total >> 8,
	    info.pages_free >> 8);
	say(STANDARD_OUTPUT,
	    "%lu objects, %lu programs, %lu threads, %s; first program after %lu us\n",
	    info.objects, info.views, info.threads,
	    twz_id_is_none(info.store_names) ? "no store" : "a store at /store",
	    info.boot_nanoseconds / 1000);
}

static void command_poweroff(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	power_off(0);
}

static void command_help(int argc, char **argv);

static const struct command commands[] = {
	{"help", "", "this list", 0, command_help},
	{"ls", "[PATH]", "list a directory", 1, command_ls},
	{"cat", "FILE...", "print files", -1, command_cat},
	{"cd", "[PATH]", "change the current directory", 1, command_cd},
	{"pwd", "", "print the current directory", 0, command_pwd},
	{"info", "", "tell about the system", 0, command_info},
	{"poweroff", "", "flush the store and leave", 0, command_poweroff},
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static void command_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		say(STANDARD_OUTPUT, "%s %s\t%s\n", commands[i].name, commands[i].usage,
		    commands[i].purpose);
	say(STANDARD_OUTPUT, "NAME or PATH, with arguments\trun a program of /bin, or by its path; "
			     "the host's directory is /host\n");
}

bool command_run(int argc, char **argv)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command *command = &commands[i];

		if (!text_equal(argv[0], command->name))
			continue;
		if (command->most >= 0 && argc - 1 > command->most)
			say(STANDARD_OUTPUT, "usage: %s %s\n", command->name, command->usage);
		else
			command->run(argc, argv);
		return true;
	}
	return false;
}
