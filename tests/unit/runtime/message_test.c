/* SPDX-License-Identifier: BSD-2-Clause */
/* 9P messages: what is written, what is read, and hostile answers. */
#include <string.h>
#include "../test.h"
#include "files/hostfs_message.h"

static void put_walk(void)
{
	static const uint8_t wanted[] = {20, 0, 0, 0, 110, 0, 0, 7, 0, 0,
					 0,  8, 0, 0, 0,   1, 0, 1, 0, 'x'};
	uint8_t memory[32];
	struct rt_9p m;
	rt_9p_begin(&m, memory, sizeof(memory), RT_9P_TWALK);
	rt_9p_put32(&m, 7);
	rt_9p_put32(&m, 8);
	rt_9p_put16(&m, 1);
	rt_9p_put_string(&m, "x", 1);
	EXPECT_EQUAL(rt_9p_end(&m), 0);
	EXPECT_EQUAL(m.at, sizeof(wanted));
	EXPECT(memcmp(memory, wanted, sizeof(wanted)) == 0);
}

static void put_too_much(void)
{
	uint8_t memory[16];
	struct rt_9p m;
	rt_9p_begin(&m, memory, sizeof(memory), RT_9P_TWALK);
	rt_9p_put64(&m, 1);
	rt_9p_put8(&m, 1);
	EXPECT(!m.bad);
	rt_9p_put8(&m, 1);
	EXPECT(m.bad);
	EXPECT_EQUAL(rt_9p_end(&m), -TWZ_ERR_BAD_FORMAT);
	rt_9p_begin(&m, memory, sizeof(memory), RT_9P_TWALK);
	rt_9p_put_string(&m, "", 70000);
	EXPECT_EQUAL(rt_9p_end(&m), -TWZ_ERR_BAD_FORMAT);
}

static void answers(void)
{
	struct rt_9p m;
	uint8_t good[] = {11, 0, 0, 0, 117, 0, 0, 4, 0, 0, 0};
	uint8_t error[] = {11, 0, 0, 0, 7, 0, 0, 39, 0, 0, 0};
	EXPECT_EQUAL(rt_9p_answer(&m, good, sizeof(good), RT_9P_TREAD), 0);
	EXPECT_EQUAL(rt_9p_get32(&m), 4);
	EXPECT(rt_9p_get_bytes(&m, 4) == NULL && m.bad); /* it promises more than it holds */
	EXPECT_EQUAL(rt_9p_answer(&m, good, sizeof(good), RT_9P_TWRITE), -TWZ_ERR_IO);
	EXPECT_EQUAL(rt_9p_answer(&m, good, sizeof(good) - 1, RT_9P_TREAD), -TWZ_ERR_IO);
	EXPECT_EQUAL(rt_9p_answer(&m, good, 3, RT_9P_TREAD), -TWZ_ERR_IO);
	EXPECT_EQUAL(rt_9p_answer(&m, error, sizeof(error), RT_9P_TREAD), -TWZ_ERR_NOT_EMPTY);
	error[0] = 9;
	EXPECT_EQUAL(rt_9p_answer(&m, error, 9, RT_9P_TREAD), -TWZ_ERR_IO);
}

static void strings(void)
{
	uint8_t bytes[] = {13, 0, 0, 0, 23, 0, 0, 3, 0, 'a', 'b', 'c', 9};
	struct rt_9p m;
	uint32_t length;
	EXPECT_EQUAL(rt_9p_answer(&m, bytes, sizeof(bytes), RT_9P_TREADLINK), 0);
	const char *text = rt_9p_get_string(&m, &length);
	EXPECT(text != NULL && length == 3 && memcmp(text, "abc", 3) == 0);
	EXPECT(rt_9p_get_string(&m, &length) == NULL && m.bad);
	EXPECT_EQUAL(rt_9p_get64(&m), 0);
}

static void kinds_and_errors(void)
{
	EXPECT_EQUAL(rt_9p_kind(0x80), TWZ_FILE_DIRECTORY);
	EXPECT_EQUAL(rt_9p_kind(0x02), TWZ_FILE_SYMLINK);
	EXPECT_EQUAL(rt_9p_kind(0), TWZ_FILE_REGULAR);
	EXPECT_EQUAL(rt_9p_error(2), -TWZ_ERR_NOT_FOUND);
	EXPECT_EQUAL(rt_9p_error(17), -TWZ_ERR_EXISTS);
	for (uint32_t number = 0; number < 4096; number++)
		EXPECT(rt_9p_error(number) < 0);
	EXPECT_EQUAL(rt_9p_error(0xffffffff), -TWZ_ERR_IO);
}

int main(void)
{
	static const struct test tests[] = {
		{put_walk, "a walk's bytes"},
		{put_too_much, "what does not fit is not sent"},
		{answers, "answers of the wrong kind and length"},
		{strings, "strings that end outside"},
		{kinds_and_errors, "every errno is an error"},
	};
	return RUN_TESTS(tests);
}
