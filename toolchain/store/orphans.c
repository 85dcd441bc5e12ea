/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects that nothing leads to: made, but not named when the power went. What is kept is what the
 * root directory and the handler registry lead to: the entries of a directory, and in any other
 * object each two words that are an object's id (Foreign Object Tables, programs' own data).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "twzstore.h"

/* All objects of the store, by the upper half of their ids. */
struct graph {
	struct image *image;
	struct store_object *objects;
	bool *kept;
	uint64_t count, room;
	uint64_t *buckets; /* number of an object + 1, or 0 */
	uint64_t mask;
	uint64_t *work; /* kept, and not looked into yet */
	uint64_t waiting;
	uint64_t page[TWZ_PAGE_SIZE / 8 + 1];
	const struct store_object *at;
};

static twz_result add_object(void *context, struct store *store, uint64_t record)
{
	struct graph *graph = context;

	if (graph->count == graph->room) {
		graph->room = graph->room ? graph->room * 2 : 1024;
		graph->objects = realloc(graph->objects, graph->room * sizeof(graph->objects[0]));
		if (!graph->objects)
			return -TWZ_ERR_OUT_OF_MEMORY;
	}
	return store_describe(store, record, &graph->objects[graph->count++]);
}

static uint64_t *bucket_of(const struct graph *graph, struct twz_id id)
{
	uint64_t at = (id.hi ^ id.lo) & graph->mask;

	while (graph->buckets[at] && !twz_id_equal(graph->objects[graph->buckets[at] - 1].id, id))
		at = (at + 1) & graph->mask;
	return &graph->buckets[at];
}

static twz_result make_index(struct graph *graph)
{
	uint64_t size = 2;

	while (size < graph->count * 2)
		size *= 2;
	graph->mask = size - 1;
	graph->buckets = calloc(size, sizeof(graph->buckets[0]));
	graph->kept = calloc(graph->count + 1, sizeof(graph->kept[0]));
	graph->work = calloc(graph->count + 1, sizeof(graph->work[0]));
	if (!graph->buckets || !graph->kept || !graph->work)
		return -TWZ_ERR_OUT_OF_MEMORY;
	for (uint64_t i = 0; i < graph->count; i++)
		*bucket_of(graph, graph->objects[i].id) = i + 1;
	return TWZ_OK;
}

static void keep(struct graph *graph, struct twz_id id)
{
	uint64_t found = *bucket_of(graph, id);

	if (found == 0 || graph->kept[found - 1])
		return;
	graph->kept[found - 1] = true;
	graph->work[graph->waiting++] = found - 1;
}

static void keep_entry(void *context, struct twz_id id)
{
	keep(context, id);
}

static twz_result look_into_page(void *context, uint64_t page)
{
	struct graph *graph = context;
	bool present;
	twz_result result =
		store_read(&graph->image->store, graph->at, page, graph->page, &present);

	for (unsigned i = 0; result == TWZ_OK && i + 1 < TWZ_PAGE_SIZE / 8; i++) {
		struct twz_id id = {graph->page[i], graph->page[i + 1]};
		if (id.hi | id.lo)
			keep(graph, id);
	}
	return result;
}

static twz_result look_into(struct graph *graph, const struct store_object *object)
{
	graph->at = object;
	if (object->kind == TWZ_KIND_DIRECTORY)
		return visit_names(graph->image, object->id, keep_entry, graph);
	return store_visit_pages(&graph->image->store, object, look_into_page, graph);
}

static twz_result mark(struct graph *graph)
{
	twz_result result = store_visit(&graph->image->store, add_object, graph);

	if (result == TWZ_OK)
		result = make_index(graph);
	if (result != TWZ_OK)
		return result;
	keep(graph, store_root(&graph->image->store, STORE_ROOT_NAMES));
	keep(graph, store_root(&graph->image->store, STORE_ROOT_HANDLERS));
	while (result == TWZ_OK && graph->waiting > 0)
		result = look_into(graph, &graph->objects[graph->work[--graph->waiting]]);
	return result;
}

int find_orphans(struct image *image, bool remove, uint64_t *found)
{
	struct graph graph = {.image = image};
	twz_result result = mark(&graph);

	*found = 0;
	for (uint64_t i = 0; result == TWZ_OK && i < graph.count; i++) {
		if (graph.kept[i])
			continue;
		++*found;
		printf("object ");
		print_id(graph.objects[i].id);
		printf(": nothing leads to it\n");
		if (remove)
			result = store_unlink(&image->store, &graph.objects[i]);
		if (remove && result == TWZ_OK)
			result = store_free(&image->store, &graph.objects[i]);
	}
	free(graph.objects);
	free(graph.buckets);
	free(graph.kept);
	free(graph.work);
	if (result == -TWZ_ERR_CORRUPT)
		return complain("%s: damaged, so that what is in use cannot be told; twzstore "
				"repair first",
				image->path);
	return result == TWZ_OK ? 0 : complain("%s: %s", image->path, twz_error_text(result));
}
