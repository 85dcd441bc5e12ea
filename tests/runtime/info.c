/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/info.h: information, time, randomness. */
#include "contract.h"

CONTRACT(twz_rt_info)
{
	struct twz_rt_info info;
	memset(&info, 0xff, sizeof(info));
	GIVES(twz_rt_info(&info), 0);
	CHECK(info.abi.major == TWZ_ABI_MAJOR && info.abi.minor == TWZ_ABI_MINOR);
	CHECK(info.runtime == TWZ_RUNTIME_MINIMAL || info.runtime == TWZ_RUNTIME_REFERENCE);
	CHECK(info.cpus >= 1 && info.page_size == PAGE && info.reserved == 0);
	CHECK(info.pages_total > 1000 && info.pages_free > 0 && info.pages_free < info.pages_total);
	FAILS(twz_rt_info(NULL), BAD_ADDRESS);
	FAILS(twz_rt_info(KERNEL_HALF), BAD_ADDRESS);
}

CONTRACT(twz_rt_clock)
{
	uint64_t last = 0, backwards = 0;
	for (int i = 0; i < 1000; i++) {
		uint64_t time = twz_rt_clock(TWZ_CLOCK_MONOTONIC);
		backwards += time < last;
		last = time;
	}
	CHECK(last != 0 && backwards == 0);
	uint64_t start = now(), real = twz_rt_clock(TWZ_CLOCK_REALTIME);
	uint64_t thread = twz_rt_clock(TWZ_CLOCK_THREAD), program = twz_rt_clock(TWZ_CLOCK_PROGRAM);
	CHECK(real > 1700000000ull * 1000000000ull); /* after November 2023 */
	CHECK(thread != 0 && program >= thread);
	/* A sleep takes time, but not the processor's. */
	nap(30 * MS);
	uint64_t slept = now() - start, counted = twz_rt_clock(TWZ_CLOCK_REALTIME) - real;
	CHECK(slept >= 30 * MS && counted >= 29 * MS);
	CHECK(twz_rt_clock(TWZ_CLOCK_THREAD) - thread < slept);
	while (twz_rt_clock(TWZ_CLOCK_THREAD) == thread)
		continue;
	CHECK(twz_rt_clock(TWZ_CLOCK_PROGRAM) > program);
	CHECK(twz_rt_clock(4) == 0 && twz_rt_clock(~0u) == 0); /* no such clock */
}

CONTRACT(twz_rt_clock_resolution)
{
	for (uint32_t clock = 0; clock <= TWZ_CLOCK_PROGRAM; clock++)
		CHECK(twz_rt_clock_resolution(clock) >= 1 &&
		      twz_rt_clock_resolution(clock) < 1000 * MS);
	CHECK(twz_rt_clock_resolution(4) == 0 && twz_rt_clock_resolution(~0u) == 0);
}

CONTRACT(twz_rt_random)
{
	enum { SIZE = 4096 };
	static unsigned char first[SIZE], second[SIZE];
	unsigned counts[256] = {0}, most = 0;
	GIVES(twz_rt_random(first, SIZE), 0);
	GIVES(twz_rt_random(second, SIZE), 0);
	CHECK(memcmp(first, second, SIZE) != 0);
	for (int i = 0; i < SIZE; i++) {
		if (++counts[first[i]] > most)
			most = counts[first[i]];
	}
	CHECK(most < 60); /* 16 on average */
	/* exactly as many as were asked for */
	memset(first, 0, 64);
	GIVES(twz_rt_random(first + 1, 40), 0);
	CHECK(first[0] == 0 && first[41] == 0 && first[63] == 0);
	GIVES(twz_rt_random(NULL, 0), 0);
	FAILS(twz_rt_random(NULL, 1), BAD_ADDRESS);
	FAILS(twz_rt_random(KERNEL_HALF, 1), BAD_ADDRESS);
	FAILS(twz_rt_random(first, ~0ul), BAD_ADDRESS);
}
