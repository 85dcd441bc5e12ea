/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes from a virtio entropy device (Virtio 1.1, section 5.4), for machines without RDRAND.
 */
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <random.h>
#include <string.h>
#include <wait.h>
#include "virtio.h"
#include "virtio_rng.h"

#define QUEUE_SIZE   8
#define REQUEST_SIZE 256u /* bytes asked for at a time: the host's are not to be wasted */

/* A buffer on its way. It is the device's until it comes back, whether somebody waits or not. */
struct request {
	uint8_t bytes[REQUEST_SIZE];
	uint32_t asked, length; /* length: what came */
	bool done, orphan;
};

struct rng {
	struct virtio_device *device;
	struct spinlock lock; /* LOCK_DEVICE: all below */
	struct virtio_queue queue;
	struct wait_queue answered; /* a request came back: an answer, and room in the queue */
};

static struct rng *source; /* the first device that works */

/* Take back what the device has filled. Lock held. */
static void collect(struct rng *rng)
{
	struct request *request;
	uint32_t length;
	bool any = false;

	while ((request = virtio_queue_take(&rng->queue, &length))) {
		any = true;
		/* more than it was given room for cannot be true: then nothing of it is */
		request->length = length <= request->asked ? length : 0;
		request->done = true;
		if (request->orphan) {
			memset(request, 0, sizeof(*request));
			kernel_free(request);
		}
	}
	if (any || rng->device->broken)
		wait_wake_all(&rng->answered);
}

static void rng_interrupt(void *context)
{
	struct rng *rng = context;
	uint64_t flags = spin_lock(&rng->lock);

	collect(rng);
	spin_unlock(&rng->lock, flags);
}

/* Ask the device for at most REQUEST_SIZE bytes: how many came, at least 1, or an error. */
static twz_result ask(void *buffer, uint32_t length)
{
	struct request *request = kernel_alloc(sizeof(*request));
	struct rng *rng = source;
	struct virtio_segment segment;
	twz_result result = TWZ_OK;
	uint64_t flags;

	if (!request)
		return -TWZ_ERR_OUT_OF_MEMORY;
	request->asked = length;
	segment = (struct virtio_segment){virt_to_phys(request->bytes), length};
	flags = spin_lock(&rng->lock);
	while (!rng->device->broken && result == TWZ_OK &&
	       !virtio_queue_add(&rng->queue, &segment, 0, 1, request))
		result = wait_sleep(&rng->answered, &rng->lock, TWZ_FOREVER);
	if (result < 0 || rng->device->broken) {
		spin_unlock(&rng->lock, flags);
		kernel_free(request);
		return result < 0 ? result : -TWZ_ERR_IO;
	}
	virtio_queue_kick(&rng->queue);
	collect(rng);
	while (!request->done && !rng->device->broken && result == TWZ_OK)
		result = wait_sleep(&rng->answered, &rng->lock, TWZ_FOREVER);
	if (!request->done) {
		/* the thread must go, or the device is lost and may still write: it keeps the
		 * buffer */
		request->orphan = true;
		spin_unlock(&rng->lock, flags);
		return result < 0 ? result : -TWZ_ERR_IO;
	}
	spin_unlock(&rng->lock, flags);
	memcpy(buffer, request->bytes, request->length);
	result = request->length ? (twz_result)request->length : -TWZ_ERR_IO;
	memset(request, 0, sizeof(*request));
	kernel_free(request);
	return result;
}

static twz_result rng_fill(void *buffer, uint64_t length)
{
	char *to = buffer;

	while (length) {
		twz_result got = ask(to, length < REQUEST_SIZE ? (uint32_t)length : REQUEST_SIZE);

		if (got < 0)
			return got;
		to += got;
		length -= (uint64_t)got;
	}
	return TWZ_OK;
}

void virtio_rng_init(struct virtio_device *virtio)
{
	struct rng *rng;

	if (source) /* one is enough */
		return;
	rng = kernel_alloc(sizeof(*rng));
	if (!rng) {
		virtio_refuse("virtio-rng", -TWZ_ERR_OUT_OF_MEMORY);
		return;
	}
	spin_init(&rng->lock, LOCK_DEVICE);
	wait_init(&rng->answered);
	rng->device = virtio;
	if (virtio_open_single(virtio, 0, rng_interrupt, rng, &rng->queue, QUEUE_SIZE,
			       "virtio-rng") < 0)
		return; /* its interrupt handler may be in place: the memory stays */
	virtio_start(virtio);
	source = rng;
	random_add_device(rng_fill);
	log_line("virtio-rng: ready");
}
