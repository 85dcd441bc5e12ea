/* SPDX-License-Identifier: BSD-2-Clause */
/* dlopen, dlsym and dlclose: groups of libraries that come and go while the program runs. */
#include "../runtime-min/start.h"
#include "loader.h"

/* Libraries breadth-first from one on: `list` grows. */
struct group {
	struct library **list;
	size_t count, capacity;
};

static int group_add(struct group *group, struct library *library)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->list[i] == library)
			return 0;
	}
	if (group->count == group->capacity) {
		size_t capacity = group->capacity * 2 + 8, unit = sizeof(struct library *);
		struct library **larger =
			twz_rt_realloc(group->list, group->capacity * unit, 8, capacity * unit, 0);
		if (larger == NULL)
			return loader_fail(library->path, "out of memory", NULL);
		group->list = larger;
		group->capacity = capacity;
	}
	group->list[group->count++] = library;
	return 0;
}

static void group_free(struct group *group)
{
	if (group->list != NULL)
		twz_rt_free(group->list, group->capacity * sizeof(struct library *), 8);
	*group = (struct group){0};
}

static int group_from(struct library *first, struct group *group)
{
	int result = group_add(group, first);
	for (size_t i = 0; i < group->count && result == 0; i++) {
		for (size_t n = 0; n < group->list[i]->needed_count && result == 0; n++)
			result = group_add(group, group->list[i]->needed[n]);
	}
	return result;
}

/* Every library from `fresh` on looks its symbols up in the group that it came with. */
static int set_scopes(struct library *fresh, const struct group *group)
{
	for (struct library *library = fresh; library != NULL; library = library->next) {
		size_t size = group->count * sizeof(struct library *);
		library->scope = twz_rt_malloc(size, 8, 0);
		if (library->scope == NULL)
			return loader_fail(library->path, "out of memory", NULL);
		memcpy(library->scope, group->list, size);
		library->scope_count = group->count;
	}
	return 0;
}

/* Marks what a library keeps: what it needs and what its symbols may have bound to. */
static void mark(struct library *library, uint32_t round)
{
	if (library->mark == round)
		return;
	library->mark = round;
	for (size_t i = 0; i < library->needed_count; i++)
		mark(library->needed[i], round);
	for (size_t i = 0; i < library->scope_count; i++)
		mark(library->scope[i], round);
}

/* The last library that is not marked. */
static struct library *unmarked(uint32_t round)
{
	struct library *last = NULL;
	for (struct library *library = libraries; library != NULL; library = library->next) {
		if (library->mark != round)
			last = library;
	}
	return last;
}

/* Unloads every library that nothing holds any more. */
static void collect(void)
{
	static uint32_t round;
	static int collecting;
	/* A destructor may close others: they are found by the round that runs it. */
	if (collecting)
		return;
	collecting = 1;
	do {
		round++;
		for (struct library *library = libraries; library != NULL;
		     library = library->next) {
			if (library->permanent || library->opened > 0 || library->constructing)
				mark(library, round);
		}
	} while (libraries_destruct_one(round));
	if (unmarked(round) != NULL) {
		debug_changed(DEBUG_DELETE);
		for (struct library *last; (last = unmarked(round)) != NULL;) {
			library_free(last);
			library_unloads++;
		}
		debug_changed(DEBUG_CONSISTENT);
	}
	collecting = 0;
}

/* The library before `fresh` in the list stays the last: everything behind it is thrown away. */
static void throw_away(struct library *last)
{
	while (last->next != NULL) {
		struct library *library = last->next;
		while (library->next != NULL)
			library = library->next;
		library_free(library);
	}
}

static int make_ready(struct library *library, struct library *fresh)
{
	struct group group = {0};
	int result = -1;
	if (libraries_load_needed(fresh) == 0 && tls_assign(fresh, 0) == 0 &&
	    group_from(library, &group) == 0 && set_scopes(fresh, &group) == 0)
		result = libraries_relocate(fresh);
	group_free(&group);
	return result;
}

static struct library *open_library(const char *name, uint32_t flags, const struct library *caller)
{
	if (flags & TWZ_DL_NOLOAD) {
		struct library *library = library_loaded(name);
		if (library == NULL)
			loader_complain(name, " is not loaded", NULL);
		return library;
	}
	struct library *last = libraries;
	while (last->next != NULL)
		last = last->next;
	struct library *library = library_load(name, caller);
	if (library == NULL)
		return NULL;
	if (last->next == NULL)
		return library;
	debug_changed(DEBUG_ADD);
	if (make_ready(library, last->next) < 0) {
		throw_away(last);
		debug_changed(DEBUG_CONSISTENT);
		return NULL;
	}
	tls_publish(last->next);
	for (struct library *fresh = last->next; fresh != NULL; fresh = fresh->next)
		library_loads++;
	debug_changed(DEBUG_CONSISTENT);
	return library;
}

