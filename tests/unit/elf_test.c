/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that no ELF file, however damaged, passes the checks that spawn and the loader rely on
 * unless every range that it names is where they will look for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../runtime-min/exec/elf.h"

#define FILE_SIZE 0x4000u
#define SEGMENTS  8u

struct file {
	struct elf_header header;
	struct elf_segment segments[SEGMENTS];
};

static int failures;

static void check(int condition, const char *what, const char *detail)
{
	if (!condition) {
		printf("FAIL %s: %s\n", what, detail);
		failures++;
	}
}

/* A PIE with code, data, bss, TLS, RELRO, interpreter and notes, as GNU ld lays it out. */
static struct file good_file(void)
{
	struct file file = {
		.header = {.ident = {0x7f, 'E', 'L', 'F', 2, 1, 1},
			   .type = ELF_TYPE_DYN,
			   .machine = ELF_MACHINE_X86_64,
			   .version = 1,
			   .entry = 0x1100,
			   .phoff = 64,
			   .ehsize = 64,
			   .phentsize = 56,
			   .phnum = SEGMENTS},
	};
	const struct elf_segment segments[SEGMENTS] = {
		{ELF_PT_PHDR, ELF_PF_R, 64, 64, 64, SEGMENTS * 56, SEGMENTS * 56, 8},
		{ELF_PT_INTERP, ELF_PF_R, 0x300, 0x300, 0, 20, 20, 1},
		{ELF_PT_LOAD, ELF_PF_R, 0, 0, 0, 0x900, 0x900, 0x1000},
		{ELF_PT_LOAD, ELF_PF_R | ELF_PF_X, 0x1000, 0x1000, 0, 0x800, 0x800, 0x1000},
		{ELF_PT_LOAD, ELF_PF_R | ELF_PF_W, 0x2e00, 0x3e00, 0, 0x300, 0x900, 0x1000},
		{ELF_PT_DYNAMIC, ELF_PF_R | ELF_PF_W, 0x2e40, 0x3e40, 0, 0x100, 0x100, 8},
		{ELF_PT_TLS, ELF_PF_R, 0x2e00, 0x3e00, 0, 0x10, 0x20, 16},
		{ELF_PT_GNU_RELRO, ELF_PF_R, 0x2e00, 0x3e00, 0, 0x200, 0x200, 1},
	};
	memcpy(file.segments, segments, sizeof(segments));
	return file;
}

static twz_result run(const struct file *file, uint64_t size, struct elf_summary *elf,
		      const char **reason)
{
	*reason = "";
	twz_result result = elf_check_header(&file->header, size, reason);
	if (result < 0)
		return result;
	/* The table may be anywhere in the file; the test keeps it behind the header. */
	if (file->header.phoff != sizeof(file->header) || file->header.phnum > SEGMENTS)
		return 1;
	return elf_check_segments(&file->header, file->segments, size, elf, reason);
}

static void test_good(void)
{
	struct file file = good_file();
	struct elf_summary elf;
	const char *reason;
	twz_result result = run(&file, FILE_SIZE, &elf, &reason);
	check(result == 0, "good file is accepted", reason);
	check(elf.start == 0 && elf.end == 0x5000, "bounds", "start and end");
	check(elf.phdr_address == 64, "program headers are found in memory", "phdr_address");
	check(elf.interp == &file.segments[1] && elf.dynamic == &file.segments[5] &&
		      elf.tls == &file.segments[6] && elf.relro == &file.segments[7],
	      "parts are found", "pointers");
	check(elf_segment_rights(&file.segments[3]) == (TWZ_RIGHT_READ | TWZ_RIGHT_EXEC), "rights",
	      "text");
	check(elf_segment_holding(&elf, 0x3e00, 0x900) == &file.segments[4], "holding", "data");
	check(elf_segment_holding(&elf, 0x3e00, 0x901) == NULL, "holding", "one byte too many");
	check(elf_segment_holding(&elf, ~0ull, 2) == NULL, "holding", "wraps");
}

/* One field set to a bad value, and words of the reason that must come. */
struct damage {
	size_t offset, size;
	uint64_t value;
	const char *reason;
};

#define HEADER(field, value, reason)                                                           \
	{                                                                                      \
		offsetof(struct file, header.field), sizeof(((struct file *)0)->header.field), \
			value, reason                                                          \
	}
