/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that Multiboot2's tags, however damaged, are refused with a reason or give only what lies
 * inside of them. Each input is a heap block of exactly its size, so that ASan sees a byte read
 * behind it.
 */
#include <stdbool.h>
#include <string.h>
#include <test.h>
#include "multiboot.h"

struct builder {
	uint8_t bytes[1024];
	uint32_t length;
};

static void put32(struct builder *b, uint32_t value)
{
	memcpy(b->bytes + b->length, &value, 4);
	b->length += 4;
}

static void put64(struct builder *b, uint64_t value)
{
	put32(b, (uint32_t)value);
	put32(b, (uint32_t)(value >> 32));
}

static void tag(struct builder *b, uint32_t type, uint32_t size)
{
	while (b->length % 8)
		b->bytes[b->length++] = 0;
	put32(b, type);
	put32(b, size);
}

static void text(struct builder *b, const char *s)
{
	memcpy(b->bytes + b->length, s, strlen(s) + 1);
	b->length += (uint32_t)strlen(s) + 1;
}

static void entry(struct builder *b, uint64_t start, uint64_t length, uint32_t type)
{
	put64(b, start);
	put64(b, length);
	put32(b, type);
	put32(b, 0);
}

/* As GRUB lays it out: command line, name, module, map, both ACPI pointers, end. */
static struct builder good(void)
{
	struct builder b = {.length = 8};

	tag(&b, 1, 8 + 13);
	text(&b, "exit=debug x");
	tag(&b, 2, 8 + 5);
	text(&b, "GRUB");
	tag(&b, 3, 16 + 4);
	put32(&b, 0x400000);
	put32(&b, 0x412345);
	text(&b, "img");
	tag(&b, 6, 16 + 3 * 24);
	put32(&b, 24);
	put32(&b, 0);
	entry(&b, 0, 0x9fc00, 1);
	entry(&b, 0xf0000, 0x10000, 2);
	entry(&b, 0x100000, 0xff00000, 1);
	tag(&b, 14, 8 + 20);
	b.length += 20;
	tag(&b, 15, 8 + 36);
	memcpy(b.bytes + b.length, "RSD PTR ", 8);
	b.length += 36;
	tag(&b, 0, 8);
	memcpy(b.bytes, &b.length, 4);
	return b;
}

static const char *parse(const uint8_t *bytes, uint32_t length, struct multiboot_info *info)
{
	uint64_t sum = 0;
	uint8_t *exact = malloc(length);
	const char *wrong;

	memcpy(exact, bytes, length);
	wrong = multiboot_parse(exact, length, info);
	if (!wrong) {
		/* all that it promises can be read */
		for (uint32_t i = 0; i < info->command_line_length; i++)
			EXPECT(info->command_line[i]);
		for (uint32_t i = 0; i < info->rsdp_length; i++)
			sum += info->rsdp[i];
		for (uint32_t i = 0; i < info->memory_count; i++) {
			uint32_t type;
			struct boot_range range = multiboot_memory(info, i, &type);

			sum += range.start + range.length + type;
		}
		EXPECT(info->rsdp_length <= 36);
	}
	free(exact);
	__asm__ volatile("" : : "r"(sum));
	return wrong;
}

static void test_good(void)
{
	struct builder b = good();
	struct multiboot_info info;
	uint32_t type;

	EXPECT(!multiboot_parse(b.bytes, sizeof(b.bytes), &info));
	EXPECT_EQUAL(info.command_line_length, 12);
	EXPECT(!memcmp(info.command_line, "exit=debug x", 12));
	EXPECT_EQUAL(info.image.start, 0x400000);
	EXPECT_EQUAL(info.image.length, 0x12345);
	EXPECT_EQUAL(info.rsdp_length, 36);
	EXPECT(!memcmp(info.rsdp, "RSD PTR ", 8));
	EXPECT_EQUAL(info.memory_count, 3);
	EXPECT_EQUAL(multiboot_memory(&info, 2, &type).length, 0xff00000);
	EXPECT_EQUAL(type, MULTIBOOT_USABLE);
	multiboot_memory(&info, 1, &type);
	EXPECT_EQUAL(type, 2);
}

