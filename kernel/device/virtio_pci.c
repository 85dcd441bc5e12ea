/* SPDX-License-Identifier: BSD-2-Clause */
/* Virtio devices on PCI (Virtio 1.1, section 4.1), by their modern interface. */
#include <heap.h>
#include <log.h>
#include "pci.h"
#include "virtio.h"

#define VENDOR_VIRTIO	   0x1af4
#define PRODUCT_MODERN	   0x1040 /* plus the device's kind */
#define PRODUCT_FIRST	   0x1000 /* transitional: the kind is the subsystem id */
#define PRODUCT_LAST	   0x103f
#define REGISTER_SUBSYSTEM 0x2e
#define CAPABILITY_VENDOR  0x09

enum capability_type { CAPABILITY_COMMON = 1, CAPABILITY_NOTIFY = 2, CAPABILITY_DEVICE = 4 };

/* struct virtio_pci_common_cfg */
#define COMMON_DEVICE_FEATURE_SELECT 0
#define COMMON_DEVICE_FEATURE	     4
#define COMMON_DRIVER_FEATURE_SELECT 8
#define COMMON_DRIVER_FEATURE	     12
#define COMMON_CONFIG_VECTOR	     16
#define COMMON_STATUS		     20
#define COMMON_QUEUE_SELECT	     22
#define COMMON_QUEUE_SIZE	     24
#define COMMON_QUEUE_VECTOR	     26
#define COMMON_QUEUE_ENABLE	     28
#define COMMON_QUEUE_NOTIFY_OFFSET   30
#define COMMON_QUEUE_DESCRIPTORS     32
#define COMMON_QUEUE_AVAILABLE	     40
#define COMMON_QUEUE_USED	     48
#define COMMON_LENGTH		     56

static uint16_t read16(const volatile uint8_t *at)
{
	return *(const volatile uint16_t *)at;
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

static uint8_t get_status(struct virtio_device *device)
{
	return device->registers[COMMON_STATUS];
}

static void set_status(struct virtio_device *device, uint8_t status)
{
	device->registers[COMMON_STATUS] = status;
}

static uint32_t get_features(struct virtio_device *device, uint32_t word)
{
	write32(device->registers + COMMON_DEVICE_FEATURE_SELECT, word);
	return *(volatile uint32_t *)(device->registers + COMMON_DEVICE_FEATURE);
}

static void set_features(struct virtio_device *device, uint32_t word, uint32_t features)
{
	write32(device->registers + COMMON_DRIVER_FEATURE_SELECT, word);
	write32(device->registers + COMMON_DRIVER_FEATURE, features);
}

static uint16_t queue_limit(struct virtio_device *device, uint16_t index)
{
	write16(device->registers + COMMON_QUEUE_SELECT, index);
	return read16(device->registers + COMMON_QUEUE_SIZE);
}

static twz_result queue_enable(struct virtio_device *device, struct virtio_queue *queue)
{
	volatile uint8_t *common = device->registers;

	write16(common + COMMON_QUEUE_SELECT, queue->index);
	uint64_t notify =
		(uint64_t)read16(common + COMMON_QUEUE_NOTIFY_OFFSET) * device->notify_multiplier;
	if (notify + 2 > device->notify_length)
		return -TWZ_ERR_IO;
	queue->notify = (volatile uint16_t *)(device->notify + notify);
	write16(common + COMMON_QUEUE_SIZE, queue->size);
	write64(common + COMMON_QUEUE_DESCRIPTORS, virt_to_phys(queue->descriptors));
	write64(common + COMMON_QUEUE_AVAILABLE, virt_to_phys(queue->available));
	write64(common + COMMON_QUEUE_USED, virt_to_phys(queue->used));
	write16(common + COMMON_QUEUE_VECTOR, 0);
	write16(common + COMMON_QUEUE_ENABLE, 1);
	return 0;
}

static void notify(struct virtio_queue *queue)
{
	*queue->notify = queue->index;
}

static twz_result interrupt(struct virtio_device *device)
{
	twz_result result = pci_use_message(device->pci, device->handler, device->handler_context);

	if (result == 0)
		write16(device->registers + COMMON_CONFIG_VECTOR, 0);
	return result;
}

static const struct virtio_transport transport = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.queue_limit = queue_limit,
	.queue_enable = queue_enable,
	.notify = notify,
	.interrupt = interrupt,
};

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

/* The kind of virtio device that a function is; 0: none. */
static uint32_t kind_of(const struct pci_function *function)
{
	if (function->vendor != VENDOR_VIRTIO || function->product < PRODUCT_FIRST)
		return 0;
	if (function->product <= PRODUCT_LAST)
		return pci_read16(function, REGISTER_SUBSYSTEM);
	return function->product > PRODUCT_MODERN ? function->product - PRODUCT_MODERN : 0;
}

void virtio_pci_find(void)
{
	for (struct pci_function *function = pci_functions; function != NULL;
	     function = function->next) {
		uint64_t length;
		uint32_t kind = kind_of(function);
		struct virtio_device *device = kind ? kernel_alloc(sizeof(*device)) : NULL;

		if (device == NULL)
			continue;
		device->transport = &transport;
		device->kind = kind;
		device->pci = function;
		device->registers =
			map_structure(function, CAPABILITY_COMMON, COMMON_LENGTH, &length, NULL);
		device->notify = map_structure(function, CAPABILITY_NOTIFY, 2,
					       &device->notify_length, &device->notify_multiplier);
		device->config =
			map_structure(function, CAPABILITY_DEVICE, 1, &device->config_length, NULL);
		if (device->registers != NULL && device->notify != NULL) {
			virtio_add(device);
		} else {
			log_alert("virtio: the PCI device %x:%x has no modern interface; left out",
				  function->bus, function->device);
			kernel_free(device);
		}
	}
}
