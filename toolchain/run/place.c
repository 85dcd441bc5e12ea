/* SPDX-License-Identifier: BSD-2-Clause */
/* Where each program's file is seen in the guest. */
#define _GNU_SOURCE
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

/* The deepest directory that holds both paths; `directory` is shortened in place. */
static void common_directory(char *directory, const char *path)
{
	size_t last = 0;
	size_t i = 0;

	while (directory[i] != '\0' && directory[i] == path[i]) {
		if (directory[i] == '/')
			last = i;
		i++;
	}
	if (directory[i] == '\0' && path[i] == '/')
		return;
	directory[last == 0 ? 1 : last] = '\0';
}

static bool is_within(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strcmp(directory, "/") == 0)
		return true;
	return strncmp(path, directory, length) == 0 && path[length] == '/';
}

/* Where a path within `root` is seen below `mount`. */
static char *placed(const char *mount, const char *root, const char *path)
{
	return format_string("%s%s", mount, path + (strcmp(root, "/") == 0 ? 0 : strlen(root)));
}

/* The directory to start in: the current one, where the root holds it. */
static char *start_directory(const char *root)
{
	char current[PATH_MAX];

	if (getcwd(current, sizeof(current)) == NULL)
		return NULL;
	if (strcmp(current, root) == 0)
		return format_string("/host");
	return is_within(current, root) ? placed("/host", root, current) : NULL;
}

bool place_within(struct job *job, const char *root)
{
	job->guest_directory = start_directory(root);
	if (job->host_path != NULL)
		job->guest_path = is_within(job->host_path, root)
					  ? placed("/host", root, job->host_path)
					  : NULL;
	return job->guest_directory != NULL && job->guest_path != NULL;
}

char *place_programs(struct job *const *jobs, size_t count, const char *root)
{
	char *directory = start_directory(root);
	char *shared = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *path = jobs[i]->host_path;

		if (path == NULL || is_within(path, root))
			continue;
		if (shared == NULL) {
			shared = format_string("%s", path);
			char *slash = strrchr(shared, '/');
			slash[slash == shared ? 1 : 0] = '\0';
		} else {
			common_directory(shared, path);
		}
	}
	for (size_t i = 0; i < count; i++) {
		struct job *job = jobs[i];

		job->guest_directory = directory;
		if (job->host_path != NULL)
			job->guest_path = is_within(job->host_path, root)
						  ? placed("/host", root, job->host_path)
						  : placed("/program", shared, job->host_path);
	}
	return shared;
}
