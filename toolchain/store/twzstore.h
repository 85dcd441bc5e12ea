/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of twzstore share. */
#ifndef TWZSTORE_H
#define TWZSTORE_H

#include <stdbool.h>
#include <store.h>
#include <twizzler/error.h>

/* Exit codes. */
#define EXIT_FOUND   1 /* check: something is wrong; repair: something is lost */
#define EXIT_USAGE   2
#define EXIT_REFUSED 3 /* not a store, or it cannot be read or written */

/* Prints "twzstore: ..." on standard error; returns EXIT_REFUSED. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- file.c ---- */

struct image {
	struct store_medium medium;
	struct store store;
	const char *path;
	int file;
	bool open; /* the store is */
};

enum image_use { IMAGE_READ, IMAGE_WRITE, IMAGE_REPAIR };

/* Opens the file for reading, or also for writing; the store in it too. 0 or an exit code. */
int image_open_file(struct image *image, const char *path, bool write);
int image_open(struct image *image, const char *path, enum image_use use);
/* Makes all durable. Returns `code`, or EXIT_REFUSED when that fails. */
int image_close(struct image *image, int code);
extern const struct store_memory image_memory;

/* ---- names.c ---- */

/* 32 hexadecimal digits (a colon may stand in the middle), or a path from the store's root. */
int find_object(struct image *image, const char *name, struct store_object *object);
/* Enters an object under a path whose directory is there. */
int enter_name(struct image *image, const char *path, const struct store_object *object);
/* Prints the tree of names from the root. */
int list_names(struct image *image);
void print_id(struct twz_id id);
/* Calls `visit` for what each name of a directory names, in no order. */
twz_result visit_names(struct image *image, struct twz_id directory,
		       void (*visit)(void *context, struct twz_id id), void *context);

/* ---- orphans.c ---- */

/* Prints, and with `remove` deletes, the objects that nothing leads to. */
int find_orphans(struct image *image, bool remove, uint64_t *found);

/* ---- transfer.c ---- */

int export_objects(struct image *image, const char *output, char **names, int count,
		   bool references, bool all);
int import_objects(struct image *image, const char *input, const char *path);

#endif
