/* SPDX-License-Identifier: BSD-2-Clause */
/* Names inside the store: a directory object is brought into memory whole, where it has pages. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <twz/directory.h>
#include "twzstore.h"

#define DEEPEST 64

/* An object's pages at their places of 1 GiB. */
struct window {
	struct image *image;
	struct store_object object;
	uint8_t *start;
	uint64_t *pages; /* numbers of those that are there */
	uint64_t count, room;
	struct store_swap *swaps; /* of one that is written back */
};

void print_id(struct twz_id id)
{
	printf("%016llx%016llx", (unsigned long long)id.hi, (unsigned long long)id.lo);
}

static twz_result load_page(void *context, uint64_t page)
{
	struct window *window = context;
	bool present;

	if (window->count == window->room) {
		window->room = window->room ? window->room * 2 : 64;
		window->pages = realloc(window->pages, window->room * sizeof(*window->pages));
		if (!window->pages)
			return -TWZ_ERR_OUT_OF_MEMORY;
	}
	window->pages[window->count++] = page;
	return store_read(&window->image->store, &window->object, page,
			  window->start + page * TWZ_PAGE_SIZE, &present);
}

static void window_close(struct window *window)
{
	munmap(window->start, TWZ_SLOT_SIZE);
	free(window->pages);
}

