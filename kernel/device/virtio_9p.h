/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio 9P transport: directories of the host, by mount tag. */
#ifndef KERNEL_DEVICE_VIRTIO_9P_H
#define KERNEL_DEVICE_VIRTIO_9P_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/types.h>
#include <page.h>
#include "virtio.h"

struct host_device;

/* Memory that the device reads or writes: physically contiguous. */
struct host_buffer {
	physical_address address;
	uint32_t size;
};

/* Start the device. At boot; failures are logged and leave it out. */
void virtio_9p_init(struct virtio_device *virtio);

/* The index-th device, or NULL. */
struct host_device *host_device(uint32_t index);
const char *host_device_tag(const struct host_device *device);

/*
 * Agree with the device on the message size, the first time; *size is the largest message. May
 * sleep.
 */
twz_result host_device_start(struct host_device *device, uint32_t *size);

/* A buffer of at least `size` bytes, at most the message size; address 0 when memory is short. */
struct host_buffer host_buffer_get(struct host_device *device, uint32_t size);
void host_buffer_put(struct host_device *device, struct host_buffer buffer);

/*
 * Send `length` bytes of the request and sleep until the answer is in the reply buffer. Returns its
 * length; it has been checked to be a message with the request's tag, of the answering type or
 * Rlerror.
 */
twz_result host_exchange(struct host_device *device, struct host_buffer request, uint32_t length,
			 struct host_buffer reply);

/* Give a fid of the device back without waiting. Any context. */
void host_clunk_later(struct host_device *device, uint32_t fid);

/* A fid that the device does not use. */
uint32_t host_fid_new(struct host_device *device);

#endif
