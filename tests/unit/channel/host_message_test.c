/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages that the kernel must let through, and what it must refuse. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_message.h"

static unsigned checks;

#define CHECK(condition)                                                                        \
	do {                                                                                    \
		checks++;                                                                       \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
			exit(1);                                                                \
		}                                                                               \
	} while (0)

/* A message under construction. */
static uint8_t message[4096];
static uint32_t length;

static void begin(uint8_t type)
{
	memset(message, 0, sizeof(message));
	message[4] = type;
	length = HOST_HEADER_SIZE;
}

static void add16(uint16_t value)
{
	host_put16(message + length, value);
	length += 2;
}

static void add32(uint32_t value)
{
	host_put32(message + length, value);
	length += 4;
}

static void add64(uint64_t value)
{
	add32((uint32_t)value);
	add32((uint32_t)(value >> 32));
}

static void add_string(const char *text)
{
	add16((uint16_t)strlen(text));
	memcpy(message + length, text, strlen(text));
	length += (uint32_t)strlen(text);
}

/* Checks an exact heap copy, so that ASan sees a read past the end. */
static twz_result check_length(uint32_t size, uint32_t said, struct host_message *out)
{
	uint8_t *copy = malloc(size ? size : 1);

	memcpy(copy, message, size);
	if (size >= 4)
		host_put32(copy, said);
	twz_result result = host_message_check(copy, size, out);
	free(copy);
	return result;
}

static twz_result check(struct host_message *out)
{
	return check_length(length, length, out);
}

static void test_walk(void)
{
	struct host_message out;

	begin(HOST_TWALK);
	add32(1);
	add32(2);
	add16(2);
	add_string("usr");
	add_string("include");
	CHECK(check(&out) == 0);
	CHECK(out.fid_count == 1 && out.fid_offsets[0] == 7);
	CHECK(out.new_fid_offset == 11 && out.walk_names == 2 && !out.ends_fid);
	host_put16(message + 15, 3); /* names that are not there */
	CHECK(check(&out) == -TWZ_ERR_BAD_FORMAT);
	host_put16(message + 15, 17);
	CHECK(check(&out) == -TWZ_ERR_BAD_FORMAT);
	host_put16(message + 15, 1); /* bytes left over */
	CHECK(check(&out) == -TWZ_ERR_BAD_FORMAT);
}

static void test_attach(void)
{
	struct host_message out;

	begin(HOST_TATTACH);
	add32(5);
	add32(HOST_NO_FID);
	add_string("user");
	add_string("");
	add32(0);
	CHECK(check(&out) == 0);
	CHECK(out.fid_count == 0 && out.new_fid_offset == 7);
	host_put32(message + 11, 5); /* an authentication fid */
	CHECK(check(&out) == -TWZ_ERR_BAD_FORMAT);
}

static void test_renameat(void)
{
	struct host_message out;

	begin(74);
	add32(3);
	add_string("a-longer-name");
	add32(4);
	add_string("b");
	CHECK(check(&out) == 0);
	CHECK(out.fid_count == 2 && out.fid_offsets[0] == 7);
	CHECK(host_get32(message + out.fid_offsets[1]) == 4);
}

static void test_transfer(void)
{
	struct host_message out;

	begin(116); /* Tread */
	add32(1);
	add64(0);
	add32(65536);
	CHECK(check(&out) == 0 && out.reply_size == 65536 + 11);
	host_put32(message + 19, 0xffffffff);
	CHECK(check(&out) == -TWZ_ERR_BAD_FORMAT);
	begin(118); /* Twrite */
	add32(1);
	add64(0);
	add32(3);
	memcpy(message + length, "abc", 3);
	length += 3;
	CHECK(check(&out) == 0);
	host_put32(message + 19, 4);
	CHECK(check(&out) == -TWZ_ERR_BAD_FORMAT);
	host_put32(message + 19, 0xffffffff);
	CHECK(check(&out) == -TWZ_ERR_BAD_FORMAT);
}

static void test_ends(void)
{
	struct host_message out;

	begin(HOST_TCLUNK);
	add32(9);
	CHECK(check(&out) == 0 && out.ends_fid && out.fid_count == 1);
	begin(HOST_TREMOVE);
	add32(9);
	CHECK(check(&out) == 0 && out.ends_fid);
}

/* What only the kernel may send, answers, and types of no meaning. */
static void test_types(void)
{
	static const uint8_t refused[] = {0,   6,   7,	 9,   30,  32,	HOST_TVERSION, 101,
					  102, 105, 108, 111, 112, 117, 121,	       255};
	struct host_message out;

	for (size_t i = 0; i < sizeof(refused); i++) {
		begin(refused[i]);
		add32(1);
		CHECK(check(&out) == -TWZ_ERR_NOT_SUPPORTED);
	}
}

/* Every type cut at every length, and with every wrong size, is refused without a read past its
 * end. */
static void test_cuts(void)
{
	struct host_message out;

	begin(14); /* Tlcreate */
	add32(1);
	add_string("name");
	add32(0);
	add32(0644);
	add32(0);
	CHECK(check(&out) == 0);
	uint32_t whole = length;
	for (uint32_t size = 0; size < whole; size++)
		CHECK(check_length(size, size, &out) < 0);
	for (uint32_t said = 0; said < whole + 4; said++)
		CHECK((check_length(whole, said, &out) == 0) == (said == whole));
}

/* Random bytes behind every type. */
static void test_noise(void)
{
	struct host_message out;
	uint32_t seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		seed = seed * 1664525 + 1013904223;
		begin((uint8_t)(seed >> 24));
		uint32_t extra = seed >> 8 & 63;
		for (uint32_t i = 0; i < extra; i++) {
			seed = seed * 1664525 + 1013904223;
			message[length++] = (uint8_t)(seed >> 24 & (round % 2 ? 0xff : 0x3));
		}
		twz_result result = check(&out);
		CHECK(result <= 0 && out.fid_count <= HOST_MESSAGE_FIDS);
		for (unsigned i = 0; result == 0 && i < out.fid_count; i++)
			CHECK(out.fid_offsets[i] + 4 <= length);
	}
}

int main(void)
{
	test_walk();
	test_attach();
	test_renameat();
	test_transfer();
	test_ends();
	test_types();
	test_cuts();
	test_noise();
	printf("host-message: %u checks\n", checks);
	return 0;
}