static void test_truncated(void)
{
	struct builder b = good();
	struct multiboot_info info;

	for (uint32_t length = 0; length < b.length; length++) {
		EXPECT(parse(b.bytes, length, &info));
		/* and where the total says so too */
		memcpy(b.bytes, &length, 4);
		EXPECT(parse(b.bytes, length, &info));
		b = good();
	}
}

/* The offset of the first tag of a type. */
static uint32_t find(const struct builder *b, uint32_t type)
{
	for (uint32_t at = 8, t, size; at < b->length; at += (size + 7) & ~7u) {
		memcpy(&t, b->bytes + at, 4);
		memcpy(&size, b->bytes + at + 4, 4);
		if (t == type)
			return at;
	}
	EXPECT(!"a tag of that type");
	return 0;
}

static void test_damaged(void)
{
	static const struct {
		uint32_t type, offset, value;
		const char *reason;
	} damages[] = {
		{1, 4, 0, "a tag reaches out"},
		{1, 4, 7, "a tag reaches out"},
		{1, 4, 0xffffffff, "a tag reaches out"},
		{1, 4, 0xfffffff8, "a tag reaches out"},
		{3, 4, 15, "a module's tag is too short"},
		{3, 12, 0x3fffff, "a module ends before"},
		{6, 4, 15, "the memory map's tag is too short"},
		{6, 8, 0, "the memory map's entries"},
		{6, 8, 16, "the memory map's entries"},
		{6, 8, 25, "the memory map's entries"},
		{14, 4, 27, "the ACPI tag is too short"},
		{15, 4, 8, "the ACPI tag is too short"},
		{0, 0, 99, "the boot information has no end"},
	};
	struct multiboot_info info;

	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct builder b = good();
		const char *wrong;

		memcpy(b.bytes + find(&b, damages[i].type) + damages[i].offset, &damages[i].value,
		       4);
		wrong = parse(b.bytes, b.length, &info);
		if (!wrong || strncmp(wrong, damages[i].reason, strlen(damages[i].reason))) {
			printf("%zu: '%s', not '%s'\n", i, wrong ? wrong : "accepted",
			       damages[i].reason);
			exit(1);
		}
	}
}

/* libFuzzer's moves: bytes, words of interest, runs moved and left out. */
static void test_mutated(void)
{
	static const uint32_t nasty[] = {0,  1,		 7,	  8,	      15,	  16,
					 24, 0x7fffffff, 1 << 31, 0xfffffff8, 0xffffffff, 6};
	uint64_t state = 0x2545f4914f6cdd1dull;
	uint32_t accepted = 0, refused = 0;

	for (int round = 0; round < 200000; round++) {
		struct builder b = good();
		struct multiboot_info info;

		for (uint64_t n = 1 + test_random(&state) % 4; n; n--) {
			uint32_t at = (uint32_t)(test_random(&state) % b.length);
			uint32_t from = (uint32_t)(test_random(&state) % b.length);
			uint32_t room = b.length - (at > from ? at : from);

			switch (test_random(&state) % 4) {
			case 0:
				b.bytes[at] = (uint8_t)test_random(&state);
				break;
			case 1:
				at = at & ~3u;
				memcpy(b.bytes + at, &nasty[test_random(&state) % 12], 4);
				break;
			case 2:
				memmove(b.bytes + at, b.bytes + from,
					test_random(&state) % (room + 1));
				break;
			default:
				b.length = at > 8 ? at : 8;
			}
		}
		if (test_random(&state) % 2)
			memcpy(b.bytes, &b.length, 4);
		if (parse(b.bytes, b.length, &info))
			refused++;
		else
			accepted++;
	}
	/* both ways are reached */
	EXPECT(accepted > 1000 && refused > 1000);
}

int main(void)
{
	static const struct test tests[] = {
		{test_good, "what GRUB passes is read"},
		{test_truncated, "what is cut off is refused at every length"},
		{test_damaged, "each damage has its reason"},
		{test_mutated, "mutations are refused or give only what is there"},
	};

	return RUN_TESTS(tests);
}