#define SEGMENT(index, field, value, reason)                                             \
	{                                                                                \
		offsetof(struct file, segments) + (index) * sizeof(struct elf_segment) + \
			offsetof(struct elf_segment, field),                             \
			sizeof(((struct elf_segment *)0)->field), value, reason          \
	}

static const struct damage damages[] = {
	HEADER(ident[0], 0x7e, "not an ELF"),
	HEADER(ident[4], 1, "64-bit"),
	HEADER(ident[5], 2, "little-endian"),
	HEADER(ident[6], 0, "version"),
	HEADER(ident[7], 9, "another operating system"),
	HEADER(version, 2, "version"),
	HEADER(type, 1, "neither"),
	HEADER(type, 4, "neither"),
	HEADER(machine, 3, "x86-64"),
	HEADER(ehsize, 52, "header size"),
	HEADER(phentsize, 32, "program header size"),
	HEADER(phnum, 0, "no program headers"),
	HEADER(phnum, 0xffff, "too many"),
	HEADER(phnum, 1000, "ends before its program headers"),
	HEADER(phoff, 0, "misplaced"),
	HEADER(phoff, 65, "misplaced"),
	HEADER(phoff, ~7ull, "ends before its program headers"),
	HEADER(entry, 0x3e00, "entry point"),
	HEADER(entry, ~0ull, "entry point"),
	HEADER(type, ELF_TYPE_EXEC, "null pages"),
	SEGMENT(1, filesz, 1, "interpreter"),
	SEGMENT(1, filesz, 5000, "interpreter"),
	SEGMENT(1, offset, ~0ull, "interpreter"),
	SEGMENT(2, memsz, 0x800, "larger in the file"),
	SEGMENT(2, align, 0x800, "alignment"),
	SEGMENT(2, align, 0x3000, "alignment"),
	SEGMENT(2, align, ~0ull, "alignment"),
	SEGMENT(3, filesz, 0x801, "larger in the file"),
	SEGMENT(3, offset, 0x1001, "do not agree"),
	SEGMENT(3, offset, ~0xfffull, "ends before its segments"),
	SEGMENT(3, vaddr, 0x1800, "do not agree"),
	SEGMENT(3, vaddr, 0, "overlap"),
	SEGMENT(3, vaddr, 0x5000, "out of order"),
	SEGMENT(3, vaddr, ~0xfffull, "slot"),
	SEGMENT(3, memsz, 0x7fffffffffffffffull, "slot"),
	SEGMENT(3, flags, 7, "writable and executable"),
	SEGMENT(4, memsz, TWZ_SLOT_SIZE, "slot"),
	SEGMENT(4, offset, 0x3e00, "ends before its segments"),
	SEGMENT(5, vaddr, 0x3e44, "dynamic section"),
	SEGMENT(5, memsz, 0x10000, "dynamic section"),
	SEGMENT(5, vaddr, ~7ull, "dynamic section"),
	SEGMENT(6, memsz, 1, "thread-local"),
	SEGMENT(6, align, 3, "thread-local"),
	SEGMENT(6, align, 1ull << 63, "thread-local"),
	SEGMENT(6, vaddr, 0x900000, "thread-local"),
	SEGMENT(6, memsz, ~0ull, "thread-local"),
	SEGMENT(7, memsz, ~0ull, "read-only-after"),
	SEGMENT(7, type, ELF_PT_TLS, "two program headers"),
};

static void test_damages(void)
{
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		struct file file = good_file();
		struct elf_summary elf;
		const char *reason;
		memcpy((uint8_t *)&file + damages[i].offset, &damages[i].value, damages[i].size);
		twz_result result = run(&file, FILE_SIZE, &elf, &reason);
		check(result == -TWZ_ERR_BAD_FORMAT && strstr(reason, damages[i].reason) != NULL,
		      damages[i].reason, reason);
	}
}

