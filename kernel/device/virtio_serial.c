/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Virtio console with several ports (Virtio 1.1, section 5.3). A write returns when the host has
 * taken the bytes, so that an order between ports is an order for the host too. Input is buffered
 * only once somebody reads; the port "twz.stdin" asks for it (twizzler/channel.h).
 */
#include <heap.h>
#include <lock.h>
#include <log.h>
#include <string.h>
#include <timer.h>
#include <wait.h>
#include "stream.h"
#include "virtio.h"
#include "virtio_serial.h"

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
#define RECEIVE_COUNT	   8 /* frames of input a port buffers */
#define TRANSMIT_ORDER	   2
#define TRANSMIT_SIZE	   (PAGE_SIZE << TRANSMIT_ORDER)
#define SETTLE_TIME	   50000000ull /* ns that the device has at boot to name its ports */

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

static char request_byte = '?';

/* ---- input ---- */

static void offer_buffer(struct port *port, struct receive_buffer *buffer)
{
	struct virtio_segment segment = {buffer->frame, PAGE_SIZE};

	buffer->length = buffer->taken = 0;
	virtio_queue_add(&port->receive, &segment, 0, 1, buffer);
}

/* Gives the device its first buffers, at a port's first use for input. Lock held. */
static twz_result start_input(struct port *port)
{
	if (port->buffers[0].frame != 0)
		return 0;
	for (unsigned i = 0; i < RECEIVE_COUNT; i++) {
		port->buffers[i].frame = frame_alloc();
		if (port->buffers[i].frame == 0 && i == 0)
			return -TWZ_ERR_OUT_OF_MEMORY;
		if (port->buffers[i].frame != 0)
			offer_buffer(port, &port->buffers[i]);
	}
	virtio_queue_kick(&port->receive);
	return 0;
}

/* Moves what the device has filled to the port's list. Lock held. */
static void collect_input(struct port *port)
{
	struct receive_buffer *buffer;
	uint32_t length;

	while ((buffer = virtio_queue_take(&port->receive, &length)) != NULL) {
		buffer->length = length <= PAGE_SIZE ? length : PAGE_SIZE;
		if (buffer->length == 0) {
			offer_buffer(port, buffer);
			continue;
		}
		uint32_t last = (port->filled_first + port->filled_count++) % RECEIVE_COUNT;
		port->filled[last] = buffer;
		port->arrived += buffer->length;
		port->asked = false;
	}
}

/* Bytes that a reader may have: those up to the mark of the end. Lock held. */
static uint64_t readable(const struct port *port)
{
	uint64_t end = port->arrived < port->input_end ? port->arrived : port->input_end;

	return end > port->taken ? end - port->taken : 0;
}

/* Whether there is nothing more to come. Lock held. */
static bool input_ended(const struct port *port)
{
	return !port->host_open || port->taken >= port->input_end;
}

/* Copies out (to NULL: drops) bytes that have arrived and returns emptied buffers to the device.
 * Lock held. */
static uint64_t take_input(struct port *port, uint8_t *to, uint64_t length)
{
	uint64_t done = 0;
	bool offered = false;

	while (done < length && port->filled_count > 0) {
		struct receive_buffer *buffer = port->filled[port->filled_first];
		uint32_t here = buffer->length - buffer->taken;

		if (here > length - done)
			here = (uint32_t)(length - done);
		if (to != NULL)
			memcpy(to + done, (uint8_t *)phys_to_virt(buffer->frame) + buffer->taken,
			       here);
		buffer->taken += here;
		port->taken += here;
		done += here;
		if (buffer->taken < buffer->length)
			break;
		port->filled_first = (port->filled_first + 1) % RECEIVE_COUNT;
		port->filled_count--;
		offer_buffer(port, buffer);
		offered = true;
	}
	if (offered)
		virtio_queue_kick(&port->receive);
	return done;
}

/* Drops what lies before the mark. Lock held. */
static void drop_input(struct port *port)
{
	if (port->taken < port->drop_to)
		take_input(port, NULL, port->drop_to - port->taken);
}

/* Tells the host that a reader waits. Lock held. */
static void ask_for_input(struct port *port)
{
	struct virtio_segment segment = {kernel_to_phys(&request_byte), 1};

	if (!port->asks || port->asked || !port->host_open)
		return;
	while (virtio_queue_take(&port->transmit, NULL) != NULL)
		;
	if (virtio_queue_add(&port->transmit, &segment, 1, 0, &request_byte)) {
		port->asked = true;
		virtio_queue_kick(&port->transmit);
	}
}

