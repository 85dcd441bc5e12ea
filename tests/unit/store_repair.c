/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Damage, one kind at a time, on a disk and in memory: what check says of it, that all other
 * objects and pages can be read meanwhile, what repair says is lost, and that the store is whole
 * and all others are there behind it.
 */
#include "store_state.h"
#include "test.h"
#include <string.h>

#define BLOCK	4096u
#define SIZE	(16u << 20)
#define OBJECTS 300 /* so that the object table has nodes below the first */
#define PAGES	6   /* of each of the first WITH_PAGES objects */

static const uint64_t page_numbers[PAGES] = {1, 2, 223, 224, 800, 801};
#define WITH_PAGES 8
#define VICTIM	   3u /* object */

static uint8_t *image;
static bool on_disk;
static struct store store;
static struct store_object victim;
static const char *message;

static twz_result image_read(void *context, uint64_t block, uint64_t count, void *buffer)
{
	(void)context;
	memcpy(buffer, image + block * BLOCK, count * BLOCK);
	return TWZ_OK;
}

static twz_result image_write(void *context, uint64_t block, uint64_t count, const void *buffer)
{
	(void)context;
	memcpy(image + block * BLOCK, buffer, count * BLOCK);
	return TWZ_OK;
}

static twz_result image_flush(void *context)
{
	(void)context;
	return TWZ_OK;
}

static const struct store_medium *medium(void)
{
	static struct store_medium both = {
		.size = SIZE, .read = image_read, .write = image_write, .flush = image_flush};

	both.memory = on_disk ? NULL : image;
	return &both;
}

static void fill(uint64_t page[BLOCK / 8], uint64_t object, uint64_t number)
{
	for (unsigned i = 0; i < BLOCK / 8; i++)
		page[i] = (object << 32 | number) + i;
}

/* The store before anything is damaged; pages with checksums, as a disk's are. */
static void make_store(uint8_t *pristine)
{
	static uint64_t page[BLOCK / 8];

	on_disk = true;
	memset(image, 0, SIZE);
	EXPECT_EQUAL(
		store_open_medium(&store, medium(), (struct twz_id){7, 7}, &state_memory, &message),
		TWZ_OK);
	for (uint64_t i = 0; i < OBJECTS; i++) {
		struct store_object object = {.id = state_id(i), .protections = 3};
		EXPECT_EQUAL(store_create(&store, &object), TWZ_OK);
		for (unsigned n = 0; i < WITH_PAGES && n < PAGES; n++) {
			struct store_swap swap = {&object, page_numbers[n], page, 0};
			fill(page, i, page_numbers[n]);
			EXPECT_EQUAL(store_commit(&store, &swap, 1, NULL, 0, NULL, NULL), TWZ_OK);
		}
		if (i == VICTIM)
			victim = object;
	}
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
	store_close(&store);
	memcpy(pristine, image, SIZE);
}

/* ---- what can be damaged ---- */

static uint64_t *words_of(uint64_t block)
{
	return (uint64_t *)(image + block * BLOCK);
}

static struct store_record *record(void)
{
	return (struct store_record *)words_of(victim.record);
}

static struct store_roots *roots(void)
{
	return (struct store_roots *)words_of(STORE_ROOTS);
}

/* Gives a block that was changed on purpose its right checksum. */
static void reseal(void *block)
{
	((struct store_header *)block)->checksum = node_checksum(block);
}

static uint64_t *bitmap(void)
{
	/* of group 0; the store has one */
	return words_of(STORE_JOURNAL + 1 +
			((const struct store_superblock *)image)->journal_blocks);
}

static void flip(uint64_t block)
{
	image[block * BLOCK + 2000] ^= 4;
}

static void damage_page(void)
{
	flip(STORE_ENTRY_BLOCK(record()->low[2]));
}

static void damage_map(void)
{
	flip(record()->maps[0]);
}

static void damage_record(void)
{
	flip(victim.record);
}

/* A node of the table below the first. */
static void damage_node(void)
{
	const uint64_t *first = words_of(roots()->table >> 2);

	for (unsigned i = STORE_SLOT_FIRST; i < STORE_WORDS; i++) {
		if ((first[i] & 3) == STORE_SLOT_NODE) {
			flip(first[i] >> 2);
			return;
		}
	}
	EXPECT(!"a node below the first");
}

static void damage_bitmap(void)
{
	flip((uint64_t)(bitmap() - words_of(0)) / (BLOCK / 8));
}

