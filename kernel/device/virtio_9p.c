/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests and answers over the one queue of a virtio 9P device, any number at a time. */
#include <heap.h>
#include <list.h>
#include <lock.h>
#include <log.h>
#include <string.h>
#include <wait.h>
#include "host_message.h"
#include "virtio.h"
#include "virtio_9p.h"

#define FEATURE_MOUNT_TAG (1ull << 0)
#define QUEUE_SIZE	  128
#define MESSAGE_SIZE	  (512u << 10) /* what is asked of the host */
#define LARGE_ORDER	  7	       /* MESSAGE_SIZE in frames */
#define LARGE_KEPT	  4	       /* large buffers kept for the next message */
#define TAG_SIZE	  56

static const char protocol[] = "9P2000.L";

enum device_state { DEVICE_NEW, DEVICE_STARTING, DEVICE_READY, DEVICE_FAILED };

struct host_device {
	struct virtio_device *virtio;
	struct virtio_queue queue;
	struct spinlock lock; /* LOCK_DEVICE: all below */
	struct host_device *next;
	enum device_state state;
	struct wait_queue started;
	uint32_t message_size;
	uint32_t next_fid;
	uint16_t next_tag;
	struct list backlog; /* struct exchange.node: the queue was full */
	physical_address large[LARGE_KEPT];
	unsigned large_count;
	char tag[TAG_SIZE];
};

/* One request on its way. */
struct exchange {
	struct list node;
	struct virtio_segment segments[2];
	struct wait_queue answered;
	uint32_t reply_length;
	bool done;
	bool orphan;			/* nobody waits: freed when answered */
	uint8_t request[16], reply[32]; /* of an orphan */
};

static struct host_device *devices;

struct host_device *host_device(uint32_t index)
{
	struct host_device *device = devices;

	while (device != NULL && index-- > 0)
		device = device->next;
	return device;
}

const char *host_device_tag(const struct host_device *device)
{
	return device->tag;
}

/* ---- buffers ---- */

struct host_buffer host_buffer_get(struct host_device *device, uint32_t size)
{
	struct host_buffer buffer = {0, size};

	if (size <= PAGE_SIZE) {
		buffer.address = frame_alloc();
		return buffer;
	}
	uint64_t flags = spin_lock(&device->lock);
	if (device->large_count > 0)
		buffer.address = device->large[--device->large_count];
	spin_unlock(&device->lock, flags);
	if (buffer.address == 0)
		buffer.address = frames_alloc(LARGE_ORDER);
	return buffer;
}

void host_buffer_put(struct host_device *device, struct host_buffer buffer)
{
	if (buffer.address == 0)
		return;
	if (buffer.size <= PAGE_SIZE) {
		frame_unref(buffer.address);
		return;
	}
	uint64_t flags = spin_lock(&device->lock);
	bool kept = device->large_count < LARGE_KEPT;
	if (kept)
		device->large[device->large_count++] = buffer.address;
	spin_unlock(&device->lock, flags);
	if (!kept)
		frames_unref(buffer.address, LARGE_ORDER);
}

/* ---- exchanges ---- */

/* Lock held. */
static void submit(struct host_device *device, struct exchange *exchange)
{
	if (!list_empty(&device->backlog) ||
	    !virtio_queue_add(&device->queue, exchange->segments, 1, 1, exchange))
		list_append(&device->backlog, &exchange->node);
	else
		virtio_queue_kick(&device->queue);
}

/* Finishes one exchange; returns it when it is an orphan to be freed. Lock held. */
static struct exchange *finish(struct exchange *exchange, uint32_t length)
{
	exchange->reply_length = length;
	exchange->done = true;
	if (exchange->orphan)
		return exchange;
	wait_wake_all(&exchange->answered);
	return NULL;
}

/* A broken device answers nothing: ends what waits for it. Lock held. */
static void fail_backlog(struct host_device *device)
{
	struct list *node;

	while ((node = list_pop(&device->backlog)) != NULL)
		kernel_free(finish(LIST_ENTRY(node, struct exchange, node), 0));
	for (uint16_t i = 0; i < device->queue.size; i++) {
		struct exchange *exchange = device->queue.cookies[i];

		device->queue.cookies[i] = NULL;
		if (exchange != NULL)
			kernel_free(finish(exchange, 0));
	}
}

/* Takes what is answered and sends what waits. Lock held. */
static void collect(struct host_device *device)
{
	struct exchange *exchange;
	uint32_t length;
	bool added = false;

	while ((exchange = virtio_queue_take(&device->queue, &length)) != NULL)
		kernel_free(finish(exchange, length));
	while (!list_empty(&device->backlog)) {
		exchange = LIST_ENTRY(device->backlog.next, struct exchange, node);
		if (!virtio_queue_add(&device->queue, exchange->segments, 1, 1, exchange))
			break;
		list_remove(&exchange->node);
		added = true;
	}
	if (added)
		virtio_queue_kick(&device->queue);
	if (device->virtio->broken)
		fail_backlog(device);
}

static void host_interrupt(void *context)
{
	struct host_device *device = context;
	uint64_t flags = spin_lock(&device->lock);

	collect(device);
	spin_unlock(&device->lock, flags);
}

/* Whether the answer is one to this request. */
static bool answer_fits(const uint8_t *request, const uint8_t *reply, uint32_t length,
			uint32_t capacity)
{
	if (length < HOST_HEADER_SIZE || length > capacity || host_get32(reply) != length)
		return false;
	if (host_get16(reply + 5) != host_get16(request + 5))
		return false;
	return reply[4] == request[4] + 1 || (reply[4] == HOST_RLERROR && length >= 11);
}

