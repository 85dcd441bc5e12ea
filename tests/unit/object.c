/* SPDX-License-Identifier: BSD-2-Clause */
/* libtwz on the host: objects, invariant pointers, the FOT, names, locks, allocation. */
#include "host_object.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <twz/alloc.h>
#include <twz/fot.h>
#include <twz/lock.h>
#include <twz/name.h>
#include <twz/ptr.h>

static void objects_open_and_close(void)
{
	struct twz_object a = make(), again, read_only;
	struct twz_object_stat stat;
	uint64_t before = host_mapped();

	EXPECT(twz_object_meta(&a)->magic == TWZ_META_MAGIC);
	EXPECT_EQUAL(twz_object_open(a.id, TWZ_RIGHT_READ, &again), TWZ_OK);
	EXPECT(again.start == a.start); /* one mapping serves both */
	EXPECT_EQUAL(host_mapped(), before);
	EXPECT_EQUAL(twz_object_close(&again), TWZ_OK);
	*(int *)twz_object_base(&a) = 5;
	EXPECT_EQUAL(twz_object_close(&a), TWZ_OK);
	EXPECT_EQUAL(twz_object_close(&a), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(host_mapped(), before - 1);
	EXPECT_EQUAL(twz_object_open(a.id, TWZ_RIGHT_READ, &read_only), TWZ_OK);
	EXPECT_EQUAL(*(int *)twz_object_base(&read_only), 5);
	EXPECT_EQUAL(twz_object_open(a.id, RW, &a), TWZ_OK);
	EXPECT(a.start != read_only.start); /* more rights: another slot */
	EXPECT_EQUAL(twz_object_stat(a.id, &stat), TWZ_OK);
	EXPECT_EQUAL(twz_object_delete(a.id), TWZ_OK);
	EXPECT_EQUAL(*(int *)twz_object_base(&a), 5);
	EXPECT_EQUAL(twz_object_close(&a), TWZ_OK);
	EXPECT_EQUAL(twz_object_close(&read_only), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(a.id, RW, &a), -TWZ_ERR_NO_SUCH_OBJECT);
	EXPECT_EQUAL(twz_object_open(TWZ_ID_NONE, RW, &a), -TWZ_ERR_INVALID_ARGUMENT);
}

/* Pointers within and out of it mean the same in a copy; neither sees the other's changes. */
static void copies_are_whole(void)
{
	struct twz_object a = make(), b = make(), copy;
	struct {
		twz_ptr(uint64_t) near, far;
	} *root = twz_object_base(&a), *same;
	struct twz_id id;

	*(uint64_t *)twz_object_base(&b) = 8;
	EXPECT_EQUAL(twz_heap_make(&a, sizeof(*root)), TWZ_OK);
	EXPECT_EQUAL(twz_alloc(&a, 8, &root->near), TWZ_OK);
	*twz_deref(&root->near) = 5;
	EXPECT_EQUAL(twz_store(&root->far, (uint64_t *)twz_object_base(&b)), TWZ_OK);
	EXPECT_EQUAL(twz_object_copy(a.id, 0, &id), TWZ_OK);
	EXPECT(!twz_id_equal(id, a.id));
	EXPECT_EQUAL(twz_object_open(id, RW, &copy), TWZ_OK);
	same = twz_object_base(&copy);
	EXPECT(twz_deref(&same->near) != twz_deref(&root->near));
	EXPECT(twz_deref(&same->far) == twz_deref(&root->far));
	*twz_deref(&same->near) = 6;
	EXPECT_EQUAL(*twz_deref(&root->near), 5);
	EXPECT_EQUAL(twz_free(&copy, &same->near), TWZ_OK); /* it has the heap too */
	EXPECT_EQUAL(twz_object_copy((struct twz_id){4, 4}, 0, &id), -TWZ_ERR_NO_SUCH_OBJECT);
	EXPECT_EQUAL(twz_object_copy(a.id, TWZ_OBJECT_RAW, &id), -TWZ_ERR_NOT_SUPPORTED);
}

static void ties_end_with_their_owner(void)
{
	struct twz_object owner = make(), tied = make(), freed = make();
	struct twz_object_stat stat;

	EXPECT_EQUAL(twz_tie(tied.id, owner.id), TWZ_OK);
	EXPECT_EQUAL(twz_tie(freed.id, owner.id), TWZ_OK);
	EXPECT_EQUAL(twz_untie(freed.id), TWZ_OK);
	EXPECT_EQUAL(twz_tie(tied.id, TWZ_ID_NONE), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(twz_object_delete(owner.id), TWZ_OK);
	EXPECT_EQUAL(twz_object_stat(tied.id, &stat), -TWZ_ERR_NO_SUCH_OBJECT);
	EXPECT_EQUAL(twz_object_stat(freed.id, &stat), TWZ_OK);
}

static void many_objects_are_found(void)
{
	static struct twz_object all[300];

	for (int i = 0; i < 300; i++) {
		all[i] = make();
		*(int *)twz_object_base(&all[i]) = i;
	}
	for (int i = 0; i < 300; i++) {
		struct twz_object again;
		EXPECT_EQUAL(twz_object_open(all[i].id, RW, &again), TWZ_OK);
		EXPECT(again.start == all[i].start && *(int *)twz_object_base(&again) == i);
		EXPECT_EQUAL(twz_object_close(&again), TWZ_OK);
	}
	for (int i = 0; i < 300; i++) {
		EXPECT_EQUAL(twz_object_close(&all[i]), TWZ_OK);
		EXPECT_EQUAL(twz_object_delete(all[i].id), TWZ_OK);
	}
}

struct node {
	twz_ptr(struct node) next;
	uint64_t value;
};

/* A list that goes to and fro between objects; walked again when they stand at other slots. */
static void a_list_over_two_objects(void)
{
	struct twz_object o[2] = {make(), make()};
	struct node *first = twz_object_base(&o[0]), *last = first;
	uint64_t sum = 0;
	int count = 0;

	for (int i = 1; i < 100; i++) {
		struct node *node = (struct node *)twz_object_base(&o[i % 2]) + i;
		node->value = (uint64_t)i;
		EXPECT_EQUAL(twz_store(&last->next, node), TWZ_OK);
		EXPECT(twz_deref(&last->next) == node);
		last = node;
	}
	EXPECT_EQUAL(twz_object_meta(&o[0])->fot_count, 1);
	EXPECT_EQUAL(twz_object_meta(&o[1])->fot_count, 1);
	EXPECT(twz_deref(&last->next) == NULL);
	EXPECT_EQUAL(twz_store(&last->next, NULL), TWZ_OK);
	for (int i = 0; i < 2; i++) {
		/* the second time drops what resolving has pinned */
		EXPECT_EQUAL(twz_object_close(&o[i]), TWZ_OK);
		EXPECT_EQUAL(twz_object_close(&o[i]), TWZ_OK);
	}
	host_set_next_slot(200);
	EXPECT_EQUAL(twz_object_open(o[0].id, RW, &o[0]), TWZ_OK);
	EXPECT(first != twz_object_base(&o[0]));
	for (struct node *n = twz_object_base(&o[0]); n; n = twz_deref(&n->next), count++)
		sum += n->value;
	EXPECT_EQUAL(count, 100);
	EXPECT_EQUAL(sum, 4950);
	for (struct twz_walk at = twz_walk(twz_object_base(&o[0])); at.offset;
	     twz_walk_on(&at, struct node, next), count++)
		sum -= twz_walk_at(&at, struct node)->value;
	EXPECT_EQUAL(count, 200);
	EXPECT_EQUAL(sum, 0);
	host_set_next_slot(0);
	EXPECT_EQUAL(twz_store(&last->next, (struct node *)&sum),
		     -TWZ_ERR_NOT_FOUND); /* not in an object */
}

/* What stands behind a slot that was given to another object is not the old target. */
static void caches_forget_unmapped_objects(void)
{
	struct twz_object a = make(), b = make(), c;
	struct node *p = twz_object_base(&a);

	((struct node *)twz_object_base(&b))->value = 7;
	EXPECT_EQUAL(twz_store(&p->next, (struct node *)twz_object_base(&b)), TWZ_OK);
	EXPECT_EQUAL(twz_deref(&p->next)->value, 7);
	twz_iptr word = p->next.word;
	uint8_t *start = a.start;
	EXPECT_EQUAL(twz_object_close(&a), TWZ_OK);
	host_set_next_slot(host_slot_of(start));
	c = make();
	EXPECT(c.start == start);
	struct node *q = twz_object_base(&c);
	q->next.word = word; /* index 1 of c's own table, which has no entry */
	void *out;
	EXPECT_EQUAL(twz_resolve(&q->next.word, &out), -TWZ_ERR_CORRUPT);
	EXPECT(twz_deref(&q->next) == NULL);
	host_set_next_slot(0);
}

static void fot_entries_are_shared_and_reused(void)
{
	struct twz_object a = make();
	struct twz_id id = {1, 2}, other = {1, 3};
	twz_result first = twz_fot_insert(a.start, id, RW);

	EXPECT_EQUAL(first, 1);
	EXPECT_EQUAL(twz_fot_insert(a.start, id, RW), 1);
	EXPECT_EQUAL(twz_fot_insert(a.start, id, TWZ_RIGHT_READ), 2);
	EXPECT_EQUAL(twz_fot_insert(a.start, other, RW), 3);
	EXPECT_EQUAL(twz_fot_entry(a.start, 1)->refs, 2);
	EXPECT_EQUAL(twz_fot_release(a.start, 1), TWZ_OK);
	EXPECT_EQUAL(twz_fot_release(a.start, 1), TWZ_OK);
	EXPECT_EQUAL(twz_fot_release(a.start, 1), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(twz_fot_insert(a.start, (struct twz_id){5, 5}, RW), 1);
	EXPECT_EQUAL(twz_fot_insert(a.start, TWZ_ID_NONE, RW), -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT_EQUAL(twz_object_delete(a.id), TWZ_OK);
	EXPECT_EQUAL(twz_object_close(&a), TWZ_OK);
}

static volatile unsigned touched; /* pages that were hidden */

static void show_page(int number, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~(uintptr_t)(TWZ_PAGE_SIZE - 1);

	(void)number;
	(void)context;
	touched++;
	EXPECT(mprotect((void *)page, TWZ_PAGE_SIZE, PROT_READ | PROT_WRITE) == 0);
}

/* Inserting does not scan: one more among many looks at few of the table's pages. */
static void fot_insertion_does_not_scan(void)
{
	struct twz_object a = make();
	struct sigaction action = {.sa_sigaction = show_page, .sa_flags = SA_SIGINFO}, before;
	size_t table = 40000 / (TWZ_PAGE_SIZE / sizeof(struct twz_fot_entry)) * TWZ_PAGE_SIZE;
	unsigned most = 0;

	for (uint64_t i = 1; i <= 40000; i++)
		EXPECT_EQUAL(twz_fot_insert(a.start, (struct twz_id){i * 77, i}, RW), i);
	EXPECT(sigaction(SIGSEGV, &action, &before) == 0);
	for (uint64_t i = 40001; i <= 40100; i++) {
		EXPECT(mprotect(a.start + TWZ_META_OFFSET - table, table, PROT_NONE) == 0);
		touched = 0;
		EXPECT_EQUAL(twz_fot_insert(a.start, (struct twz_id){i * 77, i}, RW), i);
		most = touched > most ? touched : most;
	}
	EXPECT(sigaction(SIGSEGV, &before, NULL) == 0);
	EXPECT(mprotect(a.start + TWZ_META_OFFSET - table, table, PROT_READ | PROT_WRITE) == 0);
	printf("%u of %llu pages\n", most, (unsigned long long)(table / TWZ_PAGE_SIZE));
	EXPECT(most > 0 && most < 40);
	for (uint64_t i = 1; i <= 40000; i++)
		EXPECT_EQUAL(twz_fot_insert(a.start, (struct twz_id){i * 77, i}, RW), i);
	EXPECT_EQUAL(twz_object_delete(a.id), TWZ_OK);
	EXPECT_EQUAL(twz_object_close(&a), TWZ_OK);
}

static void hostile_pointers_resolve_to_errors(void)
{
	struct twz_object a = make();
	twz_iptr *p = twz_object_base(&a);
	struct twz_object_meta *meta = twz_object_meta(&a);
	uint64_t random = 8;
	void *out;

	meta->fot_count = ~0u;
	for (int i = 0; i < 20000; i++) {
		p[0] = test_random(&random);
		if (i % 2)
			p[0] = (test_random(&random) % 64) << 40 | (p[0] & 0xffffffff);
		twz_fot_entry(a.start, 1 + i % 63)->flags = test_random(&random) % 64;
		twz_fot_entry(a.start, 1 + i % 63)->name_offset =
			test_random(&random) % (2ull << 30);
		EXPECT(twz_resolve(p, &out) < 0 ||
		       ((uint8_t *)out >= a.start && (uint8_t *)out < a.start + TWZ_SLOT_SIZE));
		(void)twz_deref_word(p);
	}
	EXPECT_EQUAL(twz_fot_insert(a.start, (struct twz_id){1, 1}, RW), -TWZ_ERR_CORRUPT);
	EXPECT_EQUAL(twz_object_delete(a.id), TWZ_OK);
	EXPECT_EQUAL(twz_object_close(&a), TWZ_OK);
}

static struct twz_id names_root(void)
{
	static struct twz_id root;
	struct twz_object object;

	if (!twz_id_is_none(root))
		return root;
	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_DIRECTORY, &root), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(root, RW, &object), TWZ_OK);
	EXPECT_EQUAL(twz_directory_format(object.start, TWZ_DIRECTORY_LIMIT, 1, root, 0, 0),
		     TWZ_OK);
	host_set_names(root);
	return root;
}

static struct twz_id symlink_to(const char *target)
{
	struct twz_object object;
	struct twz_id id;

	EXPECT_EQUAL(twz_object_create(0, TWZ_KIND_SYMLINK, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, RW, &object), TWZ_OK);
	strcpy(twz_object_base(&object), target);
	twz_object_meta(&object)->size = strlen(target);
	EXPECT_EQUAL(twz_object_close(&object), TWZ_OK);
	return id;
}

static void paths_lead_to_objects(void)
{
	struct twz_id root = names_root(), a, b, id;
	struct twz_directory_entry entry;

	EXPECT_EQUAL(twz_name_make_directory(root, "/a", 0, &a), TWZ_OK);
	EXPECT_EQUAL(twz_name_make_directory(root, "/a/b", 0, &b), TWZ_OK);
	EXPECT_EQUAL(twz_name_make_directory(root, "/x/y", 0, &id), -TWZ_ERR_NOT_FOUND);
	EXPECT_EQUAL(twz_name_insert(root, "a/b/file", (struct twz_id){9, 9}, TWZ_KIND_FILE),
		     TWZ_OK);
	EXPECT_EQUAL(twz_name_insert(root, "a/b/file", (struct twz_id){9, 8}, TWZ_KIND_FILE),
		     -TWZ_ERR_EXISTS);
	EXPECT_EQUAL(twz_name_lookup(root, "//a/./b//../b/file", &entry), TWZ_OK);
	EXPECT(entry.id.hi == 9 && entry.kind == TWZ_KIND_FILE && strcmp(entry.name, "file") == 0);
	EXPECT_EQUAL(twz_name_lookup(root, "/", &entry), TWZ_OK);
	EXPECT(twz_id_equal(entry.id, root));
	EXPECT_EQUAL(twz_name_lookup(root, "/../..", &entry), TWZ_OK);
	EXPECT(twz_id_equal(entry.id, root));
	EXPECT_EQUAL(twz_name_insert(root, "/a/b/up", symlink_to("../b"), TWZ_KIND_SYMLINK),
		     TWZ_OK);
	EXPECT_EQUAL(twz_name_lookup(root, "/a/b/up/up/file", &entry), TWZ_OK);
	EXPECT_EQUAL(twz_name_insert(root, "/abs", symlink_to("/a/b/file"), TWZ_KIND_SYMLINK),
		     TWZ_OK);
	EXPECT_EQUAL(twz_name_lookup(root, "abs", &entry), TWZ_OK);
	EXPECT_EQUAL(entry.id.hi, 9);
	EXPECT_EQUAL(twz_name_insert(root, "/loop", symlink_to("loop"), TWZ_KIND_SYMLINK), TWZ_OK);
	EXPECT_EQUAL(twz_name_lookup(root, "loop", &entry), -TWZ_ERR_LOOP);
	EXPECT_EQUAL(twz_name_rename(root, "/a/b/file", "/a/file", &entry), TWZ_OK);
	EXPECT_EQUAL(twz_name_lookup(root, "/a/b/file", &entry), -TWZ_ERR_NOT_FOUND);
	EXPECT_EQUAL(twz_name_rename(root, "/a/file", "/a/other", &entry), TWZ_OK);
	EXPECT_EQUAL(twz_name_lookup(root, "/a/other", &entry), TWZ_OK);
	EXPECT_EQUAL(twz_name_rename(root, "/a/b", "/c", &entry), TWZ_OK);
	EXPECT_EQUAL(twz_name_lookup(root, "/c/../a/other", &entry), TWZ_OK);
	EXPECT_EQUAL(twz_name_remove(root, "/c", NULL), -TWZ_ERR_NOT_EMPTY);
	EXPECT_EQUAL(twz_name_remove(root, "/c/up", NULL), TWZ_OK);
	EXPECT_EQUAL(twz_name_remove(root, "/c", &entry), TWZ_OK);
	EXPECT(twz_id_equal(entry.id, b));
	EXPECT_EQUAL(twz_name_remove(root, "/loop", NULL), TWZ_OK);
}

/* A move that was interrupted has happened or not for whoever comes next, writer or reader. */
static void moves_are_finished(void)
{
	struct twz_id root = names_root(), ids[2], inner;
	struct twz_directory_entry entry, moved;
	struct twz_object at[2];

	EXPECT_EQUAL(twz_name_make_directory(root, "/from", 0, &ids[0]), TWZ_OK);
	EXPECT_EQUAL(twz_name_make_directory(root, "/to", 0, &ids[1]), TWZ_OK);
	for (int i = 0; i < 2; i++)
		EXPECT_EQUAL(twz_object_open(ids[i], RW, &at[i]), TWZ_OK);
	struct twz_directory_pair pair = {at[0].start, at[1].start, ids[0], ids[1],
					  TWZ_DIRECTORY_LIMIT};
	/* begun: a reader of the old name, a reader of both, a writer of the target */
	for (int i = 0; i < 3; i++) {
		EXPECT_EQUAL(twz_name_make_directory(root, "/from/name", 0, &inner), TWZ_OK);
		EXPECT_EQUAL(twz_directory_move_begin(&pair, "name", 4, "name", 4, &moved, &entry),
			     TWZ_OK);
		EXPECT_EQUAL(
			twz_directory_remove(at[i & 1].start, TWZ_DIRECTORY_LIMIT, "x", 1, NULL),
			-TWZ_ERR_BUSY);
		if (i == 2)
			EXPECT_EQUAL(twz_name_insert(root, "/to/new", inner, TWZ_KIND_DATA),
				     TWZ_OK);
		if (i == 1)
			EXPECT_EQUAL(twz_name_lookup(root, "/to/name", &entry), TWZ_OK);
		EXPECT_EQUAL(twz_name_lookup(root, "/from/name", &entry), -TWZ_ERR_NOT_FOUND);
		EXPECT_EQUAL(twz_name_lookup(root, "/to/name", &entry), TWZ_OK);
		EXPECT(twz_id_equal(entry.id, inner));
		EXPECT_EQUAL(twz_name_lookup(root, "/to/name/..", &entry), TWZ_OK);
		EXPECT(twz_id_equal(entry.id, ids[1]));
		EXPECT_EQUAL(twz_name_remove(root, "/to/name", NULL), TWZ_OK);
	}
	/* announced, not begun: it has not happened; the other directory gone: neither */
	struct twz_directory_header *source = twz_object_base(&at[0]);
	EXPECT_EQUAL(twz_name_insert(root, "/from/name", inner, TWZ_KIND_DATA), TWZ_OK);
	for (int i = 0; i < 3; i++) {
		source->move =
			(struct twz_directory_move){.peer = i == 0   ? ids[1]
							    : i == 1 ? ids[0]
								     : (struct twz_id){77, 77},
						    .leaving = TWZ_BASE_OFFSET + 4096,
						    .arriving = TWZ_BASE_OFFSET + 8};
		EXPECT_EQUAL(twz_name_lookup(root, "/from/name", &entry), TWZ_OK);
		EXPECT_EQUAL(source->move.leaving, 0);
	}
	EXPECT_EQUAL(twz_name_rename(root, "/from", "/from/below", NULL),
		     -TWZ_ERR_INVALID_ARGUMENT);
	for (int i = 0; i < 2; i++)
		EXPECT_EQUAL(twz_object_close(&at[i]), TWZ_OK);
}

/* A pointer by name goes where the name leads at its first dereference. */
static void pointers_by_name(void)
{
	struct twz_id root = names_root();
	struct twz_object a = make(), b = make();
	struct node *p = twz_object_base(&a);

	EXPECT_EQUAL(twz_name_insert(root, "/target", b.id, TWZ_KIND_DATA), TWZ_OK);
	((struct node *)twz_object_base(&b))->value = 11;
	strcpy((char *)(p + 10), "/target");
	twz_result index =
		twz_fot_insert_name(a.start, (uint64_t)((uint8_t *)(p + 10) - a.start), RW);
	EXPECT(index > 0);
	p->next.word = (uint64_t)index << 40 | TWZ_BASE_OFFSET;
	EXPECT_EQUAL(twz_deref(&p->next)->value, 11);
}

static struct twz_id answer;

static twz_result answer_all(struct twz_resolver *self, const char *name, struct twz_id *id)
{
	(void)self;
	*id = answer;
	return strcmp(name, "target") == 0 ? TWZ_OK : -TWZ_ERR_NOT_FOUND;
}

/* Rebinding a name changes where the next dereference goes; a resolver is a directory or a
 * function. */
static void names_bind_late(void)
{
	struct twz_id root = names_root(), directory;
	struct twz_object a = make(), b = make(), c = make();
	static struct twz_resolver own = {.resolve = answer_all};
	struct node *p = twz_object_base(&a);
	uint64_t name = (uint64_t)((uint8_t *)(p + 10) - a.start);

	((struct node *)twz_object_base(&b))->value = 2;
	((struct node *)twz_object_base(&c))->value = 3;
	strcpy((char *)(p + 10), "target");
	EXPECT_EQUAL(twz_name_make_directory(root, "/late", 0, &directory), TWZ_OK);
	EXPECT_EQUAL(twz_name_insert(root, "/late/target", b.id, TWZ_KIND_DATA), TWZ_OK);
	twz_result index = twz_fot_insert_name_by(a.start, name, directory, RW);
	EXPECT_EQUAL(index, 2); /* the resolver has the first entry */
	EXPECT_EQUAL(twz_fot_insert_name_by(a.start, name, directory, RW), 2);
	EXPECT_EQUAL(twz_fot_entry(a.start, 1)->refs, 1);
	p->next.word = (uint64_t)index << 40 | TWZ_BASE_OFFSET;
	EXPECT_EQUAL(twz_deref(&p->next)->value, 2);
	EXPECT_EQUAL(twz_name_replace(root, "/late/target", c.id, TWZ_KIND_DATA, NULL), TWZ_OK);
	EXPECT_EQUAL(twz_deref(&p->next)->value, 3);
	EXPECT_EQUAL(twz_name_remove(root, "/late/target", NULL), TWZ_OK);
	EXPECT(twz_deref(&p->next) == NULL);
	own.id = directory;
	answer = b.id;
	twz_resolver_add(&own);
	EXPECT_EQUAL(twz_deref(&p->next)->value, 2);
	answer = c.id;
	EXPECT_EQUAL(twz_deref(&p->next)->value, 2); /* kept */
	twz_names_refresh();
	EXPECT_EQUAL(twz_deref(&p->next)->value, 3);
	EXPECT_EQUAL(twz_fot_release(a.start, 2), TWZ_OK);
	EXPECT_EQUAL(twz_fot_entry(a.start, 1)->refs, 1);
	EXPECT_EQUAL(twz_fot_release(a.start, 2), TWZ_OK);
	EXPECT_EQUAL(twz_fot_entry(a.start, 1)->refs, 0);
}

/* The lock of a program that has ended is taken over. */
static void locks_outlive_their_holders(void)
{
	static struct {
		struct twz_id holder __attribute__((aligned(16)));
		uint32_t waiters;
	} lock;

	EXPECT_EQUAL(twz_lock_take(&lock.holder, &lock.waiters), TWZ_OK);
	host_new_view(); /* the host's views are no objects: the last one has ended */
	EXPECT_EQUAL(twz_lock_take(&lock.holder, &lock.waiters), 1);
	twz_lock_release(&lock.holder, &lock.waiters);
	EXPECT_EQUAL(twz_lock_take(&lock.holder, &lock.waiters), TWZ_OK);
	twz_lock_release(&lock.holder, &lock.waiters);
	EXPECT(twz_id_is_none(lock.holder));
}

static struct twz_object shared;

static void *insert_names(void *argument)
{
	char name[32];

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "/t/%c%d", *(char *)argument, i);
		EXPECT_EQUAL(
			twz_name_insert(names_root(), name, (struct twz_id){1, (uint64_t)i}, 0),
			TWZ_OK);
	}
	return NULL;
}

