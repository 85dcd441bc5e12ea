/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls of streams and of the host's files, with arguments good and bad. Runs in a
 * directory of the host that holds the file "known" with the text "known text"; its standard input
 * is "some input".
 * shapes: static
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <twz/sys.h>
#include "check.h"

#define NO_FID 0xffffffffu

static uint32_t host; /* index of the device with the tag "host" */
static uint8_t message[8192], answer[16384];
static uint32_t length;

static void add(const void *bytes, size_t size)
{
	memcpy(message + length, bytes, size);
	length += (uint32_t)size;
}

static void add16(uint16_t value)
{
	add(&value, 2);
}

static void add32(uint32_t value)
{
	add(&value, 4);
}

static void add64(uint64_t value)
{
	add(&value, 8);
}

static void add_string(const char *text)
{
	add16((uint16_t)strlen(text));
	add(text, strlen(text));
}

static void begin(uint8_t type)
{
	length = 4;
	add(&type, 1);
	add16(0x1234);
}

static twz_result call_into(void *to, uint64_t capacity)
{
	memcpy(message, &length, 4);
	return twz_sys_host_call(host, message, length, to, capacity);
}

static twz_result call(void)
{
	return call_into(answer, sizeof(answer));
}

static twz_result attach(uint32_t fid)
{
	begin(104);
	add32(fid);
	add32(NO_FID);
	add_string("");
	add_string("");
	add32(0);
	return call();
}

static twz_result walk(uint32_t from, uint32_t to, const char *name)
{
	begin(110);
	add32(from);
	add32(to);
	add16(name != NULL);
	if (name != NULL)
		add_string(name);
	return call();
}

static twz_result clunk(uint32_t fid)
{
	begin(120);
	add32(fid);
	return call();
}

/* The word that counts a stream's events. */
static const volatile uint32_t *events_of(uint32_t stream)
{
	static const volatile uint32_t nothing;
	struct twz_map map = {
		.slot = TWZ_SLOT_ANY, .rights = TWZ_RIGHT_READ, .inherit = TWZ_INHERIT_NONE};
	twz_result slot;

	CHECK(twz_sys_stream_control(stream, TWZ_STREAM_EVENTS, (uint64_t)&map.object) == 0);
	slot = twz_sys_view_map(&map);
	CHECK(slot >= 0);
	return slot >= 0 ? (const volatile uint32_t *)((uint64_t)slot << TWZ_SLOT_SHIFT) : &nothing;
}

static void test_streams(void)
{
	struct twz_stream_stat stat;
	const volatile uint32_t *events;
	uint32_t before;
	char buffer[64];
	twz_result in = twz_sys_stream_find("twz.stdin", 9);
	twz_result out = twz_sys_stream_find("twz.stdout", 10);

	CHECK(in >= 0 && out >= 0 && in != out);
	CHECK(twz_sys_stream_find("console", 7) >= 0);
	CHECK(twz_sys_stream_find("twz.std", 7) == -TWZ_ERR_NOT_FOUND);
	CHECK(twz_sys_stream_find("", 0) == -TWZ_ERR_NOT_FOUND);
	CHECK(twz_sys_stream_find("twz.stdin", 1ull << 40) < 0);
	CHECK(twz_sys_stream_find((const char *)8, 4) == -TWZ_ERR_BAD_ADDRESS);

	CHECK(twz_sys_stream_stat((uint32_t)out, &stat) == 0);
	CHECK(stat.kind == TWZ_STREAM_PORT && stat.open == 1 && !strcmp(stat.name, "twz.stdout"));
	CHECK(twz_sys_stream_stat(9999, &stat) == -TWZ_ERR_BAD_HANDLE);
	CHECK(twz_sys_stream_stat((uint32_t)out, (void *)8) == -TWZ_ERR_BAD_ADDRESS);

	CHECK(twz_sys_stream_write(9999, "x", 1) == -TWZ_ERR_BAD_HANDLE);
	CHECK(twz_sys_stream_write((uint32_t)out, (void *)8, 1) == -TWZ_ERR_BAD_ADDRESS);
	CHECK(twz_sys_stream_write((uint32_t)out, "x", ~0ull) == -TWZ_ERR_BAD_ADDRESS);
	CHECK(twz_sys_stream_write((uint32_t)out, "", 0) == 0);
	CHECK(twz_sys_stream_write((uint32_t)out, "written\n", 8) == 8);

	CHECK(twz_sys_stream_read(9999, buffer, 1, 0) == -TWZ_ERR_BAD_HANDLE);
	CHECK(twz_sys_stream_read((uint32_t)in, (void *)8, 8, TWZ_FOREVER) == -TWZ_ERR_BAD_ADDRESS);
	/* Who looks at the word before it sleeps on it misses nothing that comes in between. */
	events = events_of((uint32_t)in);
	before = *events;
	/* A length of 0 asks; a later read without waiting finds what has come, all of it unread.
	 */
	CHECK(twz_sys_stream_read((uint32_t)in, NULL, 0, 0) == 0);
	CHECK(twz_sys_stream_read((uint32_t)in, buffer, 4, TWZ_FOREVER) == 4);
	CHECK(memcmp(buffer, "some", 4) == 0);
	CHECK(twz_sys_stream_stat((uint32_t)in, &stat) == 0 && stat.readable == 6);
	CHECK(twz_sys_stream_read((uint32_t)in, buffer, sizeof(buffer), 0) == 6);
	CHECK(twz_sys_stream_read((uint32_t)in, buffer, sizeof(buffer), TWZ_FOREVER) == 0);
	CHECK(*events != before);
	CHECK(twz_sys_stream_read((uint32_t)in, buffer, sizeof(buffer), 0) == 0);
}