twz_result host_exchange(struct host_device *device, struct host_buffer request, uint32_t length,
			 struct host_buffer reply)
{
	struct exchange exchange = {
		.segments = {{request.address, length}, {reply.address, reply.size}},
	};
	uint8_t *message = phys_to_virt(request.address);

	wait_init(&exchange.answered);
	list_init(&exchange.node);
	uint64_t flags = spin_lock(&device->lock);
	if (message[4] != HOST_TVERSION)
		host_put16(message + 5, device->next_tag++ % 0xffff);
	if (!device->virtio->broken)
		submit(device, &exchange);
	while (!exchange.done && !device->virtio->broken)
		wait_sleep_firm(&exchange.answered, &device->lock);
	spin_unlock(&device->lock, flags);
	if (!exchange.done ||
	    !answer_fits(message, phys_to_virt(reply.address), exchange.reply_length, reply.size))
		return -TWZ_ERR_IO;
	return exchange.reply_length;
}

void host_clunk_later(struct host_device *device, uint32_t fid)
{
	struct exchange *exchange = kernel_alloc(sizeof(*exchange));

	if (exchange == NULL) {
		log_alert("9p %s: out of memory; a file stays open on the host", device->tag);
		return;
	}
	exchange->orphan = true;
	host_put32(exchange->request, HOST_HEADER_SIZE + 4);
	exchange->request[4] = HOST_TCLUNK;
	host_put32(exchange->request + HOST_HEADER_SIZE, fid);
	exchange->segments[0] =
		(struct virtio_segment){virt_to_phys(exchange->request), HOST_HEADER_SIZE + 4};
	exchange->segments[1] =
		(struct virtio_segment){virt_to_phys(exchange->reply), sizeof(exchange->reply)};
	uint64_t flags = spin_lock(&device->lock);
	host_put16(exchange->request + 5, device->next_tag++ % 0xffff);
	if (device->virtio->broken)
		kernel_free(exchange);
	else
		submit(device, exchange);
	spin_unlock(&device->lock, flags);
}

uint32_t host_fid_new(struct host_device *device)
{
	uint64_t flags = spin_lock(&device->lock);
	uint32_t fid = device->next_fid++;

	if (device->next_fid == HOST_NO_FID)
		device->next_fid = 0;
	spin_unlock(&device->lock, flags);
	return fid;
}

/* ---- start ---- */

/* Tversion and its answer; returns the message size that the host agrees to. */
static twz_result negotiate(struct host_device *device)
{
	struct host_buffer request = host_buffer_get(device, PAGE_SIZE);
	struct host_buffer reply = host_buffer_get(device, PAGE_SIZE);
	const uint32_t text = sizeof(protocol) - 1;
	const uint32_t length = HOST_HEADER_SIZE + 4 + 2 + text;
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (request.address != 0 && reply.address != 0) {
		uint8_t *message = phys_to_virt(request.address);
		const uint8_t *answer = phys_to_virt(reply.address);

		host_put32(message, length);
		message[4] = HOST_TVERSION;
		host_put16(message + 5, 0xffff);
		host_put32(message + 7, MESSAGE_SIZE);
		host_put16(message + 11, (uint16_t)text);
		memcpy(message + 13, protocol, text);
		result = host_exchange(device, request, length, reply);
		if (result >= 0) {
			uint32_t size = host_get32(answer + 7);
			bool good = result == length && answer[4] == HOST_RVERSION &&
				    memcmp(answer + 11, message + 11, 2 + text) == 0 &&
				    size >= 2 * PAGE_SIZE && size <= MESSAGE_SIZE;

			result = good ? (twz_result)size : -TWZ_ERR_IO;
		}
	}
	host_buffer_put(device, request);
	host_buffer_put(device, reply);
	return result;
}

twz_result host_device_start(struct host_device *device, uint32_t *size)
{
	uint64_t flags = spin_lock(&device->lock);

	while (device->state == DEVICE_STARTING)
		wait_sleep_firm(&device->started, &device->lock);
	if (device->state == DEVICE_NEW) {
		device->state = DEVICE_STARTING;
		spin_unlock(&device->lock, flags);
		twz_result result = negotiate(device);
		flags = spin_lock(&device->lock);
		device->message_size = result > 0 ? (uint32_t)result : 0;
		device->state = result > 0 ? DEVICE_READY : DEVICE_FAILED;
		wait_wake_all(&device->started);
	}
	bool ready = device->state == DEVICE_READY;
	*size = device->message_size;
	spin_unlock(&device->lock, flags);
	return ready ? 0 : -TWZ_ERR_IO;
}

static void read_tag(struct host_device *device)
{
	uint16_t length = virtio_config16(device->virtio, 0);

	if (length >= TAG_SIZE)
		length = TAG_SIZE - 1;
	for (uint16_t i = 0; i < length; i++)
		device->tag[i] = (char)virtio_config8(device->virtio, 2 + i);
}

void virtio_9p_init(struct virtio_device *virtio)
{
	struct host_device *device = kernel_alloc(sizeof(*device));

	if (device == NULL) {
		virtio_refuse("virtio-9p", -TWZ_ERR_OUT_OF_MEMORY);
		return;
	}
	spin_init(&device->lock, LOCK_DEVICE);
	wait_init(&device->started);
	list_init(&device->backlog);
	device->virtio = virtio;
	if (virtio_open_single(virtio, FEATURE_MOUNT_TAG, host_interrupt, device, &device->queue,
			       QUEUE_SIZE, "virtio-9p") < 0)
		return;
	read_tag(device);
	virtio_start(device->virtio);
	struct host_device **end = &devices;
	while (*end != NULL)
		end = &(*end)->next;
	*end = device;
}
