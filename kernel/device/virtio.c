/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting virtio devices, and their split virtqueues (Virtio 1.1, sections 2.6 and 3.1). */
#include <heap.h>
#include <log.h>
#include <string.h>
#include <x86.h>
#include "virtio.h"

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER	   2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_FAILED	   128

#define DESCRIPTOR_NEXT	       1u
#define DESCRIPTOR_WRITE       2u
#define AVAILABLE_NO_INTERRUPT 1u
#define USED_NO_NOTIFY	       1u

#define RESET_TRIES 1000000u /* a read of a register takes a device longer than the processor */

struct virtio_device *virtio_devices;

static struct virtio_device **devices_end = &virtio_devices;

void virtio_add(struct virtio_device *device)
{
	*devices_end = device;
	devices_end = &device->next;
}

static void add_status(struct virtio_device *device, uint8_t bits)
{
	const struct virtio_transport *transport = device->transport;

	transport->set_status(device, transport->get_status(device) | bits);
}

twz_result virtio_open(struct virtio_device *device, uint64_t wanted, interrupt_handler handler,
		       void *context)
{
	const struct virtio_transport *transport = device->transport;

	transport->set_status(device, 0);
	for (unsigned tries = 0; transport->get_status(device) != 0; tries++) {
		if (tries == RESET_TRIES)
			return -TWZ_ERR_IO;
		cpu_pause();
	}
	add_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	for (uint32_t word = 0; word < 2; word++) {
		uint32_t features = (uint32_t)((wanted | VIRTIO_F_VERSION_1) >> 32 * word) &
				    transport->get_features(device, word);

		transport->set_features(device, word, features);
		device->features |= (uint64_t)features << 32 * word;
	}
	add_status(device, STATUS_FEATURES_OK);
	device->handler = handler;
	device->handler_context = context;
	twz_result result = -TWZ_ERR_NOT_SUPPORTED;
	if ((device->features & VIRTIO_F_VERSION_1) != 0 &&
	    (transport->get_status(device) & STATUS_FEATURES_OK) != 0)
		result = transport->interrupt(device);
	if (result < 0)
		add_status(device, STATUS_FAILED);
	return result;
}

/* Descriptors, available ring and used ring in one block; the free descriptors are chained. */
static bool queue_memory(struct virtio_queue *queue)
{
	uint64_t size = queue->size;
	uint64_t available = size * sizeof(struct virtio_descriptor);
	uint64_t used = (available + 6 + 2 * size + 3) & ~3ull;
	uint64_t total = used + 6 + size * sizeof(struct virtio_used_entry);
	unsigned order = 0;

	while ((PAGE_SIZE << order) < total)
		order++;
	physical_address block = frames_alloc(order);
	queue->cookies = kernel_alloc_array(size, sizeof(void *));
	queue->chain_lengths = kernel_alloc_array(size, sizeof(uint16_t));
	queue->links = kernel_alloc_array(size, sizeof(uint16_t));
	if (block == 0 || queue->cookies == NULL || queue->chain_lengths == NULL ||
	    queue->links == NULL) {
		if (block != 0)
			frames_unref(block, order);
		kernel_free(queue->cookies);
		kernel_free(queue->chain_lengths);
		kernel_free(queue->links);
		return false;
	}
	uint8_t *memory = phys_to_virt(block);
	queue->descriptors = (struct virtio_descriptor *)memory;
	queue->available = (struct virtio_available *)(memory + available);
	queue->used = (struct virtio_used *)(memory + used);
	for (uint16_t i = 0; i < queue->size; i++)
		queue->links[i] = i + 1;
	queue->free_count = queue->size;
	return true;
}

twz_result virtio_queue_open(struct virtio_device *device, struct virtio_queue *queue,
			     uint16_t index, uint16_t size)
{
	uint16_t largest = device->transport->queue_limit(device, index);

	*queue = (struct virtio_queue){.device = device, .index = index};
	/* The device offers a power of two; halving keeps it one. */
	while (largest > size)
		largest /= 2;
	if (largest == 0 || (largest & (largest - 1)) != 0)
		return -TWZ_ERR_IO;
	queue->size = largest;
	if (!queue_memory(queue))
		return -TWZ_ERR_OUT_OF_MEMORY;
	return device->transport->queue_enable(device, queue);
}

