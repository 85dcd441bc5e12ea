/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects as a file: their ids and bytes unchanged, each page with its checksum. docs/store.md has
 * the layout.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <crc32c.h>
#include "twzstore.h"

#define EXPORT_MAGIC   0x534a424f5a5754ull /* "TWZOBJS" */
#define EXPORT_VERSION 1u
#define BATCH	       256 /* pages of one transaction of an import */

struct file_header {
	uint64_t magic;
	uint32_t version;
	uint32_t objects;
};

struct object_header {
	struct twz_id id, nonce, owner;
	uint32_t flags, kind, protections;
	uint32_t checksum; /* of this header with this field 0 */
	uint64_t pages;	   /* that follow */
};

struct page_header {
	uint64_t page;
	uint32_t checksum; /* of the page's number and bytes */
	uint32_t reserved;
	uint8_t bytes[TWZ_PAGE_SIZE];
};

static uint32_t page_sum(const struct page_header *page)
{
	return crc32c(page->bytes, sizeof(page->bytes)) ^ crc32c(&page->page, sizeof(page->page));
}

static uint32_t header_sum(struct object_header header)
{
	header.checksum = 0;
	return crc32c(&header, sizeof(header));
}

/* ---- export ---- */

struct export
{
	struct image *image;
	FILE *file;
	const struct store_object *object;
	uint64_t pages;
	struct store_object *list; /* to be exported, each once */
	uint64_t count, room;
	uint8_t *listed; /* a bit for each block: the record of one in the list */
};

static bool add(struct export *export, const struct store_object *object)
{
	uint8_t *listed = &export->listed[object->record / 8];
	uint8_t bit = (uint8_t)(1u << object->record % 8);

	if (*listed & bit)
		return true;
	if (export->count == export->room) {
		export->room = export->room ? export->room * 2 : 64;
		export->list = realloc(export->list, export->room * sizeof(*export->list));
		if (!export->list)
			return false;
	}
	export->list[export->count++] = *object;
	*listed |= bit;
	return true;
}

static twz_result count_page(void *context, uint64_t page)
{
	struct export *export = context;

	(void)page;
	export->pages++;
	return TWZ_OK;
}

static twz_result write_page(void *context, uint64_t page)
{
	struct export *export = context;
	static struct page_header out;
	bool present;

	out.page = page;
	twz_result result =
		store_read(&export->image->store, export->object, page, out.bytes, &present);
	if (result != TWZ_OK)
		return result;
	out.checksum = page_sum(&out);
	return fwrite(&out, sizeof(out), 1, export->file) == 1 ? TWZ_OK : -TWZ_ERR_NO_SPACE;
}

static twz_result write_object(struct export *export, const struct store_object *object)
{
	struct object_header header = {
		.id = object->id,
		.nonce = object->nonce,
		.owner = object->owner,
		.flags = object->flags,
		.kind = object->kind,
		.protections = object->protections,
	};

	export->object = object;
	export->pages = 0;
	twz_result result = store_visit_pages(&export->image->store, object, count_page, export);
	header.pages = export->pages;
	header.checksum = header_sum(header);
	if (result == TWZ_OK && fwrite(&header, sizeof(header), 1, export->file) != 1)
		result = -TWZ_ERR_NO_SPACE;
	if (result == TWZ_OK)
		result = store_visit_pages(&export->image->store, object, write_page, export);
	return result;
}

/* The objects that the Foreign Object Table of one names by id and the store has. */
static twz_result add_references(struct export *export, uint64_t number)
{
	static uint64_t words[TWZ_PAGE_SIZE / 8];
	struct store_object object = export->list[number], other;
	bool present;

	for (uint64_t page = TWZ_META_OFFSET / TWZ_PAGE_SIZE - 1; page > 0; page--) {
		twz_result result =
			store_read(&export->image->store, &object, page, words, &present);
		if (result != TWZ_OK)
			return result;
		if (!present)
			return TWZ_OK; /* the table grows down from the meta page without a gap */
		for (unsigned i = 0; i < TWZ_PAGE_SIZE / sizeof(struct twz_fot_entry); i++) {
			const struct twz_fot_entry *entry = (const struct twz_fot_entry *)words + i;
			struct twz_id id;
			memcpy(&id, &entry->id, sizeof(id));
			if ((id.hi || id.lo) &&
			    store_find(&export->image->store, id, &other) == TWZ_OK &&
			    !add(export, &other))
				return -TWZ_ERR_OUT_OF_MEMORY;
		}
	}
	return TWZ_OK;
}

static twz_result add_record(void *context, struct store *store, uint64_t record)
{
	struct store_object object;
	twz_result result = store_describe(store, record, &object);

	if (result == TWZ_OK && !add(context, &object))
		result = -TWZ_ERR_OUT_OF_MEMORY;
	return result;
}

