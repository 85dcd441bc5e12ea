/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two files of the virtio console share: its ports, and the device that has them. */
#ifndef KERNEL_DEVICE_VIRTIO_SERIAL_PORT_H
#define KERNEL_DEVICE_VIRTIO_SERIAL_PORT_H

#include <lock.h>
#include <wait.h>
#include "stream.h"
#include "virtio.h"

#define RECEIVE_COUNT 8 /* frames of input a port buffers */

struct receive_buffer {
	physical_address frame;
	uint32_t length, taken;
};

struct port {
	struct stream stream;
	struct serial *serial;
	uint32_t id;
	bool added, known; /* the device has it; it is a stream */
	bool host_open;
	bool asks, asked;  /* requests input; a request is on its way */
	bool output_ended; /* writers see a closed stream */
	bool sending;	   /* the transmit buffer is a writer's or the device's */
	struct virtio_queue receive, transmit;
	struct wait_queue readable, writable;
	struct receive_buffer buffers[RECEIVE_COUNT];
	struct receive_buffer *filled[RECEIVE_COUNT]; /* in order of arrival */
	uint32_t filled_first, filled_count;
	uint64_t arrived;   /* bytes of input that the device has filled in, since boot */
	uint64_t taken;	    /* of them, those that were read or dropped */
	uint64_t drop_to;   /* what lies before is dropped */
	uint64_t input_end; /* readers see the end of the stream here */
	physical_address outgoing;
};

struct serial {
	struct virtio_device *device;
	struct spinlock lock; /* LOCK_DEVICE: everything below and the ports */
	struct virtio_queue control_receive, control_transmit;
	uint8_t *control_in, *control_out; /* a frame each, in slots */
	uint32_t control_out_next;
	uint32_t port_count;
	struct port **ports;
};

/* Takes what the device has filled in. The device's lock is held. */
void port_collect_input(struct port *port);

/* Input or its end has come: wakes who waits for it. The device's lock is held. */
void port_wake_readers(struct port *port);

/* Notices that the device has taken the outgoing bytes. The device's lock is held. */
void port_collect_output(struct port *port);

/* What a port is as a stream. */
extern const struct stream_operations port_operations;

#endif