static void make_global(struct library *library)
{
	if (library->global)
		return;
	library->global = 1;
	for (size_t i = 0; i < library->needed_count; i++)
		make_global(library->needed[i]);
}

void *twz_rt_dl_open(const char *path, uint32_t flags)
{
	if (flags & ~(TWZ_DL_LAZY | TWZ_DL_NOW | TWZ_DL_NOLOAD | TWZ_DL_GLOBAL | TWZ_DL_NODELETE)) {
		loader_complain("cannot load a library with unknown flags", NULL);
		return NULL;
	}
	if (path == NULL)
		return program;
	if (!rt_user_pointer(path, 1)) {
		loader_complain("cannot load a library: its name is no address", NULL);
		return NULL;
	}
	if (*path == '\0') {
		loader_complain("cannot load a library without a name", NULL);
		return NULL;
	}
	loader_lock();
	struct library *library = open_library(path, flags, program);
	if (library != NULL) {
		library->opened++;
		if (flags & TWZ_DL_GLOBAL)
			make_global(library);
		if (flags & TWZ_DL_NODELETE)
			library->permanent = 1;
		library_construct(library, rt_start.argc, rt_start.argv, rt_start.envp);
	}
	loader_unlock();
	return library;
}

/* A handle is a library of the list. */
static struct library *check_handle(void *handle)
{
	for (struct library *library = libraries; library != NULL; library = library->next) {
		if (library == handle)
			return library;
	}
	loader_complain("not a handle of an open library", NULL);
	return NULL;
}

int twz_rt_dl_close(void *handle)
{
	loader_lock();
	struct library *library = check_handle(handle);
	int result = library != NULL ? 0 : -1;
	if (library != NULL && library != program) {
		if (library->opened > 0) {
			library->opened--;
			collect();
		} else {
			result = loader_complain("the library is not open", NULL);
		}
	}
	loader_unlock();
	return result;
}

static struct symbol_found lookup_next(struct symbol_name *name, const void *caller)
{
	struct library *at = libraries;
	while (at != NULL && ((uintptr_t)caller < at->bias + at->elf.start ||
			      (uintptr_t)caller >= at->bias + at->elf.end))
		at = at->next;
	for (at = at != NULL ? at->next : NULL; at != NULL; at = at->next) {
		const struct elf_symbol *symbol = symbol_in(at, name);
		if (symbol != NULL)
			return (struct symbol_found){at, symbol};
	}
	return (struct symbol_found){0};
}

static struct symbol_found lookup_in_group(struct library *library, struct symbol_name *name)
{
	struct symbol_found found = {0};
	struct group group = {0};
	if (group_from(library, &group) == 0) {
		for (size_t i = 0; i < group.count && found.symbol == NULL; i++)
			found = (struct symbol_found){group.list[i],
						      symbol_in(group.list[i], name)};
	}
	group_free(&group);
	return found.symbol != NULL ? found : (struct symbol_found){0};
}

void *twz_rt_dl_symbol(void *handle, const char *name, const char *version, const void *caller)
{
	(void)version; /* libraries of this system have one version of each symbol */
	void *address = NULL;
	if (!rt_user_pointer(name, 1)) {
		loader_complain("cannot look up a symbol: its name is no address", NULL);
		return NULL;
	}
	loader_lock();
	struct symbol_name wanted = symbol_name(name);
	struct symbol_found found = {0};
	struct library *library = NULL;
	if (handle == TWZ_DL_DEFAULT)
		found = symbol_lookup(NULL, &wanted, NULL);
	else if (handle == TWZ_DL_NEXT)
		found = lookup_next(&wanted, caller);
	else if ((library = check_handle(handle)) == program && library != NULL)
		found = symbol_lookup(NULL, &wanted, NULL);
	else if (library != NULL)
		found = lookup_in_group(library, &wanted);
	if (found.symbol != NULL)
		address = symbol_address(found);
	else if (library != NULL || handle == TWZ_DL_DEFAULT || handle == TWZ_DL_NEXT)
		loader_complain("undefined symbol ", name, NULL);
	loader_unlock();
	return address;
}
