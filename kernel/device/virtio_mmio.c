/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio devices on MMIO (Virtio 1.1, section 4.2), as microvm and Firecracker have them: named on
 * the command line, virtio_mmio.device=SIZE@ADDRESS:INTERRUPT.
 */
#include <boot.h>
#include <heap.h>
#include <interrupt.h>
#include <log.h>
#include <string.h>
#include "virtio.h"

#define REGISTER_MAGIC		  0x00
#define REGISTER_VERSION	  0x04
#define REGISTER_KIND		  0x08
#define REGISTER_DEVICE_FEATURES  0x10
#define REGISTER_DEVICE_SELECT	  0x14
#define REGISTER_DRIVER_FEATURES  0x20
#define REGISTER_DRIVER_SELECT	  0x24
#define REGISTER_QUEUE_SELECT	  0x30
#define REGISTER_QUEUE_LIMIT	  0x34
#define REGISTER_QUEUE_SIZE	  0x38
#define REGISTER_QUEUE_READY	  0x44
#define REGISTER_QUEUE_NOTIFY	  0x50
#define REGISTER_INTERRUPT_STATUS 0x60
#define REGISTER_INTERRUPT_ACK	  0x64
#define REGISTER_STATUS		  0x70
#define REGISTER_DESCRIPTORS	  0x80
#define REGISTER_AVAILABLE	  0x90
#define REGISTER_USED		  0xa0
#define REGISTER_CONFIG		  0x100

#define MAGIC	0x74726976u /* "virt" */
#define VERSION 2u

static uint32_t read(struct virtio_device *device, unsigned offset)
{
	return *(volatile uint32_t *)(device->registers + offset);
}

static void write(struct virtio_device *device, unsigned offset, uint32_t value)
{
	*(volatile uint32_t *)(device->registers + offset) = value;
}

static void write_address(struct virtio_device *device, unsigned offset, const void *pointer)
{
	physical_address address = virt_to_phys(pointer);

	write(device, offset, (uint32_t)address);
	write(device, offset + 4, (uint32_t)(address >> 32));
}

static uint8_t get_status(struct virtio_device *device)
{
	return (uint8_t)read(device, REGISTER_STATUS);
}

static void set_status(struct virtio_device *device, uint8_t status)
{
	write(device, REGISTER_STATUS, status);
}

static uint32_t get_features(struct virtio_device *device, uint32_t word)
{
	write(device, REGISTER_DEVICE_SELECT, word);
	return read(device, REGISTER_DEVICE_FEATURES);
}

static void set_features(struct virtio_device *device, uint32_t word, uint32_t features)
{
	write(device, REGISTER_DRIVER_SELECT, word);
	write(device, REGISTER_DRIVER_FEATURES, features);
}

static uint16_t queue_limit(struct virtio_device *device, uint16_t index)
{
	write(device, REGISTER_QUEUE_SELECT, index);
	uint32_t limit = read(device, REGISTER_QUEUE_LIMIT);
	return limit <= 0x8000 ? (uint16_t)limit : 0x8000;
}

static twz_result queue_enable(struct virtio_device *device, struct virtio_queue *queue)
{
	write(device, REGISTER_QUEUE_SELECT, queue->index);
	write(device, REGISTER_QUEUE_SIZE, queue->size);
	write_address(device, REGISTER_DESCRIPTORS, queue->descriptors);
	write_address(device, REGISTER_AVAILABLE, queue->available);
	write_address(device, REGISTER_USED, queue->used);
	write(device, REGISTER_QUEUE_READY, 1);
	return 0;
}

static void notify(struct virtio_queue *queue)
{
	write(queue->device, REGISTER_QUEUE_NOTIFY, queue->index);
}

/* The line stays asserted until the device is told; then what came before that is looked at. */
static void acknowledge(void *context)
{
	struct virtio_device *device = context;
	uint32_t status = read(device, REGISTER_INTERRUPT_STATUS);

	if (status == 0)
		return;
	write(device, REGISTER_INTERRUPT_ACK, status);
	device->handler(device->handler_context);
}

static twz_result interrupt(struct virtio_device *device)
{
	return interrupt_register_line(device->line, true, false, acknowledge, device);
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

static void add_device(uint64_t address, uint64_t size, uint32_t line)
{
	struct virtio_device probe = {.transport = &transport, .line = line};

	if (size <= REGISTER_CONFIG || size > (1u << 20) || address + size < address)
		return;
	probe.registers = map_device(address, size);
	if (probe.registers == NULL || read(&probe, REGISTER_MAGIC) != MAGIC)
		return;
	probe.kind = read(&probe, REGISTER_KIND);
	if (probe.kind == 0)
		return; /* an empty place */
	if (read(&probe, REGISTER_VERSION) != VERSION) {
		log_alert("virtio: the MMIO device at %lx has no modern interface; left out",
			  address);
		return;
	}
	probe.config = probe.registers + REGISTER_CONFIG;
	probe.config_length = size - REGISTER_CONFIG;
	struct virtio_device *device = kernel_alloc(sizeof(*device));
	if (device == NULL)
		return;
	*device = probe;
	virtio_add(device);
}

/* Reads a number, decimal or 0x; false when there is none. */
static bool take_number(const char **at, uint64_t *value)
{
	const char *start = *at;
	unsigned base = 10;

	if (start[0] == '0' && start[1] == 'x') {
		base = 16;
		start += 2;
	}
	*value = 0;
	const char *digit = start;
	for (;; digit++) {
		unsigned d = *digit >= '0' && *digit <= '9'   ? (unsigned)(*digit - '0')
			     : *digit >= 'a' && *digit <= 'f' ? (unsigned)(*digit - 'a' + 10)
							      : 99;

		if (d >= base || *value > (~0ull - d) / base)
			break;
		*value = *value * base + d;
	}
	*at = digit;
	return digit != start;
}

static bool take_byte(const char **at, char byte)
{
	if (**at != byte)
		return false;
	(*at)++;
	return true;
}

void virtio_mmio_find(void)
{
	static const char option[] = "virtio_mmio.device=";
	const char *at = boot_info.command_line;

	while (*at != '\0') {
		uint64_t size, address, line;

		if (strncmp(at, option, sizeof(option) - 1) == 0) {
			at += sizeof(option) - 1;
			if (take_number(&at, &size) && take_byte(&at, '@') &&
			    take_number(&at, &address) && take_byte(&at, ':') &&
			    take_number(&at, &line) && line <= UINT32_MAX)
				add_device(address, size, (uint32_t)line);
		}
		while (*at != '\0' && *at != ' ')
			at++;
		while (*at == ' ')
			at++;
	}
}
