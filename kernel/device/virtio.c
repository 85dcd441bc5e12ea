/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio devices on PCI and their split virtqueues (Virtio 1.1, sections 2.6, 3.1 and 4.1). */
#include <heap.h>
#include <log.h>
#include <string.h>
#include "virtio.h"

#define VENDOR_VIRTIO       0x1af4
#define PRODUCT_MODERN      0x1040 /* plus the device's kind */
#define PRODUCT_FIRST       0x1000 /* transitional: the kind is the subsystem id */
#define PRODUCT_LAST        0x103f
#define REGISTER_SUBSYSTEM  0x2e
#define CAPABILITY_VENDOR   0x09

enum capability_type { CAPABILITY_COMMON = 1, CAPABILITY_NOTIFY = 2, CAPABILITY_DEVICE = 4 };

/* struct virtio_pci_common_cfg */
#define COMMON_DEVICE_FEATURE_SELECT 0
#define COMMON_DEVICE_FEATURE        4
#define COMMON_DRIVER_FEATURE_SELECT 8
#define COMMON_DRIVER_FEATURE        12
#define COMMON_CONFIG_VECTOR         16
#define COMMON_STATUS                20
#define COMMON_QUEUE_SELECT          22
#define COMMON_QUEUE_SIZE            24
#define COMMON_QUEUE_VECTOR          26
#define COMMON_QUEUE_ENABLE          28
#define COMMON_QUEUE_NOTIFY_OFFSET   30
#define COMMON_QUEUE_DESCRIPTORS     32
#define COMMON_QUEUE_AVAILABLE       40
#define COMMON_QUEUE_USED            48
#define COMMON_LENGTH                56

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER      2
#define STATUS_DRIVER_OK   4
#define STATUS_FEATURES_OK 8
#define STATUS_FAILED      128

#define DESCRIPTOR_NEXT  1u
#define DESCRIPTOR_WRITE 2u
#define AVAILABLE_NO_INTERRUPT 1u
#define USED_NO_NOTIFY         1u

static uint8_t read8(const volatile uint8_t *at)
{
	return *at;
}

static uint16_t read16(const volatile uint8_t *at)
{
	return *(const volatile uint16_t *)at;
}

static uint32_t read32(const volatile uint8_t *at)
{
	return *(const volatile uint32_t *)at;
}

static void write8(volatile uint8_t *at, uint8_t value)
{
	*at = value;
}

static void write16(volatile uint8_t *at, uint16_t value)
{
	*(volatile uint16_t *)at = value;
}

static void write32(volatile uint8_t *at, uint32_t value)
{
	*(volatile uint32_t *)at = value;
}

/* 64-bit registers are written as two words. */
static void write64(volatile uint8_t *at, uint64_t value)
{
	write32(at, (uint32_t)value);
	write32(at + 4, (uint32_t)(value >> 32));
}

bool virtio_is(const struct pci_function *function, uint32_t kind)
{
	if (function->vendor != VENDOR_VIRTIO)
		return false;
	if (function->product >= PRODUCT_FIRST && function->product <= PRODUCT_LAST)
		return pci_read16(function, REGISTER_SUBSYSTEM) == kind;
	return function->product == PRODUCT_MODERN + kind;
}

/* Maps the structure that a vendor capability points to, of at least `minimum` bytes, or NULL. */
static volatile uint8_t *map_structure(struct pci_function *function, enum capability_type type,
				       uint64_t minimum, uint64_t *length, uint32_t *multiplier)
{
	unsigned at = 0;

	while ((at = pci_capability(function, CAPABILITY_VENDOR, at)) != 0) {
		if (pci_read8(function, at + 3) != type)
			continue;
		uint8_t bar = pci_read8(function, at + 4);
		uint64_t offset = pci_read32(function, at + 8);
		uint64_t bar_length = 0;

		*length = pci_read32(function, at + 12);
		if (multiplier != NULL)
			*multiplier = pci_read32(function, at + 16);
		volatile uint8_t *base = pci_map_bar(function, bar, &bar_length);
		if (base != NULL && *length >= minimum && offset <= bar_length &&
		    *length <= bar_length - offset)
			return base + offset;
	}
	return NULL;
}

static void set_status(struct virtio_device *device, uint8_t bits)
{
	write8(device->common + COMMON_STATUS, read8(device->common + COMMON_STATUS) | bits);
}

static uint64_t offered_features(struct virtio_device *device)
{
	uint64_t features = 0;

	for (uint32_t word = 0; word < 2; word++) {
		write32(device->common + COMMON_DEVICE_FEATURE_SELECT, word);
		features |= (uint64_t)read32(device->common + COMMON_DEVICE_FEATURE) << 32 * word;
	}
	return features;
}