static void threads_insert_names_at_once(void)
{
	struct twz_id id;
	pthread_t threads[4];
	struct twz_directory_entry entry;
	char name[32];

	EXPECT_EQUAL(twz_name_make_directory(names_root(), "/t", 0, &id), TWZ_OK);
	EXPECT_EQUAL(twz_object_open(id, RW, &shared), TWZ_OK);
	for (int i = 0; i < 4; i++)
		EXPECT(pthread_create(&threads[i], NULL, insert_names, "abcd" + i) == 0);
	for (int i = 0; i < 4; i++)
		EXPECT(pthread_join(threads[i], NULL) == 0);
	for (int i = 0; i < 1200; i++) {
		snprintf(name, sizeof(name), "/t/%c%d", "abcd"[i / 300], i % 300);
		EXPECT_EQUAL(twz_name_lookup(names_root(), name, &entry), TWZ_OK);
	}
}

static void blocks_are_allocated_and_freed(void)
{
	struct twz_object a = make();
	struct root {
		twz_ptr(uint8_t) blocks[200];
	} *root = twz_object_base(&a);
	uint64_t random = 6, sizes[200] = {0};

	EXPECT_EQUAL(twz_alloc(&a, 10, &root->blocks[0]), -TWZ_ERR_NOT_FOUND);
	EXPECT_EQUAL(twz_heap_make(&a, sizeof(*root)), TWZ_OK);
	EXPECT_EQUAL(twz_heap_make(&a, sizeof(*root)), -TWZ_ERR_EXISTS);
	for (int step = 0; step < 20000; step++) {
		int i = (int)(test_random(&random) >> 40) % 200;
		uint8_t *block = twz_deref(&root->blocks[i]);
		if (block) {
			for (uint64_t at = 0; at < sizes[i]; at++)
				EXPECT_EQUAL(block[at], (uint8_t)i);
			EXPECT_EQUAL(twz_free(&a, &root->blocks[i]), TWZ_OK);
			EXPECT(twz_deref(&root->blocks[i]) == NULL);
			continue;
		}
		sizes[i] = test_random(&random) % 300;
		EXPECT_EQUAL(twz_alloc(&a, sizes[i], &root->blocks[i]), TWZ_OK);
		block = twz_deref(&root->blocks[i]);
		EXPECT((uintptr_t)block % 16 == 0);
		for (uint64_t at = 0; at < sizes[i]; at++)
			EXPECT_EQUAL(block[at], 0);
		memset(block, i, sizes[i]);
	}
	struct twz_heap *heap = (struct twz_heap *)(a.start + twz_object_meta(&a)->heap);
	EXPECT(heap->end < 4096 + 200 * 600); /* freed blocks are used again */
	EXPECT_EQUAL(twz_alloc(&a, 1ull << 40, &root->blocks[0]), -TWZ_ERR_INVALID_ARGUMENT);
	struct twz_object b = make();
	struct root *elsewhere = twz_object_base(&b);
	EXPECT_EQUAL(twz_alloc(&a, 8, &elsewhere->blocks[0]), -TWZ_ERR_INVALID_ARGUMENT);
	elsewhere->blocks[0].word = 0x5000;
	for (int i = 0; i < 5; i++)
		EXPECT(twz_alloc(&a, 250 << 20, &root->blocks[i]) ==
			       (i < 2 ? TWZ_OK : -TWZ_ERR_NO_SPACE) ||
		       root->blocks[i].word != 0);
	root->blocks[7].word = 0x1234560;
	EXPECT_EQUAL(twz_free(&a, &root->blocks[7]), -TWZ_ERR_INVALID_ARGUMENT);
}

static const struct test tests[] = {
	{objects_open_and_close, "objects open and close"},
	{copies_are_whole, "copies are whole"},
	{ties_end_with_their_owner, "ties end with their owner"},
	{many_objects_are_found, "many objects are found"},
	{a_list_over_two_objects, "a list over two objects, walked at other slots"},
	{caches_forget_unmapped_objects, "caches forget unmapped objects"},
	{fot_entries_are_shared_and_reused, "FOT entries are shared and reused"},
	{fot_insertion_does_not_scan, "FOT insertion does not scan"},
	{hostile_pointers_resolve_to_errors, "hostile pointers resolve to errors"},
	{paths_lead_to_objects, "paths lead to objects"},
	{moves_are_finished, "moves are finished"},
	{names_bind_late, "names bind late, by a chosen resolver"},
	{pointers_by_name, "pointers by name"},
	{locks_outlive_their_holders, "locks outlive their holders"},
	{threads_insert_names_at_once, "threads insert names at once"},
	{blocks_are_allocated_and_freed, "blocks are allocated and freed"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
