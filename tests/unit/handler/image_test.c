/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's check of handler images: good ones pass, each single wrong field is refused, noise
 * never crashes. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "image.h"
#include <twizzler/syscall.h>

#define EVENTS	2
#define OUTPUTS 1
#define STRINGS "go\0/var/log/x"

struct sample {
	struct twz_handler_image header;
	struct twz_handler_image_event events[EVENTS];
	struct twz_handler_image_output outputs[OUTPUTS];
	char strings[sizeof(STRINGS)];
} __attribute__((packed, aligned(8)));

static int failures, checks;

static void check(bool good, const char *what)
{
	checks++;
	if (good)
		return;
	failures++;
	fprintf(stderr, "FAIL %s\n", what);
}

static struct sample good(void)
{
	const uint32_t strings = offsetof(struct sample, strings);
	struct sample s;

	memset(&s, 0, sizeof(s));
	s.header = (struct twz_handler_image){
		.magic = TWZ_HANDLER_MAGIC,
		.format = TWZ_HANDLER_FORMAT,
		.header_size = sizeof(s),
		.abi = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH},
		.image_size = 4 * 4096,
		.name = "counter",
		.version = "1.0",
		.budget_ms = 500,
		.memory_kb = 64,
		.entry = TWZ_HANDLER_TEXT + 8,
		.rodata = {4096, 100, TWZ_HANDLER_RODATA, 100},
		.text = {8192, 4096, TWZ_HANDLER_TEXT, 4096},
		.data = {12288, 4096, TWZ_HANDLER_DATA, 8192},
		.events_offset = offsetof(struct sample, events),
		.event_count = EVENTS,
		.outputs_offset = offsetof(struct sample, outputs),
		.output_count = OUTPUTS,
	};
	s.events[0] = (struct twz_handler_image_event){TWZ_EVENT_TIMER, 0, 1000, TWZ_HANDLER_TEXT};
	s.events[1] = (struct twz_handler_image_event){TWZ_EVENT_APPLICATION, strings, 0,
						       TWZ_HANDLER_TEXT + 16};
	s.outputs[0] = (struct twz_handler_image_output){TWZ_OUTPUT_APPEND, strings + 3};
	memcpy(s.strings, STRINGS, sizeof(STRINGS));
	return s;
}

static twz_result verdict(const struct sample *s, uint64_t available)
{
	const char *reason = NULL;
	/* in memory of exactly header_size bytes, so that the sanitizer sees any access behind it
	 */
	struct twz_handler_image *copy;
	twz_result result = handler_image_check_header(&s->header, available, &reason);

	if (result == 0) {
		uint64_t size =
			s->header.header_size < sizeof(*s) ? s->header.header_size : sizeof(*s);

		copy = malloc(size);
		memcpy(copy, s, size);
		if (s->header.header_size > sizeof(*s))
			copy->header_size = sizeof(*s);
		result = handler_image_check_tables(copy, &reason);
		free(copy);
	}
	check(result == 0 || reason != NULL, "a refusal has a reason");
	return result;
}

