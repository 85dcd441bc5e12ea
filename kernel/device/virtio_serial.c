/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio console with several ports (Virtio 1.1, section 5.3): its control messages, and its start.
 * The bytes pass in virtio_serial_port.c.
 */
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <string.h>
#include <timer.h>
#include "virtio_serial.h"
#include "virtio_serial_port.h"

#define FEATURE_MULTIPORT (1ull << 1)
#define CONFIG_PORT_COUNT 4
#define PORTS_MAX	  511u

enum control_event {
	EVENT_DEVICE_READY = 0,
	EVENT_PORT_ADD = 1,
	EVENT_PORT_REMOVE = 2,
	EVENT_PORT_READY = 3,
	EVENT_CONSOLE_PORT = 4,
	EVENT_RESIZE = 5,
	EVENT_PORT_OPEN = 6,
	EVENT_PORT_NAME = 7,
};

struct control_message {
	uint32_t port;
	uint16_t event, value;
};

#define QUEUE_SIZE	   16
#define CONTROL_QUEUE_SIZE 32
#define CONTROL_SLOT	   (PAGE_SIZE / CONTROL_QUEUE_SIZE)
#define SETTLE_TIME	   50000000ull /* ns that the device has at boot to name its ports */

/* ---- control messages ---- */

/* Sends one; the device takes these at once, so a full queue empties. Lock held. */
static void send_control(struct serial *serial, uint32_t port, enum control_event event,
			 uint16_t value)
{
	uint8_t *slot = serial->control_out +
			CONTROL_SLOT * (serial->control_out_next++ % CONTROL_QUEUE_SIZE);
	struct control_message message = {port, (uint16_t)event, value};
	struct virtio_segment segment = {virt_to_phys(slot), sizeof(message)};
	struct virtio_queue *queue = &serial->control_transmit;

	while (virtio_queue_take(queue, NULL) != NULL ||
	       (queue->free_count == 0 && !serial->device->broken))
		;
	memcpy(slot, &message, sizeof(message));
	if (virtio_queue_add(queue, &segment, 1, 0, slot))
		virtio_queue_kick(queue);
}

static void offer_control(struct serial *serial, uint8_t *slot)
{
	struct virtio_segment segment = {virt_to_phys(slot), CONTROL_SLOT};

	virtio_queue_add(&serial->control_receive, &segment, 0, 1, slot);
}

static void name_port(struct port *port, const uint8_t *name, uint32_t length)
{
	if (length >= sizeof(port->stream.name))
		length = sizeof(port->stream.name) - 1;
	memcpy(port->stream.name, name, length);
	port->stream.name[length] = '\0';
	port->asks = strcmp(port->stream.name, "twz.stdin") == 0;
}

/* Acts on a message of the device; `length` bytes, header included. Lock held. */
static void take_message(struct serial *serial, const uint8_t *bytes, uint32_t length)
{
	struct control_message message;

	if (length < sizeof(message))
		return;
	memcpy(&message, bytes, sizeof(message));
	if (message.port >= serial->port_count || serial->ports[message.port] == NULL)
		return;
	struct port *port = serial->ports[message.port];
	switch (message.event) {
	case EVENT_PORT_ADD:
		port->added = true;
		send_control(serial, message.port, EVENT_PORT_READY, 1);
		send_control(serial, message.port, EVENT_PORT_OPEN, 1);
		break;
	case EVENT_PORT_REMOVE:
		port->host_open = false;
		port_collect_input(port);
		port_wake_readers(port);
		wait_wake_all(&port->writable);
		break;
	case EVENT_PORT_OPEN:
		/* Bytes sent before the close are in the queue already. */
		port_collect_input(port);
		port->host_open = message.value != 0;
		port_wake_readers(port);
		wait_wake_all(&port->writable);
		break;
	case EVENT_PORT_NAME:
		/* Streams are found by name: one that is known keeps it. */
		if (!port->known)
			name_port(port, bytes + sizeof(message), length - sizeof(message));
		break;
	default:
		break;
	}
}

static void collect_control(struct serial *serial)
{
	uint8_t *slot;
	uint32_t length;
	bool offered = false;

	while ((slot = virtio_queue_take(&serial->control_receive, &length)) != NULL) {
		take_message(serial, slot, length <= CONTROL_SLOT ? length : CONTROL_SLOT);
		offer_control(serial, slot);
		offered = true;
	}
	if (offered)
		virtio_queue_kick(&serial->control_receive);
}

