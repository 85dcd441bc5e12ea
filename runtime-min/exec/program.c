/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds what a path to run turns out to be: an ELF program, its interpreter, or a #! script. */
#include "exec/exec.h"

#define SCRIPT_DEPTH_MAX 4 /* scripts whose interpreters are scripts, as on Linux */
#define SCRIPT_LINE_MAX	 4096

/* A string that argv took from a #! line. */
struct exec_string {
	struct exec_string *next;
	size_t size;
	char text[];
};

static const char *keep(struct exec_program *program, const char *text, size_t length)
{
	size_t size = sizeof(struct exec_string) + length + 1;
	struct exec_string *string = twz_rt_malloc(size, _Alignof(struct exec_string), 0);
	if (string == NULL)
		return NULL;
	string->size = size;
	memcpy(string->text, text, length);
	string->text[length] = '\0';
	string->next = program->strings;
	program->strings = string;
	return string->text;
}

/* Sets program->path to `path`, under `cwd` when it is relative. */
static twz_result set_path(struct exec_program *program, const char *path, size_t length,
			   const char *cwd)
{
	while (length > 2 && path[0] == '.' && path[1] == '/') {
		path += 2;
		length -= 2;
	}
	size_t before = length > 0 && path[0] == '/' ? 0 : rt_string_length(cwd) + 1;
	size_t size = before + length + 1;
	char *joined = twz_rt_malloc(size, 1, 0);
	if (joined == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	if (before > 0) {
		memcpy(joined, cwd, before - 1);
		joined[before - 1] = '/';
	}
	memcpy(joined + before, path, length);
	joined[size - 1] = '\0';
	if (program->path != NULL)
		twz_rt_free(program->path, program->path_size, 1);
	program->path = joined;
	program->path_size = size;
	return 0;
}

/* Replaces argv[0] by `count` words and, for scripts, the script's path. */
static twz_result put_before(struct exec_program *program, const char *const *words, size_t count)
{
	size_t rest = program->argv_count > 0 ? program->argv_count - 1 : 0;
	const char **argv = twz_rt_malloc((count + rest + 1) * sizeof(*argv), 8, 0);
	if (argv == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	memcpy(argv, words, count * sizeof(*argv));
	memcpy(argv + count, program->argv + 1, rest * sizeof(*argv));
	argv[count + rest] = NULL;
	twz_rt_free(program->argv, (program->argv_count + 1) * sizeof(*argv), 8);
	program->argv = argv;
	program->argv_count = count + rest;
	return 0;
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * Takes a #! line apart: the interpreter and at most one argument, which runs to the line's end.
 * Both are kept with the program; *argument is NULL when there is none.
 */
static twz_result parse_line(struct exec_program *program, const char *line, size_t length,
			     const char **interpreter, const char **argument)
{
	size_t start = 2;
	while (start < length && is_blank(line[start]))
		start++;
	size_t end = start;
	while (end < length && !is_blank(line[end]) && line[end] != '\0')
		end++;
	if (end == start)
		return -TWZ_ERR_BAD_FORMAT;
	*interpreter = keep(program, line + start, end - start);
	while (end < length && is_blank(line[end]))
		end++;
	while (length > end && is_blank(line[length - 1]))
		length--;
	*argument = NULL;
	if (end < length) {
		*argument = keep(program, line + end, length - end);
		if (*argument == NULL)
			return -TWZ_ERR_OUT_OF_MEMORY;
	}
	return *interpreter != NULL ? 0 : -TWZ_ERR_OUT_OF_MEMORY;
}

/* 1: the file was a script; path and argv are now its interpreter's. 0: it is none. */
static twz_result follow_script(struct exec_program *program, int fd, const char *cwd,
				const char **reason)
{
	char *line = twz_rt_malloc(SCRIPT_LINE_MAX, 1, 0);
	if (line == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	*reason = "cannot read it";
	twz_result result = twz_rt_fd_read(fd, line, SCRIPT_LINE_MAX, 0);
	if (result < 2 || line[0] != '#' || line[1] != '!') {
		result = result < 0 ? result : 0;
		goto out;
	}
	size_t length = 0;
	while (length < (size_t)result && line[length] != '\n')
		length++;
	if (length == SCRIPT_LINE_MAX) {
		*reason = "its #! line is too long";
		result = -TWZ_ERR_BAD_FORMAT;
		goto out;
	}
	*reason = "its #! line names no interpreter";
	const char *words[3];
	size_t count = 0;
	const char *argument;
	result = parse_line(program, line, length, &words[count++], &argument);
	if (result < 0)
		goto out;
	if (argument != NULL)
		words[count++] = argument;
	*reason = "cannot follow its #! line";
	words[count] = keep(program, program->path, program->path_size - 1);
	result =
		words[count++] != NULL ? put_before(program, words, count) : -TWZ_ERR_OUT_OF_MEMORY;
	if (result >= 0)
		result = set_path(program, words[0], rt_string_length(words[0]), cwd);
	if (result >= 0)
		result = 1;
out:
	twz_rt_free(line, SCRIPT_LINE_MAX, 1);
	return result;
}

/* Opens a file that has some execute permission. */
static twz_result open_executable(const char *path, size_t length, const char **reason)
{
	*reason = "cannot open it";
	twz_result fd =
		twz_rt_fd_open(TWZ_RT_AT_CWD, path, length, TWZ_OPEN_READ | TWZ_OPEN_CLOEXEC, 0);
	if (fd < 0)
		return fd;
	struct twz_rt_stat stat;
	twz_result result = twz_rt_fd_stat((int)fd, &stat);
	if (result >= 0 && stat.kind == TWZ_FILE_REGULAR && (stat.mode & 0111) == 0) {
		*reason = "it has no execute permission";
		result = -TWZ_ERR_ACCESS_DENIED;
	}
	if (result < 0) {
		twz_rt_fd_close((int)fd);
		return result;
	}
	return fd;
}

/* Opens the file that PT_INTERP names; it must be a library that needs no interpreter itself. */
static twz_result open_interpreter(struct exec_program *program)
{
	const struct elf_segment *interp = program->file.elf.interp;
	char *path = twz_rt_malloc(ELF_INTERP_MAX, 1, 0);
	if (path == NULL)
		return exec_fail(-TWZ_ERR_OUT_OF_MEMORY, program->path, program->path_size - 1,
				 "cannot open its interpreter");
	const char *reason = "malformed interpreter path";
	size_t length = 0;
	twz_result result = twz_rt_fd_read(program->file.fd, path, interp->filesz, interp->offset);
	if (result >= 0 && ((uint64_t)result != interp->filesz || path[result - 1] != '\0'))
		result = -TWZ_ERR_BAD_FORMAT;
	if (result < 0) {
		exec_fail(result, program->path, program->path_size - 1, reason);
		goto out;
	}
	length = rt_string_length(path);
	result = open_executable(path, length, &reason);
	if (result >= 0)
		result = exec_file_open((int)result, EXEC_FILE_CACHE, &program->interpreter,
					&reason);
	if (result >= 0 &&
	    (program->interpreter.elf.type != ELF_TYPE_DYN ||
	     program->interpreter.elf.interp != NULL || program->interpreter.elf.entry == 0)) {
		reason = "not a program interpreter";
		result = -TWZ_ERR_BAD_FORMAT;
	}
	if (result < 0) {
		exec_fail(result, path, length, reason);
		goto out;
	}
	result = exec_file_check_abi(&program->interpreter, &reason);
	if (result < 0)
		exec_fail_abi(result, path, length, &program->interpreter, reason);
out:
	twz_rt_free(path, ELF_INTERP_MAX, 1);
	return result;
}

static twz_result open_elf(struct exec_program *program, int fd)
{
	const char *reason = "";
	twz_result result = exec_file_open(fd, EXEC_FILE_CACHE, &program->file, &reason);
	if (result >= 0 && program->file.elf.entry == 0) {
		reason = "a library, not a program";
		result = -TWZ_ERR_BAD_FORMAT;
	}
	if (result < 0)
		return exec_fail(result, program->path, program->path_size - 1, reason);
	result = exec_file_check_abi(&program->file, &reason);
	if (result < 0)
		return exec_fail_abi(result, program->path, program->path_size - 1, &program->file,
				     reason);
	if (program->file.elf.interp != NULL)
		return open_interpreter(program);
	return 0;
}

static twz_result copy_argv(struct exec_program *program, char *const *argv)
{
	size_t count = 0;
	while (argv[count] != NULL)
		count++;
	program->argv = twz_rt_malloc((count + 1) * sizeof(*program->argv), 8, 0);
	if (program->argv == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	memcpy(program->argv, argv, (count + 1) * sizeof(*argv));
	program->argv_count = count;
	return 0;
}

twz_result exec_program_open(const char *path, size_t length, const char *cwd, char *const *argv,
			     struct exec_program *program)
{
	*program = (struct exec_program){.file.fd = -1, .interpreter.fd = -1};
	const char *reason = "cannot start";
	twz_result result = copy_argv(program, argv);
	if (result >= 0)
		result = set_path(program, path, length, cwd);
	if (result < 0) {
		exec_fail(result, path, length, reason);
		goto fail;
	}
	for (int depth = 0;; depth++) {
		twz_result fd = open_executable(program->path, program->path_size - 1, &reason);
		result = fd;
		if (fd >= 0) {
			result = follow_script(program, (int)fd, cwd, &reason);
			if (result == 0) {
				result = open_elf(program, (int)fd);
				if (result < 0)
					goto fail;
				return 0;
			}
			twz_rt_fd_close((int)fd);
		}
		if (result > 0 && depth == SCRIPT_DEPTH_MAX) {
			reason = "too many scripts that run scripts";
			result = -TWZ_ERR_LOOP;
		}
		if (result < 0) {
			exec_fail(result, program->path, program->path_size - 1, reason);
			goto fail;
		}
	}
fail:
	exec_program_close(program);
	return result;
}

void exec_program_close(struct exec_program *program)
{
	exec_file_close(&program->file);
	exec_file_close(&program->interpreter);
	if (program->path != NULL)
		twz_rt_free(program->path, program->path_size, 1);
	if (program->argv != NULL)
		twz_rt_free(program->argv, (program->argv_count + 1) * sizeof(*program->argv), 8);
	while (program->strings != NULL) {
		struct exec_string *string = program->strings;
		program->strings = string->next;
		twz_rt_free(string, string->size, _Alignof(struct exec_string));
	}
	*program = (struct exec_program){.file.fd = -1, .interpreter.fd = -1};
}
