/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk along a path, over a small tree in memory. */
#include <string.h>
#include "../test.h"
#include "files/path.h"

/* ---- the tree ---- */

static const struct node {
	const char *path; /* what the test calls it */
	uint32_t parent;
	const char *name;
	uint32_t kind;
	const char *target;
} nodes[] = {
	{"/", 0, "", TWZ_FILE_DIRECTORY, NULL},
	{"/a", 0, "a", TWZ_FILE_DIRECTORY, NULL},
	{"/a/b", 1, "b", TWZ_FILE_DIRECTORY, NULL},
	{"/a/b/file", 2, "file", TWZ_FILE_REGULAR, NULL},
	{"/link", 0, "link", TWZ_FILE_SYMLINK, "a/b"},
	{"/a/up", 1, "up", TWZ_FILE_SYMLINK, "../a/b/file"},
	{"/a/absolute", 1, "absolute", TWZ_FILE_SYMLINK, "/link/file"},
	{"/loop", 0, "loop", TWZ_FILE_SYMLINK, "loop"},
	{"/dangling", 0, "dangling", TWZ_FILE_SYMLINK, "a/none"},
	{"/empty", 0, "empty", TWZ_FILE_SYMLINK, ""},
	{"/slash", 0, "slash", TWZ_FILE_SYMLINK, "a/b/"},
	{"/grow", 0, "grow", TWZ_FILE_SYMLINK, "grow/grow"},
	{"/mnt", 0, "mnt", TWZ_FILE_DIRECTORY, NULL}, /* the root of a mount */
	{"/mnt/in", 12, "in", TWZ_FILE_REGULAR, NULL},
};
#define NODES (sizeof(nodes) / sizeof(nodes[0]))

static int entered; /* places that are not left yet */

static twz_result tree_step(struct rt_place *place, const char *name, size_t length)
{
	for (uint32_t i = 1; i < NODES; i++) {
		if (nodes[i].parent == place->fid && i != 12 && strlen(nodes[i].name) == length &&
		    memcmp(nodes[i].name, name, length) == 0) {
			place->fid = i;
			place->kind = nodes[i].kind;
			return 0;
		}
	}
	return -TWZ_ERR_NOT_FOUND;
}

static void tree_leave(struct rt_place *place)
{
	(void)place;
	entered--;
}

static twz_result tree_read_link(struct rt_place *place, char *buffer, size_t capacity)
{
	size_t length = strlen(nodes[place->fid].target);
	memcpy(buffer, nodes[place->fid].target, length < capacity ? length : capacity);
	return (twz_result)length;
}

static const struct rt_fs tree = {
	.step = tree_step, .leave = tree_leave, .read_link = tree_read_link};

twz_result rt_mount_root(struct rt_place *place)
{
	*place = (struct rt_place){.fs = &tree, .kind = TWZ_FILE_DIRECTORY};
	entered++;
	return 0;
}

bool rt_mount_at(const char *path, size_t length, struct rt_place *place, twz_result *error)
{
	*error = 0;
	if (length != 4 || memcmp(path, "/mnt", 4) != 0)
		return false;
	*place = (struct rt_place){.fs = &tree, .kind = TWZ_FILE_DIRECTORY, .fid = 12};
	entered++;
	return true;
}

twz_result rt_readable(const void *at, size_t length)
{
	return rt_user_pointer(at, length) ? 0 : RT_ERROR(BAD_ADDRESS);
}

bool rt_mount_has(const char *name, size_t length)
{
	return length == 3 && memcmp(name, "mnt", 3) == 0;
}

/* ---- what the walk needs of the rest of the runtime ---- */

static const char *cwd = "/a";

char *rt_cwd(size_t *length)
{
	*length = strlen(cwd);
	return strdup(cwd);
}

void *twz_rt_malloc(size_t size, size_t align, uint32_t flags)
{
	(void)align;
	return flags ? calloc(1, size) : malloc(size);
}

