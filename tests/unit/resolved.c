/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of resolved entries on the host: what shares a place in it is told apart, what is
 * forgotten is gone, and a pointer that another thread changes leads to what it was or is. */
#include "host_object.h"
#include <pthread.h>
#include <twz/fot.h>
#include <twz/ptr.h>

#define TURNS 2000000

static uint64_t slot_of(const struct twz_object *object)
{
	return (uint64_t)(uintptr_t)object->start >> TWZ_SLOT_SHIFT;
}

/* The next entry of the object's table leads to the target, at a word of its own. */
static twz_iptr *lead(const struct twz_object *from, uint64_t index, const struct twz_object *to)
{
	twz_iptr *word = (twz_iptr *)twz_object_base(from) + index;

	EXPECT_EQUAL(twz_fot_insert(from->start, to->id, RW), index);
	*word = index << TWZ_IPTR_OFFSET_BITS | TWZ_BASE_OFFSET;
	return word;
}

/* Entries that lead nowhere, up to this one. */
static void fill(const struct twz_object *object, uint64_t from, uint64_t last)
{
	for (uint64_t i = from; i <= last; i++)
		EXPECT_EQUAL(twz_fot_insert(object->start, (struct twz_id){i, 99}, RW), i);
}

static void same_place(const uint64_t *place, const uint64_t *other, const twz_iptr *word,
		       const struct twz_object *target, const twz_iptr *second,
		       const struct twz_object *second_target)
{
	EXPECT(place == other);
	for (int i = 0; i < 3; i++) {
		EXPECT(twz_deref_word(word) == twz_object_base(target));
		EXPECT(twz_deref_word(word) == twz_object_base(target));
		EXPECT(twz_deref_word(second) == twz_object_base(second_target));
		EXPECT(twz_deref_word(second) == twz_object_base(second_target));
	}
}

static void slots_share_places(void)
{
	host_set_next_slot(100);
	struct twz_object a = make(), b = make(), x = make(), y = make();

	EXPECT_EQUAL(slot_of(&b), slot_of(&a) + 1);
	fill(&a, 1, TWZ_RESOLVED_STRIDE);
	const twz_iptr *p = lead(&a, TWZ_RESOLVED_STRIDE + 1, &x), *q = lead(&b, 1, &y);
	same_place(twz_resolved_place(a.start, TWZ_RESOLVED_STRIDE + 1),
		   twz_resolved_place(b.start, 1), p, &x, q, &y);
	host_set_next_slot(0);
}

static void indices_share_places(void)
{
	const uint64_t apart = 1 << 16;
	struct twz_object a = make(), x = make(), y = make();
	const twz_iptr *p = lead(&a, 1, &x);

	fill(&a, 2, apart);
	const twz_iptr *q = lead(&a, apart + 1, &y);
	same_place(twz_resolved_place(a.start, 1),
		   twz_resolved_place(a.start, (uint16_t)(apart + 1)), p, &x, q, &y);
	/* what is kept is used, however large its index is */
	for (uint64_t index = 1; index <= apart + 1; index += apart) {
		const twz_iptr *word = index == 1 ? p : q;
		const void *target = twz_deref_word(word);
		twz_fot_entry(a.start, index)->flags ^= TWZ_FOT_VALID;
		EXPECT(twz_deref_word(word) == target);
		twz_object_forget(a.start);
		EXPECT(twz_deref_word(word) == NULL);
		twz_fot_entry(a.start, index)->flags ^= TWZ_FOT_VALID;
	}
}

static void offsets_end_with_the_object(void)
{
	struct twz_object a = make(), x = make();
	twz_iptr *p = lead(&a, 1, &x);

	EXPECT(twz_deref_word(p) == twz_object_base(&x));
	for (int bit = TWZ_SLOT_SHIFT; bit < TWZ_IPTR_OFFSET_BITS; bit++) {
		*p ^= 1ull << bit;
		EXPECT(twz_deref_word(p) == NULL);
		*p ^= 1ull << bit;
	}
	EXPECT(twz_deref_word(p) == twz_object_base(&x));
}

static void forgotten_is_gone(void)
{
	struct twz_object a = make(), b = make(), x = make(), y = make();
	const uint64_t *of_a = twz_resolved_place(a.start, 1),
		       *second_of_a = twz_resolved_place(a.start, 2),
		       *of_b = twz_resolved_place(b.start, 1);
	const twz_iptr *p = lead(&a, 1, &x), *second = lead(&a, 2, &y), *q = lead(&b, 1, &y);

	EXPECT(twz_deref_word(p) && twz_deref_word(second) && twz_deref_word(q));
	EXPECT(*of_a && *second_of_a && *of_b);
	twz_object_forget(y.start);
	EXPECT(*of_a && !*second_of_a && !*of_b);
	EXPECT(twz_deref_word(q) == twz_object_base(&y) && *of_b);
	twz_object_forget(a.start);
	EXPECT(!*of_a && *of_b);
	twz_object_forget(b.start);
	EXPECT(!*of_b);
}

/* An entry whose neighbours in the cache were never used: whatever part of it that is looked at. */
static void a_lonely_entry_is_forgotten(void)
{
	for (unsigned i = 0; i < 4; i++) {
		host_set_next_slot(200 + 60 * i);
		struct twz_object a = make(), x = make();
		fill(&a, 1, 512 * i);
		const twz_iptr *p = lead(&a, 512 * i + 1, &x);
		const uint64_t *place = twz_resolved_place(a.start, (uint16_t)(512 * i + 1));
		EXPECT(twz_deref_word(p) == twz_object_base(&x) && *place);
		twz_object_forget(x.start);
		EXPECT(!*place);
	}
	host_set_next_slot(0);
}

static bool stop;

static void *change(void *argument)
{
	twz_iptr *word = argument, first = word[0], second = word[1];

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		__atomic_store_n(word, second, __ATOMIC_RELEASE);
		__atomic_store_n(word, first, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void changed_pointers_lead_to_either(void)
{
	struct twz_object a = make(), x = make(), y = make();
	twz_iptr *p = lead(&a, 1, &x), *q = lead(&a, 2, &y);
	unsigned seen[2] = {0};
	pthread_t thread;

	EXPECT(twz_deref_word(p) == twz_object_base(&x));
	EXPECT(twz_deref_word(q) == twz_object_base(&y));
	EXPECT(pthread_create(&thread, NULL, change, p) == 0);
	for (int i = 0; i < TURNS; i++) {
		void *target = twz_deref_word(p);
		EXPECT(target == twz_object_base(&x) || target == twz_object_base(&y));
		seen[target == twz_object_base(&y)]++;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	EXPECT(pthread_join(thread, NULL) == 0);
	printf("%u and %u times\n", seen[0], seen[1]);
	EXPECT(seen[0] + seen[1] == TURNS);
}

static const struct test tests[] = {
	{slots_share_places, "slots that share a place are told apart"},
	{indices_share_places, "indices that share a place are told apart"},
	{offsets_end_with_the_object, "offsets end with the object"},
	{forgotten_is_gone, "what is forgotten is gone, and nothing else"},
	{a_lonely_entry_is_forgotten, "a lonely entry is forgotten"},
	{changed_pointers_lead_to_either, "a pointer that changes leads to what it was or is"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
