/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shows that a virtqueue gives back each cookie once and only what the driver put in, whatever the
 * device writes to the memory that they share: descriptors, rings, indices. ASan watches what is
 * the driver's own.
 */
#include <string.h>
#include <test.h>
#include "virtio.h"

#define SIZE	 16u
#define REQUESTS 64u

/* ---- what the rest of the kernel provides ---- */

static void *shared; /* the queue's memory */
static size_t shared_size;

void *kernel_alloc_array(size_t count, size_t size)
{
	return calloc(count, size);
}

void kernel_free(void *pointer)
{
	free(pointer);
}

physical_address frames_alloc(unsigned order)
{
	shared_size = PAGE_SIZE << order;
	shared = aligned_alloc(PAGE_SIZE, shared_size);
	memset(shared, 0, shared_size);
	return virt_to_phys(shared);
}

void frames_unref(physical_address first, unsigned order)
{
	(void)order;
	free(phys_to_virt(first));
}

void log_alert(const char *format, ...)
{
	(void)format;
}

/* ---- the device ---- */

static uint8_t status;

static uint8_t get_status(struct virtio_device *device)
{
	(void)device;
	return status;
}

static void set_status(struct virtio_device *device, uint8_t value)
{
	(void)device;
	status = value;
}

static uint16_t limit = SIZE;

static uint16_t queue_limit(struct virtio_device *device, uint16_t index)
{
	(void)device;
	(void)index;
	return limit;
}

static twz_result queue_enable(struct virtio_device *device, struct virtio_queue *queue)
{
	(void)device;
	(void)queue;
	return 0;
}

static void notify(struct virtio_queue *queue)
{
	(void)queue;
}

static const struct virtio_transport transport = {
	.get_status = get_status,
	.set_status = set_status,
	.queue_limit = queue_limit,
	.queue_enable = queue_enable,
	.notify = notify,
};

/* ---- the driver ---- */

static uint8_t requests[REQUESTS]; /* 1: with the device */

static void close_queue(struct virtio_queue *queue)
{
	free(shared);
	free(queue->cookies);
	free(queue->chain_lengths);
	free(queue->links);
}

static unsigned take_all(struct virtio_queue *queue)
{
	uint8_t *cookie;
	uint32_t length;
	unsigned taken = 0;

	while ((cookie = virtio_queue_take(queue, &length))) {
		EXPECT(cookie >= requests && cookie < requests + REQUESTS);
		EXPECT_EQUAL(*cookie, 1);
		*cookie = 0;
		taken++;
	}
	EXPECT(queue->free_count <= SIZE);
	return taken;
}

static bool offer(struct virtio_queue *queue, uint64_t *state)
{
	struct virtio_segment segments[4] = {{4096, 1}, {8192, 2}, {12288, 3}, {16384, 4}};
	unsigned out = (unsigned)(test_random(state) % 3),
		 in = 1 + (unsigned)(test_random(state) % 2);

	for (unsigned i = 0; i < REQUESTS; i++) {
		if (requests[i])
			continue;
		if (!virtio_queue_add(queue, segments, out, in, &requests[i]))
			return false;
		requests[i] = 1;
		return true;
	}
	return false;
}

/* A device that keeps the rules: all that is offered comes back, in any order, and nothing is lost.
 */
static void test_honest(void)
{
	struct virtio_device device = {.transport = &transport};
	struct virtio_queue queue;
	uint64_t state = 42;
	uint16_t seen = 0, heads[SIZE], count = 0;
	unsigned offered = 0, taken = 0;

	EXPECT_EQUAL(virtio_queue_open(&device, &queue, 0, SIZE), 0);
	for (int round = 0; round < 100000; round++) {
		offered += offer(&queue, &state);
		while (seen != queue.available->index)
			heads[count++] = queue.available->ring[seen++ % SIZE];
		if (count && test_random(&state) % 2) {
			uint16_t pick = (uint16_t)(test_random(&state) % count);

			queue.used->ring[queue.used->index % SIZE] =
				(struct virtio_used_entry){heads[pick], 7};
			queue.used->index++;
			heads[pick] = heads[--count];
		}
		taken += take_all(&queue);
	}
	EXPECT(!device.broken);
	EXPECT_EQUAL(offered, taken + count);
	EXPECT(taken > 10000);
	close_queue(&queue);
}

/* One that writes what it likes where it can. */
static void test_hostile(void)
{
	uint64_t state = 4711;
	unsigned broken = 0, taken = 0;

	for (int life = 0; life < 3000; life++) {
		struct virtio_device device = {.transport = &transport};
		struct virtio_queue queue;

		memset(requests, 0, sizeof(requests));
		EXPECT_EQUAL(virtio_queue_open(&device, &queue, 0, SIZE), 0);
		for (int step = 0; step < 50 && !device.broken; step++) {
			offer(&queue, &state);
			for (uint64_t n = test_random(&state) % 8; n; n--)
				((uint8_t *)shared)[test_random(&state) % 512] =
					(uint8_t)test_random(&state);
			/* often enough something that looks right */
			if (test_random(&state) % 2) {
				uint32_t id = (uint32_t)(test_random(&state) % (SIZE + 1));

				for (int tries = 0;
				     tries < 40 && (id >= SIZE || !queue.cookies[id]); tries++)
					id = (uint32_t)(test_random(&state) % (SIZE + 1));
				queue.used->ring[queue.used_seen % SIZE].id = id;
				queue.used->index = (uint16_t)(queue.used_seen + 1);
			}
			virtio_queue_kick(&queue);
			taken += take_all(&queue);
		}
		broken += device.broken;
		EXPECT(!device.broken ||
		       (!virtio_queue_take(&queue, NULL) && !offer(&queue, &state)));
		close_queue(&queue);
	}
	EXPECT(broken > 1000 && taken > 1000);
}

static void test_sizes(void)
{
	static const struct {
		uint16_t limit, size;
	} cases[] = {{0, 0}, {1, 1}, {3, 0}, {16, 16}, {1024, 16}, {0x8000, 16}, {0xffff, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct virtio_device device = {.transport = &transport};
		struct virtio_queue queue;
		twz_result result;

		limit = cases[i].limit;
		result = virtio_queue_open(&device, &queue, 0, SIZE);
		EXPECT_EQUAL(result == 0, cases[i].size != 0);
		if (result == 0) {
			EXPECT_EQUAL(queue.size, cases[i].size);
			close_queue(&queue);
		}
	}
	limit = SIZE;
}

static uint8_t always_busy(struct virtio_device *device)
{
	(void)device;
	return 1;
}

/* A device that never finishes its reset is given up. */
static void test_stuck(void)
{
	struct virtio_transport stuck = transport;
	struct virtio_device device = {.transport = &stuck};

	stuck.get_status = always_busy;
	EXPECT_EQUAL(virtio_open(&device, 0, NULL, NULL), -TWZ_ERR_IO);
}

int main(void)
{
	static const struct test tests[] = {
		{test_honest, "an honest device loses nothing"},
		{test_hostile, "a hostile device gets nothing through"},
		{test_sizes, "queue sizes"},
		{test_stuck, "a device that does not reset"},
	};

	return RUN_TESTS(tests);
}