void twz_rt_free(void *pointer, size_t size, size_t align)
{
	(void)size;
	(void)align;
	free(pointer);
}

void *twz_rt_realloc(void *pointer, size_t old, size_t align, size_t size, uint32_t flags)
{
	(void)old;
	(void)align;
	(void)flags;
	return realloc(pointer, size);
}

static const struct rt_file_ops directory_ops = {.kind = TWZ_FILE_DIRECTORY};
static struct rt_file directory = {.ops = &directory_ops, .path = "/a/b", .path_length = 4};

struct rt_file *rt_fd_file(int fd)
{
	return fd == 5 ? &directory : NULL;
}

void rt_file_put(struct rt_file *file)
{
	(void)file;
}

/* ---- tests ---- */

static void expect_walk_from(int at, const char *path, uint32_t flags, const char *wanted)
{
	struct rt_walk walk;
	twz_result result = rt_walk(&walk, at, path, strlen(path), flags);
	if (result != 0) {
		fprintf(stderr, "%s: error %lld, expected %s\n", path, (long long)-result, wanted);
		exit(1);
	}
	const char *got = walk.length != 0 ? walk.path : "/";
	if (strcmp(got, wanted) != 0 || strcmp(nodes[walk.place.fid].path, wanted) != 0) {
		fprintf(stderr, "%s: got %s (%s), expected %s\n", path, got,
			nodes[walk.place.fid].path, wanted);
		exit(1);
	}
	rt_walk_end(&walk);
	EXPECT_EQUAL(entered, 0);
}

static void expect_walk(const char *path, const char *wanted)
{
	expect_walk_from(TWZ_RT_AT_CWD, path, RT_WALK_FOLLOW, wanted);
}

static void expect_error(const char *path, uint32_t flags, twz_result error)
{
	struct rt_walk walk;
	EXPECT_EQUAL(rt_walk(&walk, TWZ_RT_AT_CWD, path, strlen(path), flags), -error);
	EXPECT_EQUAL(entered, 0);
}

static void names(void)
{
	expect_walk("/", "/");
	expect_walk("//a///b/", "/a/b");
	expect_walk("b/file", "/a/b/file");
	expect_walk(".", "/a");
	expect_walk("./b/.", "/a/b");
	expect_walk_from(5, "file", RT_WALK_FOLLOW, "/a/b/file");
	expect_walk_from(5, "/a", RT_WALK_FOLLOW, "/a");
	expect_error("/a/b/file/x", RT_WALK_FOLLOW, TWZ_ERR_NOT_A_DIRECTORY);
	expect_error("/a/b/file/", RT_WALK_FOLLOW, TWZ_ERR_NOT_A_DIRECTORY);
	expect_error("/a/b/file/..", RT_WALK_FOLLOW, TWZ_ERR_NOT_A_DIRECTORY);
	expect_error("/none/x", RT_WALK_MISSING, TWZ_ERR_NOT_FOUND);
	expect_error("", RT_WALK_FOLLOW, TWZ_ERR_NOT_FOUND);
}

static void parents(void)
{
	expect_walk("..", "/");
	expect_walk("../../..", "/");
	expect_walk("b/../b/../../a/b", "/a/b");
	expect_walk("/link/..", "/a"); /* of what the link leads to */
	expect_walk("/link/../b/file", "/a/b/file");
	expect_walk_from(5, "..", RT_WALK_FOLLOW, "/a");
}

static void links(void)
{
	expect_walk("/link", "/a/b");
	expect_walk("/link/file", "/a/b/file");
	expect_walk("/a/up", "/a/b/file");
	expect_walk("/a/absolute", "/a/b/file");
	expect_walk("/slash", "/a/b");
	expect_walk("/slash/file", "/a/b/file");
	expect_walk_from(TWZ_RT_AT_CWD, "/link", 0, "/link");
	expect_walk_from(TWZ_RT_AT_CWD, "/link/", 0, "/a/b");
	expect_error("/loop", RT_WALK_FOLLOW, TWZ_ERR_LOOP);
	expect_error("/grow/x", RT_WALK_FOLLOW, TWZ_ERR_LOOP);
	expect_error("/dangling", RT_WALK_FOLLOW, TWZ_ERR_NOT_FOUND);
	expect_error("/empty/x", RT_WALK_FOLLOW, TWZ_ERR_NOT_FOUND);
}

