/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes from the processor or a device, and the nonces of object ids. */
#include <twz/id.h>
#include <cpu.h>
#include <lock.h>
#include <log.h>
#include <main.h>
#include <object.h>
#include <random.h>
#include <string.h>
#include <timer.h>
#include <x86.h>

static uint8_t seed[64]; /* of the nonces: hashed forward with each use */
static uint64_t nonce_count;
static struct twz_id pool[4]; /* one hash gives four: it is most of what making an object costs */
static unsigned pool_left;

static twz_result (*device_fill)(void *buffer, uint64_t length);

static bool rdrand(uint64_t *value)
{
	for (unsigned tries = 0; tries < 10; tries++) {
		uint8_t good;

		__asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(good) : : "cc");
		if (good)
			return true;
	}
	return false;
}

twz_result random_fill(void *buffer, uint64_t length)
{
	char *to = buffer;

	if (!cpu_features.rdrand)
		return device_fill ? device_fill(buffer, length) : -TWZ_ERR_NOT_SUPPORTED;
	while (length) {
		uint64_t value, part = length < 8 ? length : 8;

		if (!rdrand(&value))
			return -TWZ_ERR_IO;
		memcpy(to, &value, part);
		to += part;
		length -= part;
	}
	return TWZ_OK;
}

void random_init(void)
{
	uint64_t tsc = rdtsc();

	/* without a source ids are unique in this boot, not unguessable: no better is to be had */
	if (random_fill(seed, sizeof(seed)) < 0)
		twz_blake2b(seed, sizeof(seed), &tsc, sizeof(tsc));
}

void random_add_device(twz_result (*fill)(void *buffer, uint64_t length))
{
	uint8_t fresh[sizeof(seed)];

	if (cpu_features.rdrand || device_fill)
		return;
	if (fill(fresh, sizeof(fresh)) < 0) {
		log_alert("random: the device gives no bytes; not used");
		return;
	}
	device_fill = fill;
	/* ids made before are unique still: the count goes on */
	memcpy(seed, fresh, sizeof(seed));
	pool_left = 0;
}

struct twz_id object_make_nonce(void)
{
	static struct spinlock lock = SPINLOCK_INIT(LOCK_TABLE);
	uint64_t flags = spin_lock(&lock);
	struct twz_id nonce;

	if (!pool_left) {
		struct {
			uint8_t seed[64];
			uint64_t count, tsc;
		} input = {.count = ++nonce_count, .tsc = rdtsc()};

		memcpy(input.seed, seed, sizeof(seed));
		twz_blake2b(pool, sizeof(pool), &input, sizeof(input));
		pool_left = sizeof(pool) / sizeof(pool[0]);
	}
	nonce = pool[--pool_left];
	pool[pool_left] = TWZ_ID_NONE;
	spin_unlock(&lock, flags);
	return nonce;
}
