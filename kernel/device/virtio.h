/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio 1.1 over PCI or MMIO: finding a device, negotiating features, split virtqueues. What the
 * device writes is checked before use; a device that breaks the rules is marked broken and answers
 * no more.
 */
#ifndef KERNEL_DEVICE_VIRTIO_H
#define KERNEL_DEVICE_VIRTIO_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/types.h>
#include <page.h>
#include "pci.h"

#define VIRTIO_ID_BLOCK	  2u
#define VIRTIO_ID_RNG	  4u
#define VIRTIO_ID_CONSOLE 3u
#define VIRTIO_ID_9P	  9u

#define VIRTIO_F_VERSION_1 (1ull << 32)

struct virtio_descriptor {
	uint64_t address;
	uint32_t length;
	uint16_t flags, next;
};

struct virtio_available {
	volatile uint16_t flags, index;
	uint16_t ring[];
};

struct virtio_used_entry {
	uint32_t id, length;
};

struct virtio_used {
	volatile uint16_t flags, index;
	struct virtio_used_entry ring[];
};

struct virtio_device;

/* The driver's lock serialises all calls on a queue. */
struct virtio_queue {
	struct virtio_device *device;
	uint16_t index, size;
	uint16_t free_head, free_count; /* chain of unused descriptors, through links */
	uint16_t offered, used_seen;	/* our own indices into the rings */
	struct virtio_descriptor *descriptors;
	struct virtio_available *available;
	struct virtio_used *used;
	volatile uint16_t *notify; /* PCI */
	void **cookies;		   /* by head descriptor */
	/* By descriptor. What the device sees it may also write: nothing is read back from there.
	 */
	uint16_t *chain_lengths, *links;
};

/* How a device's registers are reached: virtio_pci.c, virtio_mmio.c. */
struct virtio_transport {
	uint8_t (*get_status)(struct virtio_device *device);
	void (*set_status)(struct virtio_device *device, uint8_t status);
	/* Features come in words of 32. */
	uint32_t (*get_features)(struct virtio_device *device, uint32_t word);
	void (*set_features)(struct virtio_device *device, uint32_t word, uint32_t features);
	/* The largest size of a queue; 0 when there is none of that index. */
	uint16_t (*queue_limit)(struct virtio_device *device, uint16_t index);
	/* Tell the device a queue's size and addresses; sets queue->notify. */
	twz_result (*queue_enable)(struct virtio_device *device, struct virtio_queue *queue);
	void (*notify)(struct virtio_queue *queue);
	/* Have device->handler called for every interrupt. */
	twz_result (*interrupt)(struct virtio_device *device);
};

struct virtio_device {
	const struct virtio_transport *transport;
	struct virtio_device *next;
	uint32_t kind;		     /* VIRTIO_ID_* */
	struct pci_function *pci;    /* on PCI */
	uint32_t line;		     /* on MMIO: the interrupt's */
	volatile uint8_t *registers; /* PCI's common structure, or all of MMIO's */
	volatile uint8_t *notify, *config;
	uint64_t notify_length, config_length;
	uint32_t notify_multiplier;
	uint64_t features; /* negotiated */
	interrupt_handler handler;
	void *handler_context;
	bool broken;
};

/* Every virtio device found, in order; kept for ever. */
extern struct virtio_device *virtio_devices;

/* Look for devices: pci_functions, and the command line's virtio_mmio.device= words. Once, at boot.
 */
void virtio_pci_find(void);
void virtio_mmio_find(void);
/* Add a device to the list; the transports'. */
void virtio_add(struct virtio_device *device);

/* Memory that one descriptor covers: physically contiguous. */
struct virtio_segment {
	physical_address address;
	uint32_t length;
};

/*
 * Reset the device and negotiate `wanted` of the features it offers; VERSION_1 is demanded.
 * `handler` gets every interrupt of the device.
 */
twz_result virtio_open(struct virtio_device *device, uint64_t wanted, interrupt_handler handler,
		       void *context);

/* Make queue `index` with at most `size` descriptors. Before virtio_start. */
twz_result virtio_queue_open(struct virtio_device *device, struct virtio_queue *queue,
			     uint16_t index, uint16_t size);

/*
 * Both for a device with one queue, of at most `size` descriptors. A failure is told on the console
 * by the driver's `name`; what the handler uses must stay even then.
 */
twz_result virtio_open_single(struct virtio_device *device, uint64_t wanted,
			      interrupt_handler handler, void *context, struct virtio_queue *queue,
			      uint16_t size, const char *name);
/* Tell that a driver cannot use its device. */
void virtio_refuse(const char *name, twz_result error);

/* Let the device run. */
void virtio_start(struct virtio_device *device);

/* A little-endian word of the device's configuration; 0 past its end. */
uint32_t virtio_config32(struct virtio_device *device, unsigned offset);
uint16_t virtio_config16(struct virtio_device *device, unsigned offset);
uint8_t virtio_config8(struct virtio_device *device, unsigned offset);

/*
 * Offer `out` segments for the device to read, then `in` for it to write. The cookie (not NULL)
 * comes back from virtio_queue_take. False when too few descriptors are free.
 */
bool virtio_queue_add(struct virtio_queue *queue, const struct virtio_segment *segments,
		      unsigned out, unsigned in, void *cookie);

/* Tell the device about what was added. */
void virtio_queue_kick(struct virtio_queue *queue);

/* The next finished cookie, its bytes written in *length (may be NULL); NULL when there is none. */
void *virtio_queue_take(struct virtio_queue *queue, uint32_t *length);

/* Whether the device should interrupt when it finishes something of this queue. A hint. */
void virtio_queue_want_interrupt(struct virtio_queue *queue, bool wanted);

#endif