twz_result virtio_open(struct virtio_device *device, struct pci_function *function, uint64_t wanted,
		       interrupt_handler handler, void *context)
{
	uint64_t length;

	*device = (struct virtio_device){.pci = function};
	device->common =
		map_structure(function, CAPABILITY_COMMON, COMMON_LENGTH, &length, NULL);
	device->notify = map_structure(function, CAPABILITY_NOTIFY, 2, &device->notify_length,
				       &device->notify_multiplier);
	device->config =
		map_structure(function, CAPABILITY_DEVICE, 1, &device->config_length, NULL);
	if (device->common == NULL || device->notify == NULL)
		return -TWZ_ERR_NOT_SUPPORTED;
	write8(device->common + COMMON_STATUS, 0);
	while (read8(device->common + COMMON_STATUS) != 0)
		;
	set_status(device, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	device->features = offered_features(device) & (wanted | VIRTIO_F_VERSION_1);
	for (uint32_t word = 0; word < 2; word++) {
		write32(device->common + COMMON_DRIVER_FEATURE_SELECT, word);
		write32(device->common + COMMON_DRIVER_FEATURE,
			(uint32_t)(device->features >> 32 * word));
	}
	set_status(device, STATUS_FEATURES_OK);
	if ((device->features & VIRTIO_F_VERSION_1) == 0 ||
	    (read8(device->common + COMMON_STATUS) & STATUS_FEATURES_OK) == 0) {
		set_status(device, STATUS_FAILED);
		return -TWZ_ERR_NOT_SUPPORTED;
	}
	twz_result result = pci_use_message(function, handler, context);
	if (result < 0) {
		set_status(device, STATUS_FAILED);
		return result;
	}
	write16(device->common + COMMON_CONFIG_VECTOR, 0);
	return 0;
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
	if (block == 0 || queue->cookies == NULL || queue->chain_lengths == NULL) {
		if (block != 0)
			frames_unref(block, order);
		kernel_free(queue->cookies);
		kernel_free(queue->chain_lengths);
		return false;
	}
	uint8_t *memory = phys_to_virt(block);
	queue->descriptors = (struct virtio_descriptor *)memory;
	queue->available = (struct virtio_available *)(memory + available);
	queue->used = (struct virtio_used *)(memory + used);
	for (uint16_t i = 0; i < queue->size; i++)
		queue->descriptors[i].next = i + 1;
	queue->free_count = queue->size;
	return true;
}

twz_result virtio_queue_open(struct virtio_device *device, struct virtio_queue *queue, uint16_t index,
			     uint16_t size)
{
	volatile uint8_t *common = device->common;

	*queue = (struct virtio_queue){.device = device, .index = index};
	write16(common + COMMON_QUEUE_SELECT, index);
	uint16_t largest = read16(common + COMMON_QUEUE_SIZE);
	uint64_t notify = (uint64_t)read16(common + COMMON_QUEUE_NOTIFY_OFFSET) *
			  device->notify_multiplier;
	/* The device offers a power of two; halving keeps it one. */
	while (largest > size)
		largest /= 2;
	if (largest == 0 || (largest & (largest - 1)) != 0 || notify + 2 > device->notify_length)
		return -TWZ_ERR_IO;
	queue->size = largest;
	queue->notify = (volatile uint16_t *)(device->notify + notify);
	if (!queue_memory(queue))
		return -TWZ_ERR_OUT_OF_MEMORY;
	write16(common + COMMON_QUEUE_SIZE, queue->size);
	write64(common + COMMON_QUEUE_DESCRIPTORS, virt_to_phys(queue->descriptors));
	write64(common + COMMON_QUEUE_AVAILABLE, virt_to_phys(queue->available));
	write64(common + COMMON_QUEUE_USED, virt_to_phys(queue->used));
	write16(common + COMMON_QUEUE_VECTOR, 0);
	write16(common + COMMON_QUEUE_ENABLE, 1);
	return 0;
}

void virtio_start(struct virtio_device *device)
{
	set_status(device, STATUS_DRIVER_OK);
}

uint8_t virtio_config8(struct virtio_device *device, unsigned offset)
{
	if (device->config == NULL || offset >= device->config_length)
		return 0;
	return read8(device->config + offset);
}

uint16_t virtio_config16(struct virtio_device *device, unsigned offset)
{
	return (uint16_t)(virtio_config8(device, offset) |
			  virtio_config8(device, offset + 1) << 8);
}

uint32_t virtio_config32(struct virtio_device *device, unsigned offset)
{
	if (device->config == NULL || offset + 4 > device->config_length)
		return 0;
	return read32(device->config + offset);
}

bool virtio_queue_add(struct virtio_queue *queue, const struct virtio_segment *segments, unsigned out,
		      unsigned in, void *cookie)
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
		at = descriptor->next;
	}
	queue->free_head = at;
	queue->free_count = (uint16_t)(queue->free_count - count);
	queue->cookies[head] = cookie;
	queue->chain_lengths[head] = (uint16_t)count;
	queue->available->ring[queue->available->index % queue->size] = head;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	queue->available->index++;
	return true;
}

void virtio_queue_kick(struct virtio_queue *queue)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if ((queue->used->flags & USED_NO_NOTIFY) == 0)
		*queue->notify = queue->index;
}

void *virtio_queue_take(struct virtio_queue *queue, uint32_t *length)
{
	if (queue->device->broken || queue->used_seen == queue->used->index)
		return NULL;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	struct virtio_used_entry entry = queue->used->ring[queue->used_seen % queue->size];

	if (entry.id >= queue->size || queue->cookies[entry.id] == NULL) {
		queue->device->broken = true;
		log_alert("virtio %x:%x: the device returned what it was not given; not used any more",
			  queue->device->pci->bus, queue->device->pci->device);
		return NULL;
	}
	queue->used_seen++;
	uint16_t head = (uint16_t)entry.id;
	uint16_t last = head;
	/* Our own copy of the chain's length: the device may write nothing here. */
	for (uint16_t i = 1; i < queue->chain_lengths[head]; i++)
		last = queue->descriptors[last].next;
	queue->descriptors[last].next = queue->free_head;
	queue->free_head = head;
	queue->free_count = (uint16_t)(queue->free_count + queue->chain_lengths[head]);
	void *cookie = queue->cookies[head];
	queue->cookies[head] = NULL;
	if (length != NULL)
		*length = entry.length;
	return cookie;
}

void virtio_queue_want_interrupt(struct virtio_queue *queue, bool wanted)
{
	queue->available->flags = wanted ? 0 : AVAILABLE_NO_INTERRUPT;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}