static void mark_used_free(void)
{
	bitmap()[2 + victim.record / 64] &= ~(1ull << victim.record % 64);
	reseal(bitmap());
}

static void mark_free_used(void)
{
	uint64_t last = SIZE / BLOCK - 1;

	bitmap()[2 + last / 64] |= 1ull << last % 64;
	reseal(bitmap());
}

static void use_twice(void)
{
	record()->low[2] = record()->low[1];
	reseal(record());
}

static void use_none(void)
{
	record()->low[2] = STORE_ENTRY(5ull, 1u);
	reseal(record());
}

static void move_object(void)
{
	record()->id.lo ^= 1;
	reseal(record());
}

static void miscount_free(void)
{
	roots()->free--;
	reseal(roots());
}

static void miscount_objects(void)
{
	roots()->objects++;
	reseal(roots());
}

static void damage_orphans(void)
{
	roots()->orphan = 77;
	reseal(roots());
}

static void damage_zeros(void)
{
	image[((const struct store_superblock *)image)->zero_block * BLOCK + 9] = 1;
}

static const struct damage {
	void (*make)(void);
	const char *says;    /* first complaint */
	bool of_victim;	     /* and about whom */
	uint64_t page;	     /* of the victim, ~0: none */
	uint64_t lost;	     /* things */
	uint64_t lost_pages; /* of the victim, from this number of page_numbers on */
	uint64_t lost_count;
	uint64_t lost_objects; /* at most: the victim, or those of a node */
	bool refused;	       /* a normal open says no */
} damages[] = {
	{damage_page, "a page is damaged (checksum)", true, 2, 1, 1, 1, 0, false},
	{damage_map, "a page map is damaged (checksum)", true, ~0ull, 1, 2, 2, 0, false},
	{damage_record, "a record is damaged (checksum)", false, ~0ull, 1, 0, PAGES, 1, false},
	{damage_node, "a node of the object table is damaged (checksum)", false, ~0ull, 1, 0, 0, 20,
	 false},
	{damage_bitmap, "a block of the bitmap is damaged (checksum)", false, ~0ull, 0, 0, 0, 0,
	 false},
	{mark_used_free, "a block in use is marked free", false, ~0ull, 0, 0, 0, 0, false},
	{mark_free_used, "a block that nothing uses is marked used", false, ~0ull, 0, 0, 0, 0,
	 false},
	{use_twice, "a block is used twice", true, 2, 1, 1, 1, 0, false},
	{use_none, "a block number is out of range", true, 2, 1, 1, 1, 0, false},
	{move_object, "an object stands at the wrong place of the table", false, ~0ull, 1, 0, PAGES,
	 1, false},
	{miscount_free, "the number of free blocks is wrong", false, ~0ull, 0, 0, 0, 0, false},
	{miscount_objects, "the number of objects is wrong", false, ~0ull, 0, 0, 0, 0, false},
	{damage_orphans, "the list of deleted objects is damaged", false, ~0ull, 0, 0, 0, 0, true},
	{damage_zeros, "the zero block is not zero", false, ~0ull, 0, 0, 0, 0, false},
};

/* ---- what is said and done of it ---- */

static struct {
	char text[100];
	bool of_victim;
	uint64_t page;
} heard;

static void listen(void *context, const struct store_object *object, uint64_t page,
		   const char *text)
{
	(void)context;
	if (heard.text[0])
		return;
	snprintf(heard.text, sizeof(heard.text), "%s", text);
	heard.of_victim = object && object->record == victim.record;
	heard.page = page;
}

/* Whether the page is one that the damage takes. */
static bool is_hurt(const struct damage *damage, uint64_t object, unsigned n)
{
	return object == VICTIM && n >= damage->lost_pages &&
	       n < damage->lost_pages + damage->lost_count;
}

/* Reads all there is: what is not hurt is as it was. Hurt pages: an error, or behind a repair
 * zeros.
 */