static void test_stream_marks(void)
{
	struct twz_stream_stat stat;
	twz_result in = twz_sys_stream_find("twz.stdin", 9);
	twz_result out = twz_sys_stream_find("twz.stdout", 10);
	twz_result console = twz_sys_stream_find("console", 7);

	CHECK(twz_sys_stream_control(9999, TWZ_STREAM_INPUT_END, 0) == -TWZ_ERR_BAD_HANDLE);
	CHECK(twz_sys_stream_control((uint32_t)in, TWZ_STREAM_EVENTS + 1, 0) ==
	      -TWZ_ERR_INVALID_ARGUMENT);
	CHECK(twz_sys_stream_control((uint32_t)in, ~0u, 0) == -TWZ_ERR_INVALID_ARGUMENT);
	CHECK(twz_sys_stream_control((uint32_t)out, TWZ_STREAM_OUTPUT_END, 2) ==
	      -TWZ_ERR_INVALID_ARGUMENT);
	CHECK(twz_sys_stream_control((uint32_t)console, TWZ_STREAM_INPUT_END, 0) ==
	      -TWZ_ERR_NOT_SUPPORTED);

	CHECK(twz_sys_stream_control((uint32_t)out, TWZ_STREAM_OUTPUT_END, 1) == 0);
	CHECK(twz_sys_stream_write((uint32_t)out, "x", 1) == -TWZ_ERR_END_OF_STREAM);
	CHECK(twz_sys_stream_control((uint32_t)out, TWZ_STREAM_OUTPUT_END, 0) == 0);
	CHECK(twz_sys_stream_write((uint32_t)out, "again\n", 6) == 6);

	CHECK(twz_sys_stream_control((uint32_t)in, TWZ_STREAM_INPUT_FROM, 0) == 0);
	CHECK(twz_sys_stream_stat((uint32_t)in, &stat) == 0 && stat.open == 1);
	CHECK(twz_sys_stream_control((uint32_t)in, TWZ_STREAM_INPUT_END, 0) == 0);
	CHECK(twz_sys_stream_stat((uint32_t)in, &stat) == 0 && stat.open == 0);
}

static void test_info(void)
{
	struct twz_host_info info;
	uint32_t count = 0;
	int found = 0;

	while (twz_sys_host_info(count, &info) == 0) {
		CHECK(info.message_size >= 8192);
		if (strcmp(info.tag, "host") == 0) {
			host = count;
			found++;
		}
		count++;
	}
	CHECK(found == 1 && count < 16);
	CHECK(twz_sys_host_info(count, &info) == -TWZ_ERR_NOT_FOUND);
	CHECK(twz_sys_host_info(~0u, &info) == -TWZ_ERR_NOT_FOUND);
	CHECK(twz_sys_host_info(host, (void *)8) == -TWZ_ERR_BAD_ADDRESS);
}

