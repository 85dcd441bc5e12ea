/* SPDX-License-Identifier: BSD-2-Clause */
/* mkimage: the file tree, from host directories and manifests. */
#include "mkimage.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <twz/directory.h>

static struct node *node_new(struct node *parent, const char *name, size_t length)
{
	struct node *node = allocate(sizeof(*node));

	node->name = memcpy(allocate(length + 1), name, length);
	node->kind = TWZ_KIND_DIRECTORY;
	node->mode = 0755;
	node->parent = parent;
	return node;
}

struct node *tree_new(void)
{
	struct node *root = node_new(NULL, "", 0);

	root->parent = root;
	return root;
}

void tree_free(struct node *root)
{
	for (size_t i = 0; i < root->child_count; i++)
		tree_free(root->children[i]);
	free(root->children);
	free(root->name);
	free(root->source);
	free(root);
}

static struct node *child(struct node *parent, const char *name, size_t length, int make)
{
	size_t at = 0;

	for (; at < parent->child_count; at++) {
		const char *other = parent->children[at]->name;
		int order = strncmp(other, name, length);
		if (order == 0 && other[length] == 0)
			return parent->children[at];
		if (order > 0 || (order == 0 && other[length] != 0))
			break;
	}
	if (!make)
		return NULL;
	parent->children =
		realloc(parent->children, (parent->child_count + 1) * sizeof(*parent->children));
	if (!parent->children)
		die("out of memory");
	memmove(parent->children + at + 1, parent->children + at,
		(parent->child_count - at) * sizeof(*parent->children));
	parent->child_count++;
	return parent->children[at] = node_new(parent, name, length);
}

static struct node *walk(struct node *root, const char *path, int make)
{
	struct node *node = root;

	for (const char *part = path; *part;) {
		size_t length = strcspn(part, "/");
		if (length > TWZ_NAME_MAX)
			die("%s: a name is longer than %d bytes", path, TWZ_NAME_MAX);
		if ((length == 1 && part[0] == '.') || (length == 2 && !strncmp(part, "..", 2)))
			die("%s: '.' and '..' cannot stand in a path of the image", path);
		if (length) {
			if (node->kind != TWZ_KIND_DIRECTORY) {
				if (!make)
					return NULL;
				die("%s: a name above it is not a directory", path);
			}
			node = child(node, part, length, make);
			if (!node)
				return NULL;
		}
		part += length + strspn(part + length, "/");
	}
	return node;
}

struct node *tree_find(struct node *root, const char *path)
{
	return walk(root, path, 0);
}

struct node *tree_add(struct node *root, const char *path, uint32_t kind, uint32_t mode,
		      const char *source)
{
	if (path[0] != '/')
		die("%s: a path of the image starts with '/'", path);
	struct node *node = walk(root, path, 1);
	if (kind != TWZ_KIND_DIRECTORY && (node == root || node->child_count))
		die("%s: is a directory", path);
	node->kind = kind;
	node->mode = mode;
	free(node->source);
	node->source = source ? duplicate(source) : NULL;
	return node;
}

static char *join(const char *directory, const char *name)
{
	char *path = allocate(strlen(directory) + strlen(name) + 2);

	sprintf(path, "%s/%s", directory, name);
	return path;
}

static void add_host(struct node *root, const char *host, const char *path)
{
	DIR *directory = opendir(host);
	struct dirent *entry;

	if (!directory)
		die("%s: %s", host, strerror(errno));
	while ((entry = readdir(directory))) {
		struct stat stat;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		char *from = join(host, entry->d_name);
		char *to = join(path, entry->d_name);
		if (lstat(from, &stat) != 0)
			die("%s: %s", from, strerror(errno));
		if (S_ISDIR(stat.st_mode)) {
			tree_add(root, to, TWZ_KIND_DIRECTORY, stat.st_mode & 07777, NULL);
			add_host(root, from, to);
		} else if (S_ISREG(stat.st_mode)) {
			tree_add(root, to, TWZ_KIND_FILE, stat.st_mode & 07777, from);
		} else if (S_ISLNK(stat.st_mode)) {
			char *target = allocate((size_t)stat.st_size + 2);
			ssize_t length = readlink(from, target, (size_t)stat.st_size + 1);
			if (length != stat.st_size)
				die("%s: the link changed while it was read", from);
			tree_add(root, to, TWZ_KIND_SYMLINK, 0777, target);
			free(target);
		} else {
			die("%s: neither file, directory nor symbolic link", from);
		}
		free(from);
		free(to);
	}
	closedir(directory);
}

void tree_add_host_directory(struct node *root, const char *directory)
{
	add_host(root, directory, "");
}

static uint32_t parse_mode(const char *manifest, size_t number, const char *text)
{
	char *end;
	unsigned long mode = strtoul(text, &end, 8);

	if (*end || end == text || mode > 07777)
		die("%s:%zu: '%s' is not an octal mode", manifest, number, text);
	return (uint32_t)mode;
}

static void add_line(struct node *root, const char *manifest, size_t number, char *line)
{
	static const char blanks[] = " \t\r\n";
	char *words[5];
	size_t count = 0;

	line[strcspn(line, "#")] = 0;
	for (char *word = strtok(line, blanks); word && count < 5; word = strtok(NULL, blanks))
		words[count++] = word;
	if (count == 0)
		return;
	if (!strcmp(words[0], "dir") && count == 3)
		tree_add(root, words[1], TWZ_KIND_DIRECTORY, parse_mode(manifest, number, words[2]),
			 NULL);
	else if (!strcmp(words[0], "file") && count == 4)
		tree_add(root, words[1], TWZ_KIND_FILE, parse_mode(manifest, number, words[2]),
			 words[3]);
	else if (!strcmp(words[0], "link") && count == 3)
		tree_add(root, words[1], TWZ_KIND_SYMLINK, 0777, words[2]);
	else
		die("%s:%zu: want 'dir PATH MODE', 'file PATH MODE HOST-PATH' or 'link PATH "
		    "TARGET'",
		    manifest, number);
}

void tree_add_manifest(struct node *root, const char *manifest)
{
	FILE *file = fopen(manifest, "r");
	char *line = NULL;
	size_t capacity = 0;

	if (!file)
		die("%s: %s", manifest, strerror(errno));
	for (size_t number = 1; getline(&line, &capacity, file) >= 0; number++)
		add_line(root, manifest, number, line);
	if (ferror(file))
		die("%s: %s", manifest, strerror(errno));
	free(line);
	fclose(file);
}
