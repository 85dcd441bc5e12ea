/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A port of the virtio console as a stream. A write returns when the host has taken the bytes, so
 * that an order between ports is an order for the host too. Input is buffered only once somebody
 * reads; the port "twz.stdin" asks for it (twizzler/channel.h).
 */
#include <string.h>
#include "virtio_serial_port.h"

#define TRANSMIT_ORDER 2
#define TRANSMIT_SIZE  (PAGE_SIZE << TRANSMIT_ORDER)

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
void port_collect_input(struct port *port)
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

void port_wake_readers(struct port *port)
{
	wait_wake_all(&port->readable);
	stream_event(&port->stream);
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
		port_collect_input(port);
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
void port_collect_output(struct port *port)
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
	if (length == 0) {
		/* what threads that had to go left with the device has been taken */
		spin_unlock(&serial->lock, flags);
		return result;
	}
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
		port_collect_output(port);
		if (port->sending) {
			virtio_queue_want_interrupt(&port->transmit, true);
			port_collect_output(port);
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
		port_collect_input(port);
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
	port_wake_readers(port);
	spin_unlock(&port->serial->lock, flags);
	return 0;
}

const struct stream_operations port_operations = {
	.read = port_read,
	.write = port_write,
	.stat = port_stat,
	.control = port_control,
};
