/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/exec.h: starting programs, waiting for them, ending them, fork. */
#include "contract.h"

/* Exit code 50 + argc when argument and environment are as told, and descriptor 7 reads "hi". */
CHILD(spawned)
{
	char text[4] = "";
	if (child_argc != 1 || strcmp(child_argv[0], "an argument") != 0)
		twz_rt_exit(1);
	char **environment = child_argv + child_argc + 1;
	if (environment[0] == NULL || strcmp(environment[0], "A=B") != 0 || environment[1] != NULL)
		twz_rt_exit(2);
	if (twz_rt_fd_read(7, text, 4, NOW) != 2 || memcmp(text, "hi", 2) != 0)
		twz_rt_exit(3);
	if (twz_rt_fd_close(8) != -TWZ_ERR_BAD_HANDLE)
		twz_rt_exit(4);
	char cwd[8] = "";
	if (twz_rt_cwd_get(cwd, sizeof(cwd)) != 4 || memcmp(cwd, "/dev", 4) != 0)
		twz_rt_exit(5);
	if (twz_rt_fd_read(9, text, 1, NOW) != 0) /* /dev/null */
		twz_rt_exit(6);
	twz_rt_exit(50 + child_argc);
}

static struct twz_rt_spawn_args plain_args(char *const *argv)
{
	return (struct twz_rt_spawn_args){
		.path = self_path, .path_length = strlen(self_path), .argv = argv};
}

CONTRACT(twz_rt_exec_spawn)
{
	char *argv[] = {(char *)self_path, (char *)"child", (char *)"spawned",
			(char *)"an argument", NULL};
	char *envp[] = {(char *)"A=B", NULL};
	int ends[2];
	GIVES(twz_rt_fd_pipe(ends, 0), 0);
	GIVES(twz_rt_fd_write(ends[1], "hi", 2, NOW), 2);
	const struct twz_rt_spawn_action actions[] = {
		{.kind = TWZ_SPAWN_DUP, .from = ends[0], .to = 7},
		{.kind = TWZ_SPAWN_DUP, .from = ends[0], .to = 8},
		{.kind = TWZ_SPAWN_CLOSE, .to = 8},
		{.kind = TWZ_SPAWN_CHDIR, .path = "/dev"},
		{.kind = TWZ_SPAWN_OPEN, .to = 9, .path = "null", .flags = TWZ_OPEN_READ},
		{.kind = TWZ_SPAWN_CLOSE, .to = ends[0]},
		{.kind = TWZ_SPAWN_CLOSE, .to = ends[1]},
	};
	struct twz_rt_spawn_args args = plain_args(argv);
	args.envp = envp;
	args.actions = actions;
	args.action_count = sizeof(actions) / sizeof(actions[0]);
	CHECK(child_end(GOOD(twz_rt_exec_spawn(&args))) == 51);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	GIVES(twz_rt_fd_close(ends[1]), 0);

	FAILS(twz_rt_exec_spawn(NULL), INVALID_ARGUMENT);
	FAILS(twz_rt_exec_spawn(KERNEL_HALF), INVALID_ARGUMENT);
	args = plain_args(argv);
	args.path_length = 0;
	FAILS(twz_rt_exec_spawn(&args), INVALID_ARGUMENT);
	args = plain_args(NULL);
	FAILS(twz_rt_exec_spawn(&args), INVALID_ARGUMENT);
	args = plain_args(argv);
	args.flags = 0x80;
	FAILS(twz_rt_exec_spawn(&args), INVALID_ARGUMENT);
	args = plain_args(argv);
	args.action_count = 1;
	FAILS(twz_rt_exec_spawn(&args), INVALID_ARGUMENT);
	args = plain_args(argv);
	args.path = "/none";
	args.path_length = 5;
	FAILS(twz_rt_exec_spawn(&args), NOT_FOUND);
	args.path = "/tmp";
	args.path_length = 4;
	CHECK(twz_rt_exec_spawn(&args) < 0);
	int fd = new_file("text", "this is no program", 18);
	args.path = "text";
	FAILS(twz_rt_exec_spawn(&args), ACCESS_DENIED); /* not executable */
	GIVES(twz_rt_fd_command(fd, TWZ_FD_SET_MODE, 0700), 0);
	GIVES(twz_rt_fd_close(fd), 0);
	FAILS(twz_rt_exec_spawn(&args), BAD_FORMAT);
	remove_file("text");
	/* an action that fails: nothing is started */
	const struct twz_rt_spawn_action bad[] = {{.kind = TWZ_SPAWN_DUP, .from = 999, .to = 1}};
	args = plain_args(argv);
	args.actions = bad;
	args.action_count = 1;
	FAILS(twz_rt_exec_spawn(&args), BAD_HANDLE);
}