static twz_result port_read(struct stream *stream, void *buffer, uint64_t length, uint64_t deadline)
{
	struct port *port = CONTAINER_OF(stream, struct port, stream);
	struct serial *serial = port->serial;
	uint64_t flags = spin_lock(&serial->lock);
	twz_result result = start_input(port);

	while (result == 0) {
		collect_input(port);
		drop_input(port);
		uint64_t ready = readable(port);
		result = (twz_result)take_input(port, buffer, length < ready ? length : ready);
		if (result > 0 || (ready == 0 && input_ended(port)))
			break;
		ask_for_input(port);
		if (length == 0)
			break;
		result = deadline == 0 ? -TWZ_ERR_WOULD_BLOCK
				       : wait_sleep(&port->readable, &serial->lock, deadline);
	}
	spin_unlock(&serial->lock, flags);
	return result;
}

/* ---- output ---- */

/* Notices that the device has taken the outgoing bytes. Lock held. */
static void collect_output(struct port *port)
{
	void *cookie;

	while ((cookie = virtio_queue_take(&port->transmit, NULL)) != NULL)
		if (cookie == port) {
			port->sending = false;
			wait_wake_all(&port->writable);
		}
	if (port->serial->device->broken)
		port->sending = false;
}

static twz_result port_write(struct stream *stream, const void *buffer, uint64_t length)
{
	struct port *port = CONTAINER_OF(stream, struct port, stream);
	struct serial *serial = port->serial;
	twz_result result = 0;

	if (length > TRANSMIT_SIZE)
		length = TRANSMIT_SIZE;
	uint64_t flags = spin_lock(&serial->lock);
	while (port->sending && port->host_open && result == 0)
		result = wait_sleep(&port->writable, &serial->lock, TWZ_FOREVER);
	if (result == 0 && (!port->host_open || port->output_ended || serial->device->broken))
		result = -TWZ_ERR_END_OF_STREAM;
	if (result == 0 && port->outgoing == 0 &&
	    (port->outgoing = frames_alloc(TRANSMIT_ORDER)) == 0)
		result = -TWZ_ERR_OUT_OF_MEMORY;
	struct virtio_segment segment = {port->outgoing, (uint32_t)length};
	if (result == 0) {
		port->sending = true;
		memcpy(phys_to_virt(port->outgoing), buffer, length);
		if (!virtio_queue_add(&port->transmit, &segment, 1, 0, port)) {
			port->sending = false;
			result = -TWZ_ERR_IO;
		}
	}
	if (result == 0) {
		result = (twz_result)length;
		virtio_queue_kick(&port->transmit);
		collect_output(port);
		if (port->sending) {
			virtio_queue_want_interrupt(&port->transmit, true);
			collect_output(port);
			/*
			 * A thread that must go leaves its bytes with the device, and so does one
			 * whose host has closed: QEMU may keep them then.
			 */
			while (port->sending && port->host_open &&
			       wait_sleep(&port->writable, &serial->lock, TWZ_FOREVER) == 0)
				;
		}
		if (!port->sending)
			virtio_queue_want_interrupt(&port->transmit, false);
	}
	spin_unlock(&serial->lock, flags);
	return result;
}

static void port_stat(struct stream *stream, struct twz_stream_stat *out)
{
	struct port *port = CONTAINER_OF(stream, struct port, stream);
	uint64_t flags = spin_lock(&port->serial->lock);

	out->kind = TWZ_STREAM_PORT;
	if (start_input(port) == 0)
		collect_input(port);
	drop_input(port);
	out->readable = readable(port);
	out->open = !input_ended(port);
	spin_unlock(&port->serial->lock, flags);
}

static twz_result port_control(struct stream *stream, uint32_t command, uint64_t argument)
{
	struct port *port = CONTAINER_OF(stream, struct port, stream);
	uint64_t flags = spin_lock(&port->serial->lock);

	if (command == TWZ_STREAM_INPUT_FROM) {
		port->drop_to = argument;
		port->input_end = UINT64_MAX;
		port->asked = false;
	} else if (command == TWZ_STREAM_INPUT_END) {
		port->input_end = argument;
	} else {
		port->output_ended = argument != 0;
	}
	wait_wake_all(&port->readable);
	spin_unlock(&port->serial->lock, flags);
	return 0;
}

static const struct stream_operations port_operations = {
	.read = port_read,
	.write = port_write,
	.stat = port_stat,
	.control = port_control,
};

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
		collect_input(port);
		wait_wake_all(&port->readable);
		wait_wake_all(&port->writable);
		break;
	case EVENT_PORT_OPEN:
		/* Bytes sent before the close are in the queue already. */
		collect_input(port);
		port->host_open = message.value != 0;
		wait_wake_all(&port->readable);
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
		collect_input(port);
		if (port->filled_count > 0)
			wait_wake_all(&port->readable);
		collect_output(port);
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
		log_alert("virtio-serial: cannot be used: error %d", (int)-result);
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