static void mounts(void)
{
	expect_walk("/mnt", "/mnt");
	expect_walk("/mnt/in", "/mnt/in");
	expect_walk("/mnt/../a", "/a");
	expect_walk("/mnt/..", "/");
	expect_error("/mnt/a", RT_WALK_FOLLOW, TWZ_ERR_NOT_FOUND);
}

static void expect_parent(const char *path, uint32_t flags, const char *parent, const char *name,
			  bool missing)
{
	struct rt_walk walk;
	EXPECT_EQUAL(rt_walk(&walk, TWZ_RT_AT_CWD, path, strlen(path), flags), 0);
	EXPECT_EQUAL(walk.missing, missing);
	EXPECT(strcmp(walk.length != 0 ? walk.path : "/", parent) == 0);
	EXPECT(walk.name.length == strlen(name) &&
	       memcmp(walk.name.text, name, walk.name.length) == 0);
	rt_walk_end(&walk);
	EXPECT_EQUAL(entered, 0);
}

static void last_names(void)
{
	expect_parent("/a/b/file", RT_WALK_PARENT, "/a/b", "file", false);
	expect_parent("/link", RT_WALK_PARENT, "/", "link", false);
	expect_parent("/link/file", RT_WALK_PARENT, "/a/b", "file", false);
	expect_parent("b/", RT_WALK_PARENT, "/a", "b", false);
	expect_parent("new", RT_WALK_MISSING | RT_WALK_FOLLOW, "/a", "new", true);
	expect_parent("/dangling", RT_WALK_MISSING | RT_WALK_FOLLOW, "/a", "none", true);
	expect_error("/", RT_WALK_PARENT, TWZ_ERR_BUSY);
	expect_error("/a/..", RT_WALK_PARENT, TWZ_ERR_INVALID_ARGUMENT);
	expect_error("/a/b/.", RT_WALK_PARENT, TWZ_ERR_INVALID_ARGUMENT);
	expect_error("/a/b/file/x", RT_WALK_PARENT, TWZ_ERR_NOT_A_DIRECTORY);
}

static void bad_input(void)
{
	struct rt_walk walk;
	static char name[300], path[70000];
	memset(name, 'x', sizeof(name) - 1);
	expect_error(name, RT_WALK_MISSING, TWZ_ERR_NAME_TOO_LONG);
	expect_error(name, RT_WALK_PARENT, TWZ_ERR_NAME_TOO_LONG);
	memset(path, '/', sizeof(path) - 1);
	expect_error(path, RT_WALK_FOLLOW, TWZ_ERR_NAME_TOO_LONG);
	EXPECT_EQUAL(rt_walk(&walk, TWZ_RT_AT_CWD, "a\0b", 3, 0), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(rt_walk(&walk, 7, "a", 1, 0), -TWZ_ERR_BAD_HANDLE);
	EXPECT_EQUAL(rt_walk(&walk, TWZ_RT_AT_CWD, (const char *)(1ull << 63), 3, 0),
		     -TWZ_ERR_BAD_ADDRESS);
	EXPECT_EQUAL(rt_walk(&walk, TWZ_RT_AT_CWD, NULL, 3, 0), -TWZ_ERR_BAD_ADDRESS);
}

int main(void)
{
	static const struct test tests[] = {
		{names, "names, slashes, descriptors"},
		{parents, "\"..\", of the root, over links"},
		{links, "links, loops, links that lead nowhere"},
		{mounts, "mounts, and out of them again"},
		{last_names, "the directory of the last name"},
		{bad_input, "long names and paths, bad pointers"},
	};
	return RUN_TESTS(tests);
}