CHILD(sleep)
{
	nap(60000 * MS);
}

CONTRACT(twz_rt_exec_wait)
{
	struct twz_rt_wait_result end = {0};
	const char *code[] = {"12", NULL};
	FAILS(twz_rt_exec_wait(0, 0, &end), NO_SUCH_THREAD);
	twz_result first = child_start("exit_with", code), second = child_start("sleep", NULL);
	CHECK(first >= 1 && second >= 1 && first != second);
	GIVES(twz_rt_exec_wait(0, TWZ_FOREVER, &end), first);
	CHECK(end.number == first && end.state == TWZ_VIEW_EXITED && end.code == 12);
	/* it is waited for once */
	FAILS(twz_rt_exec_wait((uint32_t)first, 0, &end), NO_SUCH_THREAD);
	FAILS(twz_rt_exec_wait((uint32_t)second, 0, &end), TIMED_OUT);
	uint64_t until = after(20 * MS);
	FAILS(twz_rt_exec_wait((uint32_t)second, until, &end), TIMED_OUT);
	CHECK(now() >= until);
	FAILS(twz_rt_exec_wait(0xffffffff, 0, &end), NO_SUCH_THREAD);
	FAILS(twz_rt_exec_wait((uint32_t)second, 0, NULL), BAD_ADDRESS);
	FAILS(twz_rt_exec_wait((uint32_t)second, 0, KERNEL_HALF), BAD_ADDRESS);
	GIVES(twz_rt_exec_kill((uint32_t)second, 9), 0);
	GIVES(twz_rt_exec_wait((uint32_t)second, TWZ_FOREVER, &end), second);
	CHECK(end.state == TWZ_VIEW_KILLED && end.code == 9);
}

CONTRACT(twz_rt_exec_kill)
{
	twz_result child = child_start("sleep", NULL);
	GIVES(twz_rt_exec_kill((uint32_t)child, 0), 0); /* asks only whether it is there */
	FAILS(twz_rt_exec_kill((uint32_t)child, -1), INVALID_ARGUMENT);
	FAILS(twz_rt_exec_kill((uint32_t)child, 65), INVALID_ARGUMENT);
	FAILS(twz_rt_exec_kill(0xfffffff, 9), NO_SUCH_THREAD);
	FAILS(twz_rt_exec_kill(0, 9), NO_SUCH_THREAD);
	GIVES(twz_rt_exec_kill((uint32_t)child, 15), 0);
	CHECK(child_end(child) == -15);
	FAILS(twz_rt_exec_kill((uint32_t)child, 9), NO_SUCH_THREAD);
}

/* Stops, in the eyes of who waits, and goes on. */
CHILD(report)
{
	twz_rt_exec_control(0, TWZ_PROGRAM_REPORT, TWZ_RT_REPORT(TWZ_RT_STOPPED, 19, 1));
	twz_rt_sleep_until(TWZ_FOREVER);
}