static void test_truncation(void)
{
	/* The last byte that the file needs is the last of its data segment. */
	for (uint64_t size = 0; size < 0x3100; size++) {
		struct file file = good_file();
		struct elf_summary elf;
		const char *reason;
		check(run(&file, size, &elf, &reason) == -TWZ_ERR_BAD_FORMAT,
		      "a truncated file is refused", reason);
	}
	struct file file = good_file();
	struct elf_summary elf;
	const char *reason;
	check(run(&file, 0x3100, &elf, &reason) == 0, "the whole file is accepted", reason);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int inside(uint64_t start, uint64_t length, uint64_t limit)
{
	return start <= limit && length <= limit - start;
}

/* What the callers take for granted of an accepted file. */
static void check_promises(const struct elf_summary *elf)
{
	uint64_t last = 0;
	check(elf->start < elf->end && elf->end <= TWZ_SLOT_SIZE, "promise", "bounds");
	for (uint32_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *segment = &elf->segments[i];
		if (segment->type != ELF_PT_LOAD || segment->memsz == 0)
			continue;
		check(inside(segment->offset, segment->filesz, FILE_SIZE), "promise", "file range");
		check(segment->vaddr >= last && inside(segment->vaddr, segment->memsz, elf->end),
		      "promise", "memory range");
		check(segment->filesz <= segment->memsz, "promise", "sizes");
		check((segment->flags & (ELF_PF_W | ELF_PF_X)) != (ELF_PF_W | ELF_PF_X), "promise",
		      "W^X");
		last = elf_page_up(segment->vaddr + segment->memsz);
	}
	const struct elf_segment *parts[] = {elf->dynamic, elf->relro, elf->eh_frame_hdr};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		check(parts[i] == NULL ||
			      elf_segment_holding(elf, parts[i]->vaddr, parts[i]->memsz) != NULL,
		      "promise", "parts lie in segments");
}

static void test_mutations(void)
{
	static const uint64_t nasty[] = {
		0,	    1,		7,	    0xfff,	0x1000,
		0x3e00,	    0x7fffffff, 0xffffffff, 1ull << 30, (1ull << 30) - 1,
		1ull << 47, 1ull << 63, ~0ull,	    ~0xfffull};
	uint64_t state = 0x2545f4914f6cdd1dull, accepted = 0;
	for (int round = 0; round < 300000; round++) {
		struct file file = good_file();
		uint64_t count = 1 + next_random(&state) % 3;
		for (uint64_t i = 0; i < count; i++) {
			uint64_t value = next_random(&state) % 2
						 ? next_random(&state)
						 : nasty[next_random(&state) % (sizeof(nasty) / 8)];
			size_t size = 1u << next_random(&state) % 4;
			size_t at = next_random(&state) % (sizeof(file) - size);
			memcpy((uint8_t *)&file + at, &value, size);
		}
		struct elf_summary elf;
		const char *reason;
		if (run(&file, FILE_SIZE, &elf, &reason) == 0) {
			check_promises(&elf);
			accepted++;
		} else {
			check(file.header.phoff != 64 || file.header.phnum > SEGMENTS ||
				      reason[0] != '\0',
			      "a refusal has a reason", "none");
		}
	}
	check(accepted > 1000, "mutations reach behind the checks", "too few were accepted");
}

static void test_notes(void)
{
	struct twz_abi_version abi = {0};
	uint8_t note[40] = {9,	 0,   0,   0, 12, 0, 0, 0, 1, 0, 0, 0, 'T', 'w', 'i', 'z', 'z',
			    'l', 'e', 'r', 0, 0,  0, 0, 3, 0, 0, 0, 4, 0,   0,	 0,   5};
	check(elf_find_abi_note(note, 36, 4, &abi) == 1, "the note is found", "36 bytes");
	check(abi.major == 3 && abi.minor == 4 && abi.patch == 5, "the note's version", "words");
	for (uint64_t size = 12; size < 36; size++)
		check(elf_find_abi_note(note, size, 4, &abi) == -TWZ_ERR_BAD_FORMAT,
		      "a truncated note", "accepted");
	check(elf_find_abi_note(note, 0, 4, &abi) == 0, "no note", "found");
	note[12] = 'X';
	check(elf_find_abi_note(note, 36, 4, &abi) == 0, "another's note", "found");
	uint64_t state = 88172645463325252ull;
	for (int round = 0; round < 100000; round++) {
		/* On the heap, at its exact size, so that ASan sees one byte too many. */
		size_t size = next_random(&state) % 64;
		uint8_t *bytes = malloc(size + 1);
		for (size_t i = 0; i < size; i++)
			bytes[i + 1] = (uint8_t)(next_random(&state) % 24);
		elf_find_abi_note(bytes + 1, size, next_random(&state) % 2 ? 4 : 8, &abi);
		free(bytes);
	}
}

int main(void)
{
	test_good();
	test_damages();
	test_truncation();
	test_mutations();
	test_notes();
	printf("%s\n", failures == 0 ? "elf: all passed" : "elf: failed");
	return failures != 0;
}
