/* SPDX-License-Identifier: BSD-2-Clause */
/* Sets of ranges of physical memory: loaders tell theirs in any order, overlapping and in pieces.
 */
#include "ranges.h"

static uint64_t end_of(uint64_t start, uint64_t length)
{
	return start + length < start ? ~0ull : start + length;
}

static void delete (struct boot_ranges *set, uint32_t at)
{
	set->count--;
	for (; at < set->count; at++)
		set->ranges[at] = set->ranges[at + 1];
}

/* Make room for one range more: the smallest goes, unless the new one is smaller still (false). */
static bool make_room(struct boot_ranges *set, uint64_t length)
{
	uint32_t smallest = 0;

	if (set->count < BOOT_RANGES_MAX)
		return true;
	for (uint32_t i = 1; i < set->count; i++) {
		if (set->ranges[i].length < set->ranges[smallest].length)
			smallest = i;
	}
	if (set->ranges[smallest].length >= length) {
		set->left_out += length;
		return false;
	}
	set->left_out += set->ranges[smallest].length;
	delete (set, smallest);
	return true;
}

void ranges_add(struct boot_ranges *set, uint64_t start, uint64_t length)
{
	uint64_t end = end_of(start, length);
	uint32_t at = 0;

	if (start == end)
		return;
	while (at < set->count) {
		uint64_t other_end = set->ranges[at].start + set->ranges[at].length;

		if (set->ranges[at].start > end || other_end < start) {
			at++;
			continue;
		}
		if (set->ranges[at].start < start)
			start = set->ranges[at].start;
		if (other_end > end)
			end = other_end;
		delete (set, at);
	}
	if (!make_room(set, end - start))
		return;
	for (at = set->count++; at > 0 && set->ranges[at - 1].start > start; at--)
		set->ranges[at] = set->ranges[at - 1];
	set->ranges[at] = (struct boot_range){start, end - start};
}

void ranges_remove(struct boot_ranges *set, uint64_t start, uint64_t length)
{
	uint64_t end = end_of(start, length);

	for (uint32_t at = 0; at < set->count;) {
		struct boot_range range = set->ranges[at];
		uint64_t range_end = range.start + range.length;

		if (start == end || range.start >= end || range_end <= start) {
			at++;
			continue;
		}
		/* its parts before and behind come back; neither touches another range */
		delete (set, at);
		if (range.start < start)
			ranges_add(set, range.start, start - range.start);
		if (range_end > end)
			ranges_add(set, end, range_end - end);
		at = 0;
	}
}