CONTRACT(twz_rt_exec_wait_event)
{
	const uint32_t all = TWZ_RT_WAIT_ENDED | TWZ_RT_WAIT_STOPPED | TWZ_RT_WAIT_CONTINUED;
	struct twz_rt_wait_result event = {0};
	FAILS(twz_rt_exec_wait_event(0, all, 0, &event), NO_SUCH_THREAD);
	FAILS(twz_rt_exec_wait_event(0, 0, 0, &event), INVALID_ARGUMENT);
	FAILS(twz_rt_exec_wait_event(0, TWZ_RT_WAIT_KEEP, 0, &event), INVALID_ARGUMENT);
	FAILS(twz_rt_exec_wait_event(0, 16 | all, 0, &event), INVALID_ARGUMENT);
	FAILS(twz_rt_exec_wait_event(INT64_MIN, all, 0, &event), INVALID_ARGUMENT);
	twz_result child = child_start("report", NULL);
	twz_result group = GOOD(twz_rt_exec_control((uint32_t)child, TWZ_PROGRAM_GROUP, 0));
	GIVES(twz_rt_exec_wait_event(child, all | TWZ_RT_WAIT_KEEP, TWZ_FOREVER, &event), child);
	CHECK(event.state == TWZ_RT_STOPPED && event.code == 19);
	FAILS(twz_rt_exec_wait_event(0, TWZ_RT_WAIT_ENDED, 0, &event), TIMED_OUT);
	GIVES(twz_rt_exec_wait_event(-group, all, TWZ_FOREVER, &event), child);
	CHECK(event.state == TWZ_RT_STOPPED);
	FAILS(twz_rt_exec_wait_event(0, all, 0, &event), TIMED_OUT); /* told once */
	FAILS(twz_rt_exec_wait_event(-0x7ffffff, all, 0, &event), NO_SUCH_THREAD);
	FAILS(twz_rt_exec_wait_event(0, all, 0, NULL), BAD_ADDRESS);
	GIVES(twz_rt_exec_kill((uint32_t)child, 9), 0);
	GIVES(twz_rt_exec_wait_event(0, all | TWZ_RT_WAIT_KEEP, TWZ_FOREVER, &event), child);
	GIVES(twz_rt_exec_wait_event(0, all, 0, &event), child);
	CHECK(event.state == TWZ_VIEW_KILLED && event.code == 9);
}

CONTRACT(twz_rt_exec_send)
{
	struct twz_message message = {.signal = 15};
	FAILS(twz_rt_exec_send(0x7ffffff, &message, 0), NO_SUCH_THREAD);
	twz_result child = child_start("sleep", NULL);
	FAILS(twz_rt_exec_send(child, &message, 4), INVALID_ARGUMENT);
	FAILS(twz_rt_exec_send(child, NULL, 0), BAD_ADDRESS);
	GIVES(twz_rt_exec_send(child, &message, TWZ_SEND_KILL), 1);
	CHECK(child_end(child) == -15);
	FAILS(twz_rt_exec_send(child, &message, 0), NO_SUCH_THREAD);
}

CONTRACT(twz_rt_exec_take)
{
	struct twz_message message;
	FAILS(twz_rt_exec_take(&message), NOT_FOUND);
	FAILS(twz_rt_exec_take(NULL), BAD_ADDRESS);
}

CONTRACT(twz_rt_exec_control)
{
	CHECK(twz_rt_exec_control(0, TWZ_PROGRAM_GROUP, 0) > 0);
	CHECK(twz_rt_exec_control(0, TWZ_PROGRAM_SESSION, 0) > 0);
	FAILS(twz_rt_exec_control(0x7ffffff, TWZ_PROGRAM_GROUP, 0), NO_SUCH_THREAD);
	FAILS(twz_rt_exec_control(0, TWZ_PROGRAM_CRASH + 1, 0), INVALID_ARGUMENT);
}

