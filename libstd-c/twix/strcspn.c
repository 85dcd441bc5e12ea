/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * strcspn. Of sets of two bytes, a letter in both cases mostly, sixteen bytes of the string are
 * compared at a time; musl's looks each byte up in a table. Larger sets go its way.
 */
#include <emmintrin.h>
#include <stdint.h>
#include <string.h>

#define PIECE sizeof(__m128i)

char *__strchrnul(const char *string, int byte); /* musl's */

/* A bit for each byte of an aligned piece, which lies within one page, that is one of the two or
 * the string's end. */
static unsigned stops(const __m128i *piece, __m128i first, __m128i second)
{
	__m128i bytes = _mm_load_si128(piece);
	__m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_cmpeq_epi8(bytes, second));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(found, _mm_cmpeq_epi8(bytes, _mm_setzero_si128())));
}

static size_t span_without_two(const char *string, const char *set)
{
	__m128i first = _mm_set1_epi8(set[0]), second = _mm_set1_epi8(set[1]);
	uintptr_t before = (uintptr_t)string % PIECE; /* bytes of the piece */
	const __m128i *piece = (const __m128i *)((uintptr_t)string - before);
	unsigned found = stops(piece, first, second) >> before;

	if (found)
		return (size_t)__builtin_ctz(found);
	do
		found = stops(++piece, first, second);
	while (!found);
	return (size_t)((const char *)piece - string) + (size_t)__builtin_ctz(found);
}

size_t strcspn(const char *string, const char *set)
{
	const char *at = string;
	uint64_t members[4] = {1}; /* the end is one */

	if (!set[0] || !set[1])
		return (size_t)(__strchrnul(string, set[0]) - string);
	if (!set[2])
		return span_without_two(string, set);
	for (; *set; set++)
		members[(uint8_t)*set / 64] |= 1ull << ((uint8_t)*set % 64);
	while (!(members[(uint8_t)*at / 64] >> ((uint8_t)*at % 64) & 1))
		at++;
	return (size_t)(at - string);
}
