/* SPDX-License-Identifier: BSD-2-Clause */
/* mkimage: the file tree in memory and the steps from it to an initial image (twizzler/image.h). */
#ifndef MKIMAGE_H
#define MKIMAGE_H

#include <stddef.h>
#include <stdint.h>
#include <twizzler/object.h>

struct node {
	char *name;    /* within the parent; "" for the root */
	uint32_t kind; /* TWZ_KIND_FILE, TWZ_KIND_DIRECTORY or TWZ_KIND_SYMLINK */
	uint32_t mode;
	char *source;  /* host path of a file, target of a symbolic link */
	uint64_t size; /* bytes of content; set when the image is laid out */
	struct twz_id nonce;
	struct twz_id id;
	struct node *parent;
	struct node **children; /* sorted by name */
	size_t child_count;
};

/* A file to remove when the program dies, or NULL. */
extern const char *unfinished;

/* Prints "mkimage: ..." and exits with 1. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *allocate(size_t size);
char *duplicate(const char *text);

/* An empty root directory. */
struct node *tree_new(void);
void tree_free(struct node *root);

/*
 * Enters `path` ("/bin/init"), making the directories above it; what was there before is replaced,
 * but a directory is never replaced by another kind. Ends the program on an impossible path.
 */
struct node *tree_add(struct node *root, const char *path, uint32_t kind, uint32_t mode,
		      const char *source);
struct node *tree_find(struct node *root, const char *path);

/* Enters everything under the host directory `directory` at the root. */
void tree_add_host_directory(struct node *root, const char *directory);

/*
 * Enters what a manifest lists, one entry a line, '#' starts a comment:
 *   dir  PATH MODE
 *   file PATH MODE HOST-PATH
 *   link PATH TARGET
 * A relative HOST-PATH counts from the current directory.
 */
void tree_add_manifest(struct node *root, const char *manifest);

struct image_options {
	const char *output;
	const char *nonce; /* text that all ids depend on */
	const char *init;  /* path of the first program, or NULL: none */
	uint64_t mtime;	   /* of every object, nanoseconds since the epoch */
};

/* Writes the image: to a temporary name, then renamed. The same tree gives the same bytes. */
void image_write(struct node *root, const struct image_options *options);

#endif
