/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_call and host_info. Each view has fids of its own, which stand for fids of the device that
 * no other view can name; all of them are given back when the view ends.
 */
#include <cpu.h>
#include <heap.h>
#include <lock.h>
#include <string.h>
#include <syscall.h>
#include <thread.h>
#include <user.h>
#include <view.h>
#include "host.h"
#include "host_message.h"
#include "virtio_9p.h"

#define BUCKETS 64

struct fid {
	struct fid *next;
	struct host_device *device;
	uint32_t program_fid, device_fid;
	bool pending; /* the message that makes it has no answer yet */
};

struct host_view {
	struct fid *buckets[BUCKETS];
};

/* One for all views: it is held for a short walk of a bucket. */
static struct spinlock fids_lock = SPINLOCK_INIT(LOCK_DEVICE);

/* The link that points at the fid, or at the end of its bucket. Lock held. */
static struct fid **find(struct host_view *view, struct host_device *device, uint32_t program_fid)
{
	struct fid **link = &view->buckets[program_fid % BUCKETS];

	while (*link != NULL && ((*link)->program_fid != program_fid || (*link)->device != device))
		link = &(*link)->next;
	return link;
}

/* The calling view's table, made at first use; NULL when out of memory. */
static struct host_view *own_table(void)
{
	struct view *view = current_thread()->view;

	if (view->host_state != NULL)
		return view->host_state;
	struct host_view *made = kernel_alloc(sizeof(*made));
	uint64_t flags = spin_lock(&fids_lock);
	bool first = view->host_state == NULL;
	if (first)
		view->host_state = made;
	spin_unlock(&fids_lock, flags);
	if (!first)
		kernel_free(made);
	return view->host_state;
}

static void view_ended(struct view *view)
{
	struct host_view *table = view->host_state;

	view->host_state = NULL;
	for (unsigned i = 0; table != NULL && i < BUCKETS; i++) {
		while (table->buckets[i] != NULL) {
			struct fid *fid = table->buckets[i];

			table->buckets[i] = fid->next;
			host_clunk_later(fid->device, fid->device_fid);
			kernel_free(fid);
		}
	}
	kernel_free(table);
}