static void read_all(const struct damage *damage, bool repaired)
{
	static uint64_t page[BLOCK / 8], wanted[BLOCK / 8];
	uint64_t missing = 0;

	for (uint64_t i = 0; i < OBJECTS; i++) {
		struct store_object object;
		twz_result result = store_find(&store, state_id(i), &object);
		if (result != TWZ_OK) {
			EXPECT(result == -TWZ_ERR_CORRUPT || result == -TWZ_ERR_NO_SUCH_OBJECT);
			EXPECT(damage->lost_objects > 1 || i == VICTIM);
			EXPECT(!repaired || result == -TWZ_ERR_NO_SUCH_OBJECT);
			missing++;
			continue;
		}
		for (unsigned n = 0; i < WITH_PAGES && n < PAGES; n++) {
			bool present;
			fill(wanted, i, page_numbers[n]);
			result = store_read(&store, &object, page_numbers[n], page, &present);
			if (!is_hurt(damage, i, n)) {
				EXPECT_EQUAL(result, TWZ_OK);
				EXPECT(memcmp(page, wanted, BLOCK) == 0);
			} else if (repaired) {
				EXPECT_EQUAL(result, TWZ_OK);
				EXPECT(!present);
			} else {
				/* another page's block, where two name it: it has its checksum */
				EXPECT(result == -TWZ_ERR_CORRUPT || damage->make == use_twice);
			}
		}
	}
	EXPECT(missing <= damage->lost_objects);
	EXPECT(missing > 0 || damage->lost_objects == 0);
}

static void try(const struct damage *damage)
{
	uint64_t wrong, lost;

	damage->make();
	EXPECT_EQUAL(store_open_readonly(&store, medium(), &state_memory, &message), TWZ_OK);
	heard.text[0] = 0;
	EXPECT_EQUAL(store_check_all(&store, listen, NULL, &wrong), TWZ_OK);
	printf("%s: %s\n", on_disk ? "disk" : "memory", heard.text);
	EXPECT(wrong > 0 && strcmp(heard.text, damage->says) == 0);
	EXPECT(heard.of_victim == damage->of_victim && heard.page == damage->page);
	read_all(damage, false);
	store_close(&store);
	twz_result result =
		store_open_medium(&store, medium(), TWZ_ID_NONE, &state_memory, &message);
	EXPECT_EQUAL(result, damage->refused ? -TWZ_ERR_CORRUPT : TWZ_OK);
	if (result == TWZ_OK)
		store_close(&store);
	EXPECT_EQUAL(store_open_to_repair(&store, medium(), &state_memory, &message), TWZ_OK);
	EXPECT_EQUAL(store_repair(&store, listen, NULL, &lost), TWZ_OK);
	EXPECT_EQUAL(lost, damage->lost);
	EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
	store_close(&store);
	EXPECT_EQUAL(store_open_medium(&store, medium(), TWZ_ID_NONE, &state_memory, &message),
		     TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	read_all(damage, true);
	/* and it goes on */
	struct store_object more = {.id = state_id(OBJECTS), .protections = 3};
	EXPECT_EQUAL(store_create(&store, &more), TWZ_OK);
	EXPECT_EQUAL(store_check(&store, &message), TWZ_OK);
	EXPECT_EQUAL(store_checkpoint(&store), TWZ_OK);
	store_close(&store);
}

static void each_damage(void)
{
	uint8_t *pristine = malloc(SIZE);

	image = state_allocate(SIZE);
	EXPECT(pristine && image);
	make_store(pristine);
	for (unsigned i = 0; i < 2 * sizeof(damages) / sizeof(damages[0]); i++) {
		on_disk = i % 2;
		memcpy(image, pristine, SIZE);
		try(&damages[i / 2]);
	}
	free(pristine);
	free(image);
}

static void what_repair_does_not_mend(void)
{
	uint8_t *pristine = malloc(SIZE);

	image = state_allocate(SIZE);
	EXPECT(pristine && image);
	make_store(pristine);
	for (on_disk = false;; on_disk = true) {
		memcpy(image, pristine, SIZE);
		flip(STORE_ROOTS);
		EXPECT_EQUAL(store_open_to_repair(&store, medium(), &state_memory, &message),
			     -TWZ_ERR_CORRUPT);
		EXPECT(strstr(message, "roots") != NULL);
		memset(image, 0, SIZE);
		EXPECT_EQUAL(store_open_to_repair(&store, medium(), &state_memory, &message),
			     -TWZ_ERR_NOT_FOUND);
		if (on_disk)
			break;
	}
	free(pristine);
	free(image);
}

static const struct test tests[] = {
	{each_damage, "each damage is told, contained and mended"},
	{what_repair_does_not_mend, "what repair does not mend is refused"},
};

int main(void)
{
	return RUN_TESTS(tests);
}