/* Change one field of a good image; it must be refused with the error. */
#define REFUSED(error, change)                                                         \
	do {                                                                           \
		struct sample s = good();                                              \
		change;                                                                \
		check(verdict(&s, 4 * 4096) == -(twz_result)TWZ_ERR_##error, #change); \
	} while (0)

#define ACCEPTED(change)                                    \
	do {                                                \
		struct sample s = good();                   \
		change;                                     \
		check(verdict(&s, 4 * 4096) == 0, #change); \
	} while (0)

static void fields(void)
{
	ACCEPTED();
	ACCEPTED(s.header.abi.patch = 99);
	ACCEPTED(s.header.output_count = 0);
	ACCEPTED(s.header.rodata = ((struct twz_handler_segment){0, 0, TWZ_HANDLER_RODATA, 0}));
	ACCEPTED(s.header.data = ((struct twz_handler_segment){0, 0, TWZ_HANDLER_DATA, 32768}));
	REFUSED(BAD_FORMAT, s.header.magic ^= 1);
	REFUSED(VERSION_MISMATCH, s.header.format = 2);
	REFUSED(VERSION_MISMATCH, s.header.abi.major++);
	REFUSED(VERSION_MISMATCH, s.header.abi.minor++);
	REFUSED(BAD_FORMAT, s.header.reserved = 1);
	REFUSED(BAD_FORMAT, s.header.image_size++);
	REFUSED(BAD_FORMAT, s.header.image_size = ~0ull);
	REFUSED(BAD_FORMAT, s.header.header_size = sizeof(s.header) - 1);
	REFUSED(BAD_FORMAT, s.header.header_size = ~0u);
	REFUSED(BAD_FORMAT, s.header.name[0] = 0);
	REFUSED(BAD_FORMAT, s.header.name[2] = '/');
	REFUSED(BAD_FORMAT, s.header.name[2] = 0);
	REFUSED(BAD_FORMAT, memset(s.header.name, 'a', sizeof(s.header.name)));
	REFUSED(BAD_FORMAT, s.header.version[0] = 0);
	REFUSED(BAD_FORMAT, s.header.version[0] = ' ');
	REFUSED(BAD_FORMAT, s.header.version[31] = 'x');
	REFUSED(BAD_FORMAT, s.header.budget_ms = 0);
	REFUSED(BAD_FORMAT, s.header.budget_ms = ~0u);
	REFUSED(BAD_FORMAT, s.header.memory_kb = 0);
	REFUSED(BAD_FORMAT, s.header.memory_kb = ~0u);
	REFUSED(BAD_FORMAT, s.header.memory_kb = 39);
	REFUSED(BAD_FORMAT, s.header.entry = TWZ_HANDLER_TEXT + 4096);
	REFUSED(BAD_FORMAT, s.header.entry = TWZ_HANDLER_DATA);
	REFUSED(BAD_FORMAT, s.header.rodata.address = TWZ_HANDLER_TEXT);
	REFUSED(BAD_FORMAT, s.header.rodata.file_offset = 100);
	REFUSED(BAD_FORMAT, s.header.rodata.file_offset = 0);
	REFUSED(BAD_FORMAT, s.header.rodata.memory_size = 1 << 20);
	REFUSED(BAD_FORMAT, s.header.text.file_offset = ~0ull << 12);
	REFUSED(BAD_FORMAT, s.header.text.file_size = ~0ull);
	REFUSED(BAD_FORMAT,
		s.header.text = ((struct twz_handler_segment){0, 0, TWZ_HANDLER_TEXT, 0}));
	REFUSED(BAD_FORMAT, s.header.data.memory_size = ~0ull);
	REFUSED(BAD_FORMAT, s.header.data.memory_size = 4095);
	REFUSED(BAD_FORMAT, s.header.data.memory_size = 32769);
	REFUSED(BAD_FORMAT, s.header.data.file_size = 8193);
}

static void tables(void)
{
	REFUSED(BAD_FORMAT, s.header.event_count = 0);
	REFUSED(BAD_FORMAT, s.header.event_count = ~0u);
	REFUSED(BAD_FORMAT, s.header.event_count = 100);
	REFUSED(BAD_FORMAT, s.header.events_offset = 0);
	REFUSED(BAD_FORMAT, s.header.events_offset++);
	REFUSED(BAD_FORMAT, s.header.events_offset = ~0u & ~7u);
	REFUSED(BAD_FORMAT, s.header.output_count = ~0u);
	REFUSED(BAD_FORMAT, s.header.outputs_offset = ~0u & ~7u);
	REFUSED(BAD_FORMAT, s.header.outputs_offset = 0);
	REFUSED(NOT_SUPPORTED, s.events[0].kind = 0);
	REFUSED(BAD_FORMAT, s.events[0].kind = TWZ_EVENT_BOOT); /* with a period */
	REFUSED(BAD_FORMAT, s.events[1].kind = TWZ_EVENT_BOOT); /* with a name */
	ACCEPTED(s.events[0].kind = TWZ_EVENT_BOOT; s.events[0].period_ms = 0);
	REFUSED(NOT_SUPPORTED, s.events[0].kind = 77);
	REFUSED(BAD_FORMAT, s.events[0].period_ms = 0);
	REFUSED(BAD_FORMAT, s.events[0].period_ms = ~0ull);
	REFUSED(BAD_FORMAT, s.events[0].name = s.events[1].name);
	REFUSED(BAD_FORMAT, s.events[0].function = 0);
	REFUSED(BAD_FORMAT, s.events[1].function = TWZ_HANDLER_TEXT + 4096);
	REFUSED(BAD_FORMAT, s.events[1].name = 0);
	REFUSED(BAD_FORMAT, s.events[1].name = ~0u);
	REFUSED(BAD_FORMAT, s.events[1].name += 2);
	REFUSED(BAD_FORMAT, s.events[1].name = s.outputs[0].path);
	REFUSED(BAD_FORMAT, s.events[1].period_ms = 5);
	REFUSED(NOT_SUPPORTED, s.outputs[0].kind = 9);
	REFUSED(BAD_FORMAT, s.outputs[0].path = s.events[1].name);
	REFUSED(BAD_FORMAT, s.outputs[0].path = 0);
	REFUSED(BAD_FORMAT, s.outputs[0].path = ~0u);
	REFUSED(BAD_FORMAT, memset(s.strings + 3, 'x', sizeof(s.strings) - 3));
}

static uint64_t random_state = 88172645463325252ull;

static uint64_t noise(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

/* Flips and overwrites: whatever happens, no access outside (the sanitizers watch). */
static void mutate(void)
{
	for (int round = 0; round < 200000; round++) {
		struct sample s = good();

		for (uint64_t n = noise() % 4 + 1; n; n--) {
			uint8_t *at = (uint8_t *)&s + noise() % sizeof(s);

			*at = noise() % 2 ? (uint8_t)noise() : *at ^ (uint8_t)(1u << noise() % 8);
		}
		verdict(&s, noise() % 3 ? 4 * 4096 : noise() % 65536);
	}
}

static void checksum(void)
{
	struct sample s = good();
	uint64_t whole = handler_image_checksum(HANDLER_CHECKSUM_START, 0, &s, sizeof(s)), parts;

	s.header.checksum = 12345;
	check(handler_image_checksum(HANDLER_CHECKSUM_START, 0, &s, sizeof(s)) == whole,
	      "the checksum's own field counts as 0");
	parts = handler_image_checksum(HANDLER_CHECKSUM_START, 0, &s, 43);
	check(handler_image_checksum(parts, 43, (char *)&s + 43, sizeof(s) - 43) == whole,
	      "parts give the same sum");
	s.strings[0] ^= 1;
	check(handler_image_checksum(HANDLER_CHECKSUM_START, 0, &s, sizeof(s)) != whole,
	      "a changed byte shows");
}

int main(void)
{
	fields();
	tables();
	checksum();
	check(verdict(&(struct sample){0}, 10) < 0, "a short file");
	mutate();
	printf("handler image: %d checks, %d failures\n", checks, failures);
	return failures != 0;
}
