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

char *place_programs(struct job *const *jobs, size_t count)
{
	char current[PATH_MAX];
	char *shared = NULL;

	if (getcwd(current, sizeof(current)) == NULL)
		current[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *path = jobs[i]->host_path;

		if (path == NULL || (current[0] == '/' && is_within(path, current)))
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

		if (job->host_path == NULL)
			continue;
		bool here = current[0] == '/' && is_within(job->host_path, current);
		const char *root = here ? current : shared;
		size_t skip = strcmp(root, "/") == 0 ? 0 : strlen(root);
		job->guest_path =
			format_string("%s%s", here ? "/host" : "/program", job->host_path + skip);
	}
	return shared;
}