int export_objects(struct image *image, const char *output, char **names, int count,
		   bool references, bool all)
{
	struct export export = {.image = image, .listed = calloc(image->store.blocks / 8 + 1, 1)};
	struct store_object object;
	twz_result result = TWZ_OK;

	crc32c_init();
	if (!export.listed)
		return complain("out of memory");
	for (int i = 0; i < count; i++) {
		int code = find_object(image, names[i], &object);
		if (code != 0) {
			free(export.list);
			free(export.listed);
			return code;
		}
		if (!add(&export, &object))
			result = -TWZ_ERR_OUT_OF_MEMORY;
	}
	if (all)
		result = store_visit(&image->store, add_record, &export);
	for (uint64_t i = 0; references && i < export.count && result == TWZ_OK; i++)
		result = add_references(&export, i);
	struct file_header header = {EXPORT_MAGIC, EXPORT_VERSION, (uint32_t) export.count};
	export.file = fopen(output, "wbx");
	if (!export.file)
		return complain("%s: %s", output, strerror(errno));
	if (fwrite(&header, sizeof(header), 1, export.file) != 1)
		result = -TWZ_ERR_NO_SPACE;
	for (uint64_t i = 0; i < export.count && result == TWZ_OK; i++)
		result = write_object(&export, &export.list[i]);
	if (fclose(export.file) != 0 && result == TWZ_OK)
		result = -TWZ_ERR_NO_SPACE;
	free(export.list);
	free(export.listed);
	if (result != TWZ_OK) {
		remove(output);
		return complain("%s: %s", output, twz_error_text(result));
	}
	printf("%u objects\n", header.objects);
	return 0;
}

/* ---- import ---- */

static int damaged(const char *input)
{
	return complain("%s: damaged or cut off; export it again", input);
}

/* The pages of an object that has been made; the last transaction is followed by a checkpoint. */
static int read_pages(struct image *image, const char *input, FILE *file,
		      const struct store_object *object, uint64_t pages)
{
	static struct page_header in[BATCH];
	struct store_swap swaps[BATCH];

	while (pages > 0) {
		uint64_t some = pages < BATCH ? pages : BATCH;
		if (fread(in, sizeof(in[0]), some, file) != some)
			return damaged(input);
		for (uint64_t i = 0; i < some; i++) {
			if (in[i].checksum != page_sum(&in[i]) ||
			    in[i].page >= TWZ_SLOT_SIZE / TWZ_PAGE_SIZE)
				return damaged(input);
			swaps[i] = (struct store_swap){object, in[i].page, in[i].bytes, 0};
		}
		twz_result result = store_commit(&image->store, swaps, some, NULL, 0, NULL, NULL);
		if (result != TWZ_OK)
			return complain("%s: %s", image->path, twz_error_text(result));
		pages -= some;
	}
	return 0;
}

static void undo(struct image *image, const struct store_object *object)
{
	if (store_unlink(&image->store, object) == TWZ_OK)
		store_free(&image->store, object);
}

static int read_object(struct image *image, const char *input, FILE *file,
		       struct store_object *object)
{
	struct object_header header;

	if (fread(&header, sizeof(header), 1, file) != 1 || header.checksum != header_sum(header))
		return damaged(input);
	*object = (struct store_object){
		.id = header.id,
		.nonce = header.nonce,
		.owner = header.owner,
		.flags = header.flags,
		.kind = header.kind,
		.protections = header.protections,
	};
	twz_result result = store_create(&image->store, object);
	if (result != TWZ_OK)
		return complain("%s: %s", input, twz_error_text(result));
	int code = read_pages(image, input, file, object, header.pages);
	if (code != 0)
		undo(image, object);
	return code;
}

int import_objects(struct image *image, const char *input, const char *path)
{
	struct file_header header;
	struct store_object *made = NULL;
	uint32_t count = 0;
	int code = 0;
	FILE *file = fopen(input, "rb");

	crc32c_init();
	if (!file)
		return complain("%s: %s", input, strerror(errno));
	if (fread(&header, sizeof(header), 1, file) != 1 || header.magic != EXPORT_MAGIC)
		code = complain("%s: not a file of twzstore export", input);
	else if (header.version != EXPORT_VERSION)
		code = complain("%s: of another version than %u; use the twzstore that made it",
				input, EXPORT_VERSION);
	while (code == 0 && count < header.objects) {
		struct store_object *more = realloc(made, (count + 1ul) * sizeof(*made));
		if (!more) {
			code = complain("out of memory");
			break;
		}
		made = more;
		code = read_object(image, input, file, &made[count]);
		count += code == 0;
	}
	if (code == 0 && fgetc(file) != EOF)
		code = damaged(input);
	if (code == 0 && path && count > 0)
		code = enter_name(image, path, &made[0]);
	while (code != 0 && count > 0) /* all or nothing */
		undo(image, &made[--count]);
	free(made);
	fclose(file);
	if (code == 0)
		printf("%u objects\n", count);
	return code;
}