/* Notes a new fid as pending; -EXISTS when the program has it already. */
static twz_result reserve(struct host_view *table, struct host_device *device, uint32_t program_fid,
			  uint32_t *device_fid)
{
	struct fid *made = kernel_alloc(sizeof(*made));

	if (made == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	*device_fid = host_fid_new(device);
	*made = (struct fid){
		.device = device,
		.program_fid = program_fid,
		.device_fid = *device_fid,
		.pending = true,
	};
	uint64_t flags = spin_lock(&fids_lock);
	struct fid **link = find(table, device, program_fid);
	bool taken = *link != NULL;
	if (!taken)
		*link = made;
	spin_unlock(&fids_lock, flags);
	if (taken)
		kernel_free(made);
	return taken ? -TWZ_ERR_EXISTS : 0;
}

/* The pending fid now exists, or never did. */
static void settle(struct host_view *table, struct host_device *device, uint32_t program_fid,
		   bool exists)
{
	struct fid *gone = NULL;
	uint64_t flags = spin_lock(&fids_lock);
	struct fid **link = find(table, device, program_fid);

	if (exists) {
		(*link)->pending = false;
	} else {
		gone = *link;
		*link = gone->next;
	}
	spin_unlock(&fids_lock, flags);
	kernel_free(gone);
}

/* Replaces a program's fid in the message by the device's; `forget`: the program has it no more. */
static twz_result translate(struct host_view *table, struct host_device *device, uint8_t *at,
			    bool forget)
{
	struct fid *gone = NULL;
	twz_result result = -TWZ_ERR_BAD_HANDLE;
	uint64_t flags = spin_lock(&fids_lock);
	struct fid **link = find(table, device, host_get32(at));

	if (*link != NULL && !(*link)->pending) {
		host_put32(at, (*link)->device_fid);
		result = 0;
		if (forget) {
			gone = *link;
			*link = gone->next;
		}
	}
	spin_unlock(&fids_lock, flags);
	kernel_free(gone);
	return result;
}

/* Whether the answer says that the message's new fid exists. */
static bool new_fid_exists(const struct host_message *message, const uint8_t *reply)
{
	if (reply[4] != message->type + 1)
		return false;
	return message->type != HOST_TWALK ||
	       host_get16(reply + HOST_HEADER_SIZE) == message->walk_names;
}

/* Sends a checked message with the device's fids in it; returns the answer's length. */
static twz_result mediate(struct host_device *device, const struct host_message *message,
			  struct host_buffer request, uint32_t length, struct host_buffer reply)
{
	struct host_view *table = own_table();
	uint8_t *bytes = phys_to_virt(request.address);
	const uint8_t *answer = phys_to_virt(reply.address);
	uint32_t new_fid = 0, device_fid;
	bool makes_fid = message->new_fid_offset != 0;

	if (table == NULL)
		return -TWZ_ERR_OUT_OF_MEMORY;
	if (makes_fid) {
		new_fid = host_get32(bytes + message->new_fid_offset);
		if (new_fid == HOST_NO_FID)
			return -TWZ_ERR_INVALID_ARGUMENT;
		/* A walk may move its own fid. */
		makes_fid = message->type != HOST_TWALK ||
			    new_fid != host_get32(bytes + message->fid_offsets[0]);
	}
	if (makes_fid) {
		twz_result result = reserve(table, device, new_fid, &device_fid);
		if (result < 0)
			return result;
	}
	twz_result result = 0;
	for (unsigned i = 0; i < message->fid_count && result == 0; i++)
		result = translate(table, device, bytes + message->fid_offsets[i],
				   message->ends_fid);
	if (result == 0 && message->new_fid_offset != 0)
		host_put32(bytes + message->new_fid_offset,
			   makes_fid ? device_fid : host_get32(bytes + message->fid_offsets[0]));
	if (result == 0)
		result = host_exchange(device, request, length, reply);
	if (makes_fid)
		settle(table, device, new_fid, result >= 0 && new_fid_exists(message, answer));
	return result;
}

/* Copies the request in, checks it, sends it, copies the answer out. */
static twz_result call(struct host_device *device, struct host_buffer request, uint32_t length,
		       const void *from, void *to, uint64_t capacity, uint32_t largest)
{
	struct host_message message;
	uint8_t *bytes = phys_to_virt(request.address);
	twz_result result = copy_from_user(bytes, from, length);

	if (result == 0)
		result = host_message_check(bytes, length, &message);
	if (result < 0)
		return result;
	/* Rread and Rreaddir may be as long as was asked for; the host must find room for that. */
	if (message.reply_size > largest)
		return -TWZ_ERR_INVALID_ARGUMENT;
	uint16_t tag = host_get16(bytes + 5);
	struct host_buffer reply = host_buffer_get(device, message.reply_size);
	if (reply.address == 0)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = mediate(device, &message, request, length, reply);
	if (result > 0) {
		uint8_t *answer = phys_to_virt(reply.address);

		host_put16(answer + 5, tag);
		twz_result copied = (uint64_t)result > capacity
					    ? -TWZ_ERR_NO_SPACE
					    : copy_to_user(to, answer, (uint64_t)result);
		if (copied < 0)
			result = copied;
	}
	host_buffer_put(device, reply);
	return result;
}

twz_result sys_host_call(uint32_t number, const void *request, uint64_t length, void *reply,
			 uint64_t capacity)
{
	struct host_device *device = host_device(number);
	uint32_t largest;

	if (device == NULL)
		return -TWZ_ERR_NOT_FOUND;
	twz_result result = host_device_start(device, &largest);
	if (result < 0)
		return result;
	if (length < HOST_HEADER_SIZE || length > largest)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (!user_range_valid(reply, capacity))
		return -TWZ_ERR_BAD_ADDRESS;
	struct host_buffer buffer = host_buffer_get(device, (uint32_t)length);
	if (buffer.address == 0)
		return -TWZ_ERR_OUT_OF_MEMORY;
	result = call(device, buffer, (uint32_t)length, request, reply, capacity, largest);
	host_buffer_put(device, buffer);
	return result;
}

twz_result sys_host_info(uint32_t number, struct twz_host_info *out)
{
	struct host_device *device = host_device(number);
	struct twz_host_info info = {0};

	if (device == NULL)
		return -TWZ_ERR_NOT_FOUND;
	twz_result result = host_device_start(device, &info.message_size);
	if (result < 0)
		return result;
	string_copy(info.tag, host_device_tag(device), sizeof(info.tag));
	return copy_to_user(out, &info, sizeof(info));
}

void host_init(void)
{
	view_on_end(view_ended);
}
