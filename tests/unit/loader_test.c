/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that the loader reads hostile dynamic sections, hash tables, symbols and relocations
 * without an access outside of the image (ASan watches the image's bytes) and refuses with a
 * reason.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime-ref/loader.h"
#include "../../runtime-ref/tlsdesc.h"

/* ---- what the loader's other files provide ---- */

struct library *libraries, *program, *self;

/* The runtimes' own byte functions are hidden; these are loops, so that ASan sees every access. */
#define LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))

LOOP void *memcpy(void *restrict to, const void *restrict from, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

LOOP void *memset(void *to, int byte, size_t length)
{
	for (size_t i = 0; i < length; i++)
		((uint8_t *)to)[i] = (uint8_t)byte;
	return to;
}

static const char *reason;
static int failures;

int loader_fail(const char *path, ...)
{
	va_list parts;
	va_start(parts, path);
	reason = va_arg(parts, const char *);
	va_end(parts);
	return -1;
}

/* Only for the arguments of TLS descriptors, which nobody reads here: they may share one place. */
void *twz_rt_malloc(size_t size, size_t align, uint32_t flags)
{
	static _Alignas(64) uint8_t place[64];
	(void)align;
	(void)flags;
	return size <= sizeof(place) ? place : NULL;
}

void tlsdesc_static(void)
{
}

void tlsdesc_dynamic(void)
{
}

void tlsdesc_nothing(void)
{
}

int tls_make_static(struct library *library)
{
	library->tls.offset = 64;
	return 0;
}

void *twz_rt_tls_get_addr(struct twz_rt_tls_index *index)
{
	(void)index;
	return NULL;
}

twz_result twz_sys_object_protect(uint64_t hi, uint64_t lo, uint64_t offset, uint64_t length,
				  uint32_t rights)
{
	(void)hi;
	(void)lo;
	(void)offset;
	(void)length;
	(void)rights;
	return 0;
}

/* ---- an image: page 0 tables, page 1 code, page 2 data ---- */

#define IMAGE_SIZE 0x3000u
#define HASH	   0x100u
#define GNU_HASH   0x140u
#define SYMBOLS	   0x200u
#define STRINGS	   0x300u
#define RELA	   0x400u
#define RELR	   0x500u
#define DYNAMIC	   0x2000u
#define DATA	   0x2200u

static const char strings[] = "\0first\0second\0libx.so\0$ORIGIN";
#define NAME_FIRST  1
#define NAME_SECOND 7

static uint32_t gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;
	while (*name != '\0')
		hash = hash * 33 + (uint8_t)*name++;
	return hash;
}

static void put32(uint8_t *image, uint32_t at, const uint32_t *words, size_t count)
{
	memcpy(image + at, words, count * 4);
}

static void fill_image(uint8_t *image)
{
	memset(image, 0, IMAGE_SIZE);
	const uint32_t hash[] = {1, 3, 1, 0, 2, 0};
	put32(image, HASH, hash, 6);
	uint32_t first = gnu_hash_of("first"), second = gnu_hash_of("second");
	const uint32_t gnu[] = {1, 1, 1, 6, ~0u, ~0u, 1, first & ~1u, second | 1};
	put32(image, GNU_HASH, gnu, 9);
	const struct elf_symbol symbols[3] = {
		{0},
		{NAME_FIRST, 0x12, 0, 2, 0x1010, 16},
		{NAME_SECOND, 0x11, 0, 3, DATA + 0x40, 8},
	};
	memcpy(image + SYMBOLS, symbols, sizeof(symbols));
	memcpy(image + STRINGS, strings, sizeof(strings));
	const struct elf_rela rela[] = {
		{DATA, 8, 0x1010},
		{DATA + 8, 1ull << 32 | 6, 0},
		{DATA + 16, 2ull << 32 | 1, 4},
		{DATA + 24, 2ull << 32 | 24, 0},
	};
	memcpy(image + RELA, rela, sizeof(rela));
	const uint64_t relr[] = {DATA + 0x80, 7};
	memcpy(image + RELR, relr, sizeof(relr));
	const struct elf_dynamic dynamic[] = {
		{4, HASH},  {5, STRINGS},	{6, SYMBOLS},	   {10, sizeof(strings)},
		{11, 24},   {7, RELA},		{8, sizeof(rela)}, {9, 24},
		{36, RELR}, {35, sizeof(relr)}, {37, 8},	   {14, 14},
		{29, 22},   {25, DATA},		{27, 8},	   {0x6ffffef5, GNU_HASH},
		{0, 0},
	};
	memcpy(image + DYNAMIC, dynamic, sizeof(dynamic));
}

static struct elf_segment segments[4] = {
	{ELF_PT_LOAD, ELF_PF_R, 0, 0, 0, 0x1000, 0x1000, 0x1000},
	{ELF_PT_LOAD, ELF_PF_R | ELF_PF_X, 0x1000, 0x1000, 0, 0x1000, 0x1000, 0x1000},
	{ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2000, 0x2000, 0, 0x1000, 0x1000, 0x1000},
	{ELF_PT_DYNAMIC, ELF_PF_R | ELF_PF_W, DYNAMIC, DYNAMIC, 0, 0x200, 0x200, 8},
};

static struct library library_over(uint8_t *image)
{
	return (struct library){
		.path = "test",
		.bias = (uintptr_t)image,
		.global = 1,
		.elf = {.type = ELF_TYPE_DYN,
			.segment_count = 4,
			.segments = segments,
			.end = IMAGE_SIZE,
			.dynamic = &segments[3]},
	};
}

/* Everything that is done with a library before its own code runs. */
static int use(struct library *library)
{
	libraries = library;
	if (library_read_dynamic(library) < 0)
		return -1;
	static const char *const names[] = {"first", "second", "third"};
	for (size_t i = 0; i < 3; i++) {
		struct symbol_name name = symbol_name(names[i]);
		symbol_in(library, &name);
		/* Both tables, whichever one is preferred. */
		struct library other = *library;
		other.gnu.bucket_count = 0;
		if (other.sysv.bucket_count != 0)
			symbol_in(&other, &name);
	}
	symbol_count(library);
	symbol_nearest(library, library->bias + 0x1018);
	return libraries_relocate(library);
}

static void check(int condition, const char *what)
{
	if (!condition) {
		printf("FAIL %s (%s)\n", what, reason != NULL ? reason : "no reason");
		failures++;
	}
}

static void test_good(void)
{
	uint8_t *image = aligned_alloc(4096, IMAGE_SIZE);
	fill_image(image);
	struct library library = library_over(image);
	check(use(&library) == 0, "a good image is accepted");
	struct symbol_name first = symbol_name("first"), third = symbol_name("third");
	const struct elf_symbol *symbol = symbol_in(&library, &first);
	check(symbol != NULL && symbol->value == 0x1010, "a symbol is found");
	check(symbol_in(&library, &third) == NULL, "a missing symbol is not");
	check(symbol_count(&library) == 3, "symbols are counted");
	check(symbol_nearest(&library, library.bias + 0x1018) == symbol, "the nearest symbol");
	check(symbol_nearest(&library, library.bias + 0x1028) == NULL, "none behind its end");
	const uint64_t *data = (const void *)(image + DATA);
	check(data[0] == library.bias + 0x1010, "RELATIVE");
	check(data[1] == library.bias + 0x1010, "GLOB_DAT");
	check(data[2] == library.bias + DATA + 0x40 + 4, "64");
	check(data[3] == (uint64_t)(0x40 - 24), "PC64");
	check(data[16] == library.bias && data[17] == library.bias && data[18] == library.bias &&
		      data[19] == 0,
	      "RELR");
	check(strcmp(library.soname, "libx.so") == 0 && strcmp(library.runpath, "$ORIGIN") == 0,
	      "names");
	free(image);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Indirect functions are the one thing that runs the image's code here: there is none to run. */
static void remove_indirect(uint8_t *image)
{
	for (size_t at = 0; at < IMAGE_SIZE; at += 4) {
		uint32_t word;
		memcpy(&word, image + at, 4);
		if (word == 37)
			memset(image + at, 0, 4);
		if (at % 8 == 4 && (image[at] & 15) == 10)
			image[at] = 0;
	}
}

static void test_mutations(void)
{
	static const uint64_t nasty[] = {0,	     1,		 7,	 8,	 36,
					 16,	     17,	 18,	 0xffe,	 0xfff,
					 0x1000,     0x2ff8,	 0x2fff, 0x3000, 0xffffffff,
					 1ull << 32, 1ull << 63, ~0ull,	 ~7ull,	 ~0xfffull};
	static const uint32_t places[] = {HASH, GNU_HASH, SYMBOLS, STRINGS, RELA, RELR, DYNAMIC};
	uint64_t state = 0x9e3779b97f4a7c15ull, accepted = 0, refused = 0;
	uint8_t *image = aligned_alloc(4096, IMAGE_SIZE);
	for (int round = 0; round < 60000; round++) {
		fill_image(image);
		for (uint64_t i = 0, count = 1 + next_random(&state) % 4; i < count; i++) {
			uint64_t value = next_random(&state) % 3 == 0
						 ? next_random(&state)
						 : nasty[next_random(&state) %
							 (sizeof(nasty) / sizeof(nasty[0]))];
			size_t size = 1u << next_random(&state) % 4;
			size_t at = places[next_random(&state) % 7] +
				    next_random(&state) % 0x110 / size * size;
			memcpy(image + at, &value, size);
		}
		remove_indirect(image);
		struct library library = library_over(image);
		if (round % 3 == 0)
			library.tls = (struct tls_module){.id = 1, .size = 8, .align = 8};
		reason = NULL;
		if (use(&library) == 0) {
			accepted++;
		} else {
			check(reason != NULL && reason[0] != '\0', "a refusal has a reason");
			refused++;
		}
	}
	free(image);
	check(accepted > 1000 && refused > 1000, "mutations reach both sides");
}

int main(void)
{
	test_good();
	test_mutations();
	printf("%s\n", failures == 0 ? "loader: all passed" : "loader: failed");
	return failures != 0;
}