static twz_result window_open(struct window *window, struct image *image, struct twz_id id)
{
	*window = (struct window){.image = image};
	twz_result result = store_find(&image->store, id, &window->object);
	if (result != TWZ_OK)
		return result;
	window->start = mmap(NULL, TWZ_SLOT_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (window->start == MAP_FAILED)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = store_visit_pages(&image->store, &window->object, load_page, window);
	if (result != TWZ_OK)
		window_close(window);
	return result;
}

/* Writes the pages below the limit that the directory uses, as one transaction. */
static twz_result window_write(struct window *window)
{
	twz_result end = twz_directory_extent(window->start, TWZ_DIRECTORY_LIMIT);
	uint64_t count = 0;

	if (end < 0)
		return end;
	uint64_t pages = ((uint64_t)end + TWZ_PAGE_SIZE - 1) / TWZ_PAGE_SIZE;
	struct store_swap *swaps = calloc(pages, sizeof(*swaps));
	if (!swaps)
		return -TWZ_ERR_OUT_OF_MEMORY;
	for (uint64_t page = TWZ_BASE_OFFSET / TWZ_PAGE_SIZE; page < pages; page++)
		swaps[count++] = (struct store_swap){&window->object, page,
						     window->start + page * TWZ_PAGE_SIZE, 0};
	twz_result result = store_commit(&window->image->store, swaps, count, NULL, 0, NULL, NULL);
	free(swaps);
	return result;
}

static twz_result look_up(struct image *image, struct twz_id at, const char *name, size_t length,
			  struct twz_directory_entry *entry)
{
	struct window window;
	twz_result result = window_open(&window, image, at);

	if (result != TWZ_OK)
		return result;
	if (window.object.kind != TWZ_KIND_DIRECTORY)
		result = -TWZ_ERR_NOT_A_DIRECTORY;
	else
		result = twz_directory_lookup(window.start, TWZ_DIRECTORY_LIMIT, name, length,
					      entry);
	window_close(&window);
	return result;
}

/* Walks a path up to its last name; that stays in *last. */
static twz_result walk(struct image *image, const char *path, struct twz_id *at, const char **last)
{
	struct twz_directory_entry entry;

	*at = store_root(&image->store, STORE_ROOT_NAMES);
	for (;;) {
		path += strspn(path, "/");
		size_t length = strcspn(path, "/");
		*last = path;
		if (path[length + strspn(path + length, "/")] == 0)
			return TWZ_OK;
		twz_result result = look_up(image, *at, path, length, &entry);
		if (result < 0)
			return result;
		*at = entry.id;
		path += length;
	}
}

static bool parse_id(const char *text, struct twz_id *id)
{
	uint64_t words[2] = {0, 0};
	unsigned digits = 0;

	for (; *text; text++) {
		const char *hex = "0123456789abcdef", *found = strchr(hex, *text | 0x20);
		if (*text == ':' && digits == 16)
			continue;
		if (!found || digits == 32)
			return false;
		words[digits / 16] = words[digits / 16] << 4 | (uint64_t)(found - hex);
		digits++;
	}
	id->hi = words[0];
	id->lo = words[1];
	return digits == 32;
}

int find_object(struct image *image, const char *name, struct store_object *object)
{
	struct twz_directory_entry entry;
	twz_result result = TWZ_OK;
	const char *last;
	struct twz_id id, at;

	if (!parse_id(name, &id)) {
		result = walk(image, name, &at, &last);
		id = at;
		if (result == TWZ_OK && *last) {
			result = look_up(image, at, last, strcspn(last, "/"), &entry);
			id = entry.id;
		}
	}
	if (result >= 0)
		result = store_find(&image->store, id, object);
	return result >= 0 ? 0 : complain("%s: %s", name, twz_error_text(result));
}

int enter_name(struct image *image, const char *path, const struct store_object *object)
{
	struct window window;
	const char *last;
	struct twz_id at;
	twz_result result = walk(image, path, &at, &last);

	if (result == TWZ_OK && *last == 0)
		result = -TWZ_ERR_EXISTS;
	if (result == TWZ_OK)
		result = window_open(&window, image, at);
	if (result != TWZ_OK)
		return complain("%s: %s", path, twz_error_text(result));
	result = window.object.kind == TWZ_KIND_DIRECTORY
			 ? twz_directory_insert(window.start, TWZ_DIRECTORY_LIMIT, last,
						strcspn(last, "/"), object->id, object->kind)
			 : -TWZ_ERR_NOT_A_DIRECTORY;
	if (result >= 0)
		result = window_write(&window);
	window_close(&window);
	return result >= 0 ? 0 : complain("%s: %s", path, twz_error_text(result));
}

twz_result visit_names(struct image *image, struct twz_id directory,
		       void (*visit)(void *context, struct twz_id id), void *context)
{
	struct twz_directory_entry entry;
	uint64_t cursor = 0;
	struct window window;
	twz_result result = window_open(&window, image, directory);

	if (result != TWZ_OK)
		return result;
	while ((result = twz_directory_next(window.start, TWZ_DIRECTORY_LIMIT, &cursor, &entry)) ==
	       1)
		visit(context, entry.id);
	window_close(&window);
	return result;
}

static int list_directory(struct image *image, struct twz_id id, char *path, size_t length,
			  unsigned depth)
{
	struct twz_directory_entry entry;
	uint64_t cursor = 0;
	struct window window;
	twz_result result = window_open(&window, image, id);

	if (result != TWZ_OK)
		return complain("%.*s: %s", (int)length, path, twz_error_text(result));
	while ((result = twz_directory_next(window.start, TWZ_DIRECTORY_LIMIT, &cursor, &entry)) ==
	       1) {
		if (length + entry.length + 2 > DEEPEST * (TWZ_NAME_MAX + 1ul))
			break;
		path[length] = '/';
		memcpy(path + length + 1, entry.name, entry.length + 1);
		print_id(entry.id);
		printf(" %s%s\n", path, entry.kind == TWZ_KIND_DIRECTORY ? "/" : "");
		if (entry.kind == TWZ_KIND_DIRECTORY && depth < DEEPEST)
			list_directory(image, entry.id, path, length + 1 + entry.length, depth + 1);
	}
	window_close(&window);
	path[length] = 0;
	return result < 0 ? complain("%s/: %s", path, twz_error_text(result)) : 0;
}

int list_names(struct image *image)
{
	static char path[DEEPEST * (TWZ_NAME_MAX + 1) + 1];
	struct twz_id root = store_root(&image->store, STORE_ROOT_NAMES);

	return root.hi || root.lo ? list_directory(image, root, path, 0, 0) : 0;
}
