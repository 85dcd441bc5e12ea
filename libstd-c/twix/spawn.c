/* SPDX-License-Identifier: BSD-2-Clause */
/* posix_spawn and posix_spawnp over the runtime's spawn, which system and popen stand on. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fdop.h"
#include "twix.h"

/* musl keeps the actions in reverse order: `last` is the head of its list. Returns 0 or an errno.
 */
static int fill_action(const struct fdop *from, struct twz_rt_spawn_action *to)
{
	switch (from->cmd) {
	case FDOP_CLOSE:
		*to = (struct twz_rt_spawn_action){.kind = TWZ_SPAWN_CLOSE, .to = from->fd};
		return 0;
	case FDOP_DUP2:
		*to = (struct twz_rt_spawn_action){
			.kind = TWZ_SPAWN_DUP, .from = from->srcfd, .to = from->fd};
		return 0;
	case FDOP_OPEN: {
		long flags = twix_open_flags(from->oflag);
		if (flags < 0)
			return (int)-flags;
		*to = (struct twz_rt_spawn_action){.kind = TWZ_SPAWN_OPEN,
						   .to = from->fd,
						   .path = from->path,
						   .flags = (uint32_t)flags,
						   .mode = from->mode & 07777 &
							   ~twix_creation_mask()};
		return 0;
	}
	case FDOP_CHDIR:
		*to = (struct twz_rt_spawn_action){.kind = TWZ_SPAWN_CHDIR, .path = from->path};
		return 0;
	case FDOP_FCHDIR:
		*to = (struct twz_rt_spawn_action){.kind = TWZ_SPAWN_FCHDIR, .from = from->fd};
		return 0;
	default:
		return EINVAL;
	}
}

/* An array of the file actions in the order they were added; NULL and *error when that fails. */
static struct twz_rt_spawn_action *actions_of(const posix_spawn_file_actions_t *file_actions,
					      size_t *count, int *error)
{
	const struct fdop *last = file_actions ? file_actions->__actions : 0;
	struct twz_rt_spawn_action *actions;

	*count = 0;
	*error = 0;
	for (const struct fdop *op = last; op; op = op->next)
		++*count;
	if (!*count)
		return 0;
	actions = calloc(*count, sizeof *actions);
	if (!actions) {
		*error = ENOMEM;
		return 0;
	}
	size_t i = *count;
	for (const struct fdop *op = last; op && !*error; op = op->next)
		*error = fill_action(op, &actions[--i]);
	return actions;
}

int posix_spawn(pid_t *restrict child, const char *restrict path,
		const posix_spawn_file_actions_t *file_actions,
		const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
		char *const envp[restrict])
{
	static char *const none[] = {0};
	struct twz_rt_spawn_args args = {.path = path, .argv = argv, .envp = envp ? envp : none};
	struct twz_rt_spawn_action *actions;
	long result;
	int error;

	/* The child starts with every signal unblocked and at its default, in its own group. */
	if (attributes &&
	    (attributes->__flags & (POSIX_SPAWN_SETSCHEDPARAM | POSIX_SPAWN_SETSCHEDULER)))
		return ENOSYS;
	error = (int)-twix_path(path, &args.path_length);
	if (error)
		return error;
	args.actions = actions = actions_of(file_actions, &args.action_count, &error);
	if (!error) {
		result = twix_result(twz_rt_exec_spawn(&args));
		if (result < 0)
			error = (int)-result;
		else if (child)
			*child = (pid_t)result;
	}
	free(actions);
	return error;
}

/* Tries `file` in each folder of PATH, as execvp does. */
int posix_spawnp(pid_t *restrict child, const char *restrict file,
		 const posix_spawn_file_actions_t *file_actions,
		 const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
		 char *const envp[restrict])
{
	const char *path = getenv("PATH"), *end;
	int error, denied = 0;

	if (!*file)
		return ENOENT;
	if (strchr(file, '/'))
		return posix_spawn(child, file, file_actions, attributes, argv, envp);
	if (!path)
		path = "/usr/local/bin:/bin:/usr/bin";
	for (;; path = end + 1) {
		char candidate[PATH_MAX];
		size_t folder, length = strlen(file);

		end = strchrnul(path, ':');
		folder = (size_t)(end - path);
		if (folder + length + 2 <= sizeof candidate) {
			memcpy(candidate, path, folder);
			if (folder)
				candidate[folder++] = '/';
			memcpy(candidate + folder, file, length + 1);
			error = posix_spawn(child, candidate, file_actions, attributes, argv, envp);
			if (error == EACCES)
				denied = 1;
			else if (error != ENOENT && error != ENOTDIR)
				return error;
		}
		if (!*end)
			return denied ? EACCES : ENOENT;
	}
}