static void serial_interrupt(void *context)
{
	struct serial *serial = context;
	uint64_t flags = spin_lock(&serial->lock);

	collect_control(serial);
	for (uint32_t i = 0; i < serial->port_count; i++) {
		struct port *port = serial->ports[i];

		if (port == NULL || !port->added)
			continue;
		port_collect_input(port);
		if (port->filled_count > 0)
			port_wake_readers(port);
		port_collect_output(port);
	}
	spin_unlock(&serial->lock, flags);
}

/* ---- start ---- */

static twz_result make_port(struct serial *serial, uint32_t id)
{
	/* Port 0 has queues 0 and 1, control 2 and 3, port n >= 1 queues 2n + 2 and 2n + 3. */
	uint16_t first = (uint16_t)(id == 0 ? 0 : 2 * id + 2);
	struct port *port = kernel_alloc(sizeof(*port));

	if (port == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	port->serial = serial;
	port->id = id;
	port->stream.operations = &port_operations;
	port->input_end = UINT64_MAX;
	wait_init(&port->readable);
	wait_init(&port->writable);
	twz_result result = virtio_queue_open(serial->device, &port->receive, first, QUEUE_SIZE);
	if (result == 0)
		result = virtio_queue_open(serial->device, &port->transmit, first + 1, QUEUE_SIZE);
	if (result == 0)
		virtio_queue_want_interrupt(&port->transmit, false);
	serial->ports[id] = port;
	return result;
}

static twz_result make_queues(struct serial *serial)
{
	physical_address in = frame_alloc(), out = frame_alloc();
	twz_result result;

	if (in == 0 || out == 0)
		return -TWZ_ERR_OUT_OF_MEMORY;
	serial->control_in = phys_to_virt(in);
	serial->control_out = phys_to_virt(out);
	result = virtio_queue_open(serial->device, &serial->control_receive, 2, CONTROL_QUEUE_SIZE);
	if (result == 0)
		result = virtio_queue_open(serial->device, &serial->control_transmit, 3,
					   CONTROL_QUEUE_SIZE);
	for (uint32_t i = 0; i < serial->port_count && result == 0; i++)
		result = make_port(serial, i);
	return result;
}

/* Whether every port that the device has added got its name. */
static bool ports_settled(struct serial *serial)
{
	bool any = false;

	for (uint32_t i = 0; i < serial->port_count; i++) {
		if (!serial->ports[i]->added)
			continue;
		if (serial->ports[i]->stream.name[0] == '\0')
			return false;
		any = true;
	}
	return any;
}

/* Starts the device and takes its first messages until its ports are known. */
static void introduce(struct serial *serial)
{
	uint64_t deadline = clock_monotonic() + SETTLE_TIME;
	bool settled = false;

	virtio_start(serial->device);
	uint64_t flags = spin_lock(&serial->lock);
	for (uint16_t i = 0; i < serial->control_receive.size; i++)
		offer_control(serial, serial->control_in + i * CONTROL_SLOT);
	virtio_queue_kick(&serial->control_receive);
	virtio_queue_want_interrupt(&serial->control_transmit, false);
	send_control(serial, 0, EVENT_DEVICE_READY, 1);
	spin_unlock(&serial->lock, flags);
	while (!settled && clock_monotonic() < deadline) {
		flags = spin_lock(&serial->lock);
		collect_control(serial);
		settled = ports_settled(serial);
		spin_unlock(&serial->lock, flags);
	}
}

void virtio_serial_init(struct virtio_device *virtio)
{
	struct serial *serial = kernel_alloc(sizeof(*serial));
	twz_result result = -TWZ_ERR_OUT_OF_MEMORY;

	if (serial != NULL) {
		spin_init(&serial->lock, LOCK_DEVICE);
		serial->device = virtio;
		result = virtio_open(virtio, FEATURE_MULTIPORT, serial_interrupt, serial);
	}
	if (result == 0 && (serial->device->features & FEATURE_MULTIPORT) == 0)
		result = -TWZ_ERR_NOT_SUPPORTED;
	if (result == 0) {
		uint32_t count = virtio_config32(serial->device, CONFIG_PORT_COUNT);

		serial->port_count = count <= PORTS_MAX ? count : PORTS_MAX;
		serial->ports = kernel_alloc_array(serial->port_count, sizeof(struct port *));
		result = serial->ports == NULL ? -TWZ_ERR_OUT_OF_MEMORY : make_queues(serial);
	}
	if (result < 0) {
		virtio_refuse("virtio-serial", result);
		return;
	}
	introduce(serial);
	for (uint32_t i = 0; i < serial->port_count; i++) {
		struct port *port = serial->ports[i];

		if (!port->added || port->stream.name[0] == '\0')
			continue;
		port->known = true;
		stream_add(&port->stream);
	}
}
