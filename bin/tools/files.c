/* SPDX-License-Identifier: BSD-2-Clause */
/* ls, mkdir and rm. */
#include "tools.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "DIRECTORY/NAME", for the caller to free; ends the program when there is no memory. */
static char *joined(const char *directory, const char *name)
{
	char *path;
	size_t length = strlen(directory);

	if (asprintf(&path, "%s%s%s", directory,
		     length != 0 && directory[length - 1] == '/' ? "" : "/", name) < 0)
		exit(tool_complain(directory));
	return path;
}

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* ---- ls ---- */

static bool all, details;

static int show(const char *path, const char *name)
{
	static const char bits[] = "rwxrwxrwx";
	struct stat stat;

	if (!details) {
		puts(name);
		return 0;
	}
	if (lstat(path, &stat) != 0)
		return tool_complain(path);
	putchar(S_ISDIR(stat.st_mode)	? 'd'
		: S_ISLNK(stat.st_mode) ? 'l'
		: S_ISCHR(stat.st_mode) ? 'c'
					: '-');
	for (int i = 0; i < 9; i++)
		putchar(stat.st_mode & (0400 >> i) ? bits[i] : '-');
	printf(" %3llu %10lld %s\n", (unsigned long long)stat.st_nlink, (long long)stat.st_size,
	       name);
	return 0;
}

static int visible(const struct dirent *entry)
{
	return all || entry->d_name[0] != '.';
}

static int list(const char *path)
{
	struct dirent **entries;
	int result = 0, count = scandir(path, &entries, visible, alphasort);

	if (count < 0)
		return tool_complain(path);
	for (int i = 0; i < count; i++) {
		char *inner = joined(path, entries[i]->d_name);
		result |= show(inner, entries[i]->d_name);
		free(inner);
		free(entries[i]);
	}
	free(entries);
	return result;
}

int tool_ls(int argc, char **argv)
{
	static char here[] = ".", *none[] = {here};
	int option, result = 0;

	while ((option = getopt(argc, argv, "1al")) != -1) {
		if (option == '?')
			return tool_usage("[-1al] [PATH...]");
		all |= option == 'a';
		details |= option == 'l';
	}
	char **paths = optind == argc ? none : argv + optind;
	int count = optind == argc ? 1 : argc - optind;
	for (int i = 0; i < count; i++) {
		struct stat stat;
		if (lstat(paths[i], &stat) != 0) {
			result = tool_complain(paths[i]);
			continue;
		}
		if (S_ISDIR(stat.st_mode) && count > 1)
			printf("%s:\n", paths[i]);
		result |= S_ISDIR(stat.st_mode) ? list(paths[i]) : show(paths[i], paths[i]);
	}
	return result;
}

/* ---- mkdir ---- */

static int make_parents(char *path)
{
	for (char *at = path + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		int failed = mkdir(path, 0777) != 0 && errno != EEXIST;
		if (failed)
			return tool_complain(path);
		*at = '/';
	}
	return 0;
}

int tool_mkdir(int argc, char **argv)
{
	bool parents = false;
	int option, result = 0;

	while ((option = getopt(argc, argv, "p")) != -1) {
		if (option != 'p')
			return tool_usage("[-p] DIRECTORY...");
		parents = true;
	}
	if (optind == argc)
		return tool_usage("[-p] DIRECTORY...");
	for (int i = optind; i < argc; i++) {
		struct stat stat;
		if (parents && make_parents(argv[i]) != 0)
			result = 1;
		else if (mkdir(argv[i], 0777) != 0 &&
			 !(parents && errno == EEXIST && lstat(argv[i], &stat) == 0 &&
			   S_ISDIR(stat.st_mode)))
			result = tool_complain(argv[i]);
	}
	return result;
}

/* ---- rm ---- */

static bool force, recursive;

static int remove_path(const char *path)
{
	struct stat stat;

	if (lstat(path, &stat) != 0)
		return force && errno == ENOENT ? 0 : tool_complain(path);
	if (!S_ISDIR(stat.st_mode))
		return unlink(path) != 0 ? tool_complain(path) : 0;
	if (!recursive) {
		errno = EISDIR;
		return tool_complain(path);
	}
	DIR *directory = opendir(path);
	if (directory == NULL)
		return tool_complain(path);
	int result = 0;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		if (is_dot(entry->d_name))
			continue;
		char *inner = joined(path, entry->d_name);
		result |= remove_path(inner);
		free(inner);
	}
	closedir(directory);
	if (result == 0 && rmdir(path) != 0)
		result = tool_complain(path);
	return result;
}

int tool_rm(int argc, char **argv)
{
	int option, result = 0;

	while ((option = getopt(argc, argv, "fr")) != -1) {
		if (option == '?')
			return tool_usage("[-fr] PATH...");
		force |= option == 'f';
		recursive |= option == 'r';
	}
	if (optind == argc && !force)
		return tool_usage("[-fr] PATH...");
	for (int i = optind; i < argc; i++)
		result |= remove_path(argv[i]);
	return result;
}