void virtio_refuse(const char *name, twz_result error)
{
	log_alert("%s: cannot be used: error %d", name, (int)-error);
}

twz_result virtio_open_single(struct virtio_device *device, uint64_t wanted,
			      interrupt_handler handler, void *context, struct virtio_queue *queue,
			      uint16_t size, const char *name)
{
	twz_result result = virtio_open(device, wanted, handler, context);

	if (result == TWZ_OK)
		result = virtio_queue_open(device, queue, 0, size);
	if (result < 0)
		virtio_refuse(name, result);
	return result;
}

void virtio_start(struct virtio_device *device)
{
	add_status(device, STATUS_DRIVER_OK);
}

uint8_t virtio_config8(struct virtio_device *device, unsigned offset)
{
	if (device->config == NULL || offset >= device->config_length)
		return 0;
	return device->config[offset];
}

uint16_t virtio_config16(struct virtio_device *device, unsigned offset)
{
	return (uint16_t)(virtio_config8(device, offset) | virtio_config8(device, offset + 1) << 8);
}

uint32_t virtio_config32(struct virtio_device *device, unsigned offset)
{
	if (device->config == NULL || offset + 4 > device->config_length)
		return 0;
	return *(volatile uint32_t *)(device->config + offset);
}

bool virtio_queue_add(struct virtio_queue *queue, const struct virtio_segment *segments,
		      unsigned out, unsigned in, void *cookie)
{
	unsigned count = out + in;
	uint16_t head = queue->free_head;
	uint16_t at = head;

	if (count == 0 || count > queue->free_count || queue->device->broken)
		return false;
	for (unsigned i = 0; i < count; i++) {
		struct virtio_descriptor *descriptor = &queue->descriptors[at];

		descriptor->address = segments[i].address;
		descriptor->length = segments[i].length;
		descriptor->flags = (uint16_t)((i >= out ? DESCRIPTOR_WRITE : 0) |
					       (i + 1 < count ? DESCRIPTOR_NEXT : 0));
		descriptor->next = queue->links[at];
		at = queue->links[at];
	}
	queue->free_head = at;
	queue->free_count = (uint16_t)(queue->free_count - count);
	queue->cookies[head] = cookie;
	queue->chain_lengths[head] = (uint16_t)count;
	queue->available->ring[queue->offered++ % queue->size] = head;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	queue->available->index = queue->offered;
	return true;
}

void virtio_queue_kick(struct virtio_queue *queue)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((queue->used->flags & USED_NO_NOTIFY) == 0)
		queue->device->transport->notify(queue);
}

void *virtio_queue_take(struct virtio_queue *queue, uint32_t *length)
{
	if (queue->device->broken || queue->used_seen == queue->used->index)
		return NULL;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	const volatile struct virtio_used_entry *told =
		&queue->used->ring[queue->used_seen % queue->size];
	uint32_t id = told->id, written = told->length; /* read once: the device may change them */

	if (id >= queue->size || queue->cookies[id] == NULL) {
		queue->device->broken = true;
		log_alert("virtio: a device of kind %u returned what it was not given; not used "
			  "any more",
			  queue->device->kind);
		return NULL;
	}
	queue->used_seen++;
	uint16_t head = (uint16_t)id;
	uint16_t last = head;
	for (uint16_t i = 1; i < queue->chain_lengths[head]; i++)
		last = queue->links[last];
	queue->links[last] = queue->free_head;
	queue->free_head = head;
	queue->free_count = (uint16_t)(queue->free_count + queue->chain_lengths[head]);
	void *cookie = queue->cookies[head];
	queue->cookies[head] = NULL;
	if (length != NULL)
		*length = written;
	return cookie;
}

void virtio_queue_want_interrupt(struct virtio_queue *queue, bool wanted)
{
	queue->available->flags = wanted ? 0 : AVAILABLE_NO_INTERRUPT;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