CONTRACT(twz_rt_exec_fork)
{
	static volatile int value;
	int ends[2];
	char text[8] = "";
	value = 1;
	GIVES(twz_rt_fd_pipe(ends, 0), 0);
	uint32_t self = twz_rt_exec_self();
	twz_result child = twz_rt_exec_fork();
	if (child == 0) {
		value = 2; /* in its own memory */
		if (twz_rt_exec_parent() != self || twz_rt_exec_self() == self)
			twz_rt_exit(1);
		if (twz_rt_fd_write(ends[1], "child", 5, NOW) != 5)
			twz_rt_exit(2);
		struct twz_rt_wait_result end;
		if (twz_rt_exec_wait(0, 0, &end) != -TWZ_ERR_NO_SUCH_THREAD)
			twz_rt_exit(3); /* the parent's children are not its own */
		twz_rt_exit(60 + value);
	}
	GOOD(child);
	CHECK(child_end(child) == 62 && value == 1);
	GIVES(twz_rt_fd_close(ends[1]), 0);
	GIVES(twz_rt_fd_read(ends[0], text, 8, NOW), 5);
	CHECK(!memcmp(text, "child", 5));
	GIVES(twz_rt_fd_read(ends[0], text, 8, NOW), 0);
	GIVES(twz_rt_fd_close(ends[0]), 0);
	NEVER_FAILS(); /* but for want of memory */
}

CHILD(replace)
{
	char *argv[] = {(char *)self_path, (char *)"child", (char *)child_argv[0],
			child_argc > 1 ? child_argv[1] : NULL, NULL};
	struct twz_rt_spawn_args args = plain_args(argv);
	if (strcmp(child_argv[0], "none") == 0) {
		args.path = "/none";
		args.path_length = 5;
	}
	twz_result result = twz_rt_exec_replace(&args);
	twz_rt_exit(result == -TWZ_ERR_NOT_FOUND ? 70 : 71);
}

CONTRACT(twz_rt_exec_replace)
{
	/* It ends as the other one ends. */
	const char *code[] = {"exit_with", "23", NULL}, *killed[] = {"abort", NULL};
	const char *none[] = {"none", NULL};
	CHECK(child_end(child_start("replace", code)) == 23);
	CHECK(child_end(child_start("replace", killed)) == -6);
	CHECK(child_end(child_start("replace", none)) == 70);
	FAILS(twz_rt_exec_replace(NULL), INVALID_ARGUMENT);
}

CHILD(no_error_yet)
{
	char text[8];
	twz_rt_exit(twz_rt_exec_error(text, sizeof(text)) == -TWZ_ERR_NOT_FOUND ? 0 : 1);
}

CONTRACT(twz_rt_exec_error)
{
	char text[200] = "", part[6] = "#####";
	char *argv[] = {(char *)"x", NULL};
	struct twz_rt_spawn_args args = {.path = "/none", .path_length = 5, .argv = argv};
	CHECK(child_code("no_error_yet") == 0);
	FAILS(twz_rt_exec_spawn(&args), NOT_FOUND);
	twz_result length = GOOD(twz_rt_exec_error(text, sizeof(text) - 1));
	CHECK(length == (twz_result)strlen(text) && strstr(text, "/none") != NULL);
	CHECK(strchr(text, '\n') == NULL);
	/* cut to the capacity, the length is the whole one's */
	GIVES(twz_rt_exec_error(part, 3), length);
	CHECK(!memcmp(part, text, 3) && part[3] == '#');
	GIVES(twz_rt_exec_error(NULL, 0), length);
	FAILS(twz_rt_exec_error(NULL, 10), BAD_ADDRESS);
	FAILS(twz_rt_exec_error(KERNEL_HALF, 10), BAD_ADDRESS);
}

CHILD(tell_self)
{
	uint32_t numbers[2] = {twz_rt_exec_self(), twz_rt_exec_parent()};
	twz_rt_exit(numbers[1] == number_of(child_argv[0]) && numbers[0] != 0 ? 0 : 1);
}

CONTRACT(twz_rt_exec_self)
{
	CHECK(twz_rt_exec_self() >= 1 && twz_rt_exec_self() == twz_rt_exec_self());
	CHECK(twz_rt_exec_self() != twz_rt_exec_parent());
}

CONTRACT(twz_rt_exec_parent)
{
	char number[24];
	const char *arguments[] = {text_of(twz_rt_exec_self(), number), NULL};
	CHECK(child_end(child_start("tell_self", arguments)) == 0);
}
