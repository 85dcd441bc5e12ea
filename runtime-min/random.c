/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random bytes: the kernel's, from hardware, or none. What must only differ (a hash seed, a canary)
 * comes from a ChaCha20 stream where there is no hardware: keyed by what the parent passed at the
 * start (AT_RANDOM) and the clock, rekeyed after each request.
 */
#include "random.h"
#include "start.h"

static uint32_t state[16];

static void start_stream(void)
{
	static const uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint64_t now = twz_rt_clock(TWZ_CLOCK_MONOTONIC), real = twz_rt_clock(TWZ_CLOCK_REALTIME);
	struct twz_id self = rt_self_view();
	memcpy(state, constants, sizeof(constants));
	if (rt_start.random != NULL)
		memcpy(state + 4, rt_start.random, 16);
	memcpy(state + 8, &now, 8);
	memcpy(state + 10, &real, 8);
	memcpy(state + 13, &self.lo, 8);
}

static void stream_read(uint8_t *out, size_t length)
{
	uint8_t block[64];
	rt_lock(&rt_locks[RT_LOCK_RANDOM]);
	if (state[0] == 0)
		start_stream();
	/* The clock tells apart two programs that were given the same state by a fork. */
	uint64_t now = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
	state[14] ^= (uint32_t)now;
	state[15] ^= (uint32_t)(now >> 32) ^ twz_rt_thread_number();
	while (length != 0) {
		size_t part = length < sizeof(block) ? length : sizeof(block);
		state[12]++;
		rt_chacha20_block(state, block);
		memcpy(out, block, part);
		out += part;
		length -= part;
	}
	/* What was given out cannot be computed from what is kept. */
	state[12]++;
	rt_chacha20_block(state, block);
	memcpy(state + 4, block, 32);
	rt_unlock(&rt_locks[RT_LOCK_RANDOM]);
}

/* The child must not draw what the parent draws: the same key, another nonce. */
void rt_random_forked(void)
{
	struct twz_id self = rt_self_view();
	uint64_t words[2] = {self.hi, self.lo};
	for (int i = 0; i < 4 && state[0] != 0; i++)
		state[8 + i] ^= (uint32_t)(words[i / 2] >> 32 * (i % 2));
}

twz_result twz_rt_random(void *buffer, size_t length)
{
	if (!rt_user_pointer(buffer, length))
		return RT_ERROR(BAD_ADDRESS);
	if (length == 0)
		return 0;
	twz_result result = twz_sys_random_read(buffer, length);
	return result < 0 ? result : 0;
}

twz_result rt_random_weak(void *buffer, size_t length)
{
	twz_result result = twz_rt_random(buffer, length);
	if (result == RT_ERROR(NOT_SUPPORTED)) {
		stream_read(buffer, length);
		return 0;
	}
	return result;
}