static void test_fids(void)
{
	/* High numbers: the runtime's own fids are this view's too. */
	const uint32_t root = 0x70000001, file = 0x70000002, other = 0x70000003;

	CHECK(attach(root) == 20 && answer[4] == 105);
	CHECK(answer[5] == 0x34 && answer[6] == 0x12); /* our tag, not the kernel's */
	CHECK(attach(root) == -TWZ_ERR_EXISTS);
	CHECK(attach(NO_FID) == -TWZ_ERR_INVALID_ARGUMENT);
	CHECK(walk(root, file, "known") > 0 && answer[4] == 111);
	CHECK(walk(root, file, NULL) == -TWZ_ERR_EXISTS);
	/* A walk that fails makes no fid. */
	CHECK(walk(root, other, "not-there") > 0 && answer[4] == 7);
	CHECK(clunk(other) == -TWZ_ERR_BAD_HANDLE);
	/* Nobody walks out of the directory. */
	CHECK(walk(root, other, "..") > 0 && answer[4] == 111);
	CHECK(walk(other, other, "known") > 0 && answer[4] == 111);
	CHECK(clunk(other) == 7 && answer[4] == 121);

	begin(12); /* Tlopen, read-only */
	add32(file);
	add32(0);
	CHECK(call() > 0 && answer[4] == 13);
	begin(116); /* Tread */
	add32(file);
	add64(0);
	add32(100);
	CHECK(call() == 21 && answer[4] == 117 && memcmp(answer + 11, "known text", 10) == 0);
	CHECK(call_into(answer, 12) == -TWZ_ERR_NO_SPACE);
	CHECK(call_into((void *)8, 4096) == -TWZ_ERR_BAD_ADDRESS);
	begin(116); /* more than a message can hold */
	add32(file);
	add64(0);
	add32(0x7fffffff);
	CHECK(call() == -TWZ_ERR_INVALID_ARGUMENT);

	CHECK(clunk(file) == 7);
	CHECK(clunk(file) == -TWZ_ERR_BAD_HANDLE);
	CHECK(clunk(root) == 7);
	CHECK(walk(root, file, NULL) == -TWZ_ERR_BAD_HANDLE);
}

static void test_bad_messages(void)
{
	static const uint8_t refused[] = {0, 6, 100, 102, 108, 112, 255};

	CHECK(twz_sys_host_call(9999, message, 11, answer, sizeof(answer)) == -TWZ_ERR_NOT_FOUND);
	CHECK(twz_sys_host_call(host, message, 0, answer, sizeof(answer)) ==
	      -TWZ_ERR_INVALID_ARGUMENT);
	CHECK(twz_sys_host_call(host, message, ~0ull, answer, sizeof(answer)) ==
	      -TWZ_ERR_INVALID_ARGUMENT);
	CHECK(twz_sys_host_call(host, (void *)8, 11, answer, sizeof(answer)) ==
	      -TWZ_ERR_BAD_ADDRESS);
	for (size_t i = 0; i < sizeof(refused); i++) {
		begin(refused[i]);
		add32(1);
		CHECK(call() == -TWZ_ERR_NOT_SUPPORTED);
	}
	begin(118); /* Twrite of more bytes than there are */
	add32(1);
	add64(0);
	add32(1000);
	CHECK(call() == -TWZ_ERR_BAD_FORMAT);
	begin(120);
	CHECK(call() == -TWZ_ERR_BAD_FORMAT);
	/* After all this the device still answers. */
	CHECK(attach(0x70000001) == 20 && clunk(0x70000001) == 7);
}

/* Fids left for the kernel to give back at the end. */
static void test_leave_open(void)
{
	for (uint32_t i = 0; i < 500; i++)
		CHECK(attach(0x71000000 + i) == 20);
}

int main(void)
{
	test_streams();
	test_stream_marks();
	test_info();
	test_fids();
	test_bad_messages();
	test_leave_open();
	return check_result("host_calls");
}
