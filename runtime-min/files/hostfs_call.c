/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls to the host: devices, fids, attributes. */
#include "files/hostfs_internal.h"

#define FIRST_FID 16u
#define DEVICES	  8 /* remembered; the kernel is asked again past them */

static struct rt_host_device devices[DEVICES];
static uint32_t device_count;
static bool all_found;
static uint32_t next_fid = FIRST_FID;

struct rt_host_device *rt_host_device(uint32_t number)
{
	return number < DEVICES ? &devices[number] : NULL;
}

void rt_hostfs_forked(void)
{
	for (uint32_t i = 0; i < DEVICES; i++)
		devices[i].attached = false;
}

void rt_host_begin(struct rt_host_call *call, uint32_t device, uint8_t type)
{
	call->device = device;
	call->type = type;
	rt_9p_begin(&call->message, call->memory, sizeof(call->memory), type);
}

twz_result rt_host_exchange(uint32_t device, struct rt_9p *request, void *reply, uint64_t capacity,
			    struct rt_9p *answer)
{
	uint8_t type = request->bytes[4];
	twz_result result = rt_9p_end(request);
	if (result < 0)
		return result;
	result = twz_sys_host_call(device, request->bytes, request->at, reply, capacity);
	if (result < 0)
		return result;
	if ((uint64_t)result > capacity)
		return RT_ERROR(IO);
	return rt_9p_answer(answer, reply, (uint64_t)result, type);
}

twz_result rt_host_send(struct rt_host_call *call)
{
	struct rt_9p answer;
	twz_result result = rt_host_exchange(call->device, &call->message, call->memory,
					     sizeof(call->memory), &answer);
	call->message = answer;
	return result;
}

uint32_t rt_host_new_fid(void)
{
	for (;;) {
		uint32_t fid = __atomic_fetch_add(&next_fid, 1, __ATOMIC_RELAXED);
		if (fid >= FIRST_FID && fid != RT_9P_NO_FID)
			return fid;
	}
}

void rt_host_clunk(uint32_t device, uint32_t fid)
{
	struct rt_host_call call;
	if (fid == RT_HOST_ROOT_FID)
		return;
	rt_host_begin(&call, device, RT_9P_TCLUNK);
	rt_9p_put32(&call.message, fid);
	rt_host_send(&call); /* the fid is gone whatever the answer */
}

twz_result rt_host_clone(uint32_t device, uint32_t fid, uint32_t *clone)
{
	struct rt_host_call call;
	*clone = rt_host_new_fid();
	rt_host_begin(&call, device, RT_9P_TWALK);
	rt_9p_put32(&call.message, fid);
	rt_9p_put32(&call.message, *clone);
	rt_9p_put16(&call.message, 0);
	return rt_host_send(&call);
}

static twz_result attach(struct rt_host_device *device)
{
	struct rt_host_call call;
	rt_host_begin(&call, device->number, RT_9P_TATTACH);
	rt_9p_put32(&call.message, RT_HOST_ROOT_FID);
	rt_9p_put32(&call.message, RT_9P_NO_FID);
	rt_9p_put_string(&call.message, "root", 4);
	rt_9p_put_string(&call.message, "", 0);
	rt_9p_put32(&call.message, 0); /* the user's number */
	twz_result result = rt_host_send(&call);
	if (result >= 0)
		device->attached = true;
	return result;
}

static twz_result find_all(void)
{
	while (!all_found && device_count < DEVICES) {
		struct twz_host_info info;
		twz_result result = twz_sys_host_info(device_count, &info);
		if (result == RT_ERROR(NOT_FOUND) || result == RT_ERROR(NOT_SUPPORTED)) {
			all_found = true;
			break;
		}
		if (result < 0)
			return result;
		struct rt_host_device *device = &devices[device_count];
		device->number = device_count++;
		device->message_size = info.message_size;
		memcpy(device->tag, info.tag, sizeof(info.tag));
		device->tag[sizeof(device->tag) - 1] = 0;
	}
	return 0;
}

static bool same(const char *a, const char *b)
{
	size_t length = rt_string_length(a);
	return length == rt_string_length(b) && memcmp(a, b, length) == 0;
}

twz_result rt_hostfs_root(const char *tag, bool read_only, struct rt_place *place)
{
	struct rt_host_device *device = NULL;
	rt_lock(&rt_locks[RT_LOCK_HOST]);
	twz_result result = find_all();
	for (uint32_t i = 0; i < device_count && device == NULL; i++) {
		if (same(devices[i].tag, tag) && devices[i].message_size >= RT_HOST_SMALL)
			device = &devices[i];
	}
	if (result >= 0 && device == NULL)
		result = RT_ERROR(NOT_FOUND);
	if (result >= 0 && !device->attached)
		result = attach(device);
	rt_unlock(&rt_locks[RT_LOCK_HOST]);
	if (result < 0)
		return result;
	*place = (struct rt_place){
		.fs = &rt_host_fs,
		.kind = TWZ_FILE_DIRECTORY,
		.device = device->number,
		.fid = RT_HOST_ROOT_FID,
		.read_only = read_only,
	};
	return 0;
}

/* Seconds and nanoseconds to nanoseconds; a host's clock may be anything. */
static uint64_t get_time(struct rt_9p *message)
{
	uint64_t seconds = rt_9p_get64(message), nanoseconds = rt_9p_get64(message);
	return seconds > INT64_MAX / 1000000000ull - 1 ? 0 : seconds * 1000000000ull + nanoseconds;
}

static uint32_t kind_of_mode(uint32_t mode)
{
	switch (mode & 0170000) {
	case 0040000:
		return TWZ_FILE_DIRECTORY;
	case 0120000:
		return TWZ_FILE_SYMLINK;
	case 0010000: /* a FIFO */
	case 0140000: /* a socket */
		return TWZ_FILE_STREAM;
	case 0020000:
	case 0060000:
		return TWZ_FILE_DEVICE;
	}
	return TWZ_FILE_REGULAR;
}

twz_result rt_host_stat(uint32_t device, uint32_t fid, struct twz_rt_stat *out)
{
	struct rt_host_call call;
	struct rt_9p *m = &call.message;
	rt_host_begin(&call, device, RT_9P_TGETATTR);
	rt_9p_put32(m, fid);
	rt_9p_put64(m, 0x7ff); /* P9_GETATTR_BASIC */
	twz_result result = rt_host_send(&call);
	if (result < 0)
		return result;
	rt_9p_get64(m); /* valid */
	out->inode = rt_9p_get_qid(m).path;
	uint32_t mode = rt_9p_get32(m);
	rt_9p_get32(m); /* uid */
	rt_9p_get32(m); /* gid */
	out->links = rt_9p_get64(m);
	rt_9p_get64(m); /* rdev */
	out->size = rt_9p_get64(m);
	rt_9p_get64(m); /* block size */
	out->blocks = rt_9p_get64(m);
	out->access_time = get_time(m);
	out->modify_time = get_time(m);
	out->change_time = get_time(m);
	out->device = 16 + device;
	out->kind = kind_of_mode(mode);
	out->mode = mode & 07777;
	return m->bad || out->size > INT64_MAX ? RT_ERROR(IO) : 0;
}

twz_result rt_host_setattr(uint32_t device, uint32_t fid, uint32_t valid, uint32_t mode,
			   uint64_t size, uint64_t access, uint64_t modify)
{
	struct rt_host_call call;
	struct rt_9p *m = &call.message;
	rt_host_begin(&call, device, RT_9P_TSETATTR);
	rt_9p_put32(m, fid);
	rt_9p_put32(m, valid);
	rt_9p_put32(m, mode);
	rt_9p_put32(m, 0);
	rt_9p_put32(m, 0);
	rt_9p_put64(m, size);
	rt_9p_put64(m, access / 1000000000ull);
	rt_9p_put64(m, access % 1000000000ull);
	rt_9p_put64(m, modify / 1000000000ull);
	rt_9p_put64(m, modify % 1000000000ull);
	return rt_host_send(&call);
}

twz_result rt_host_set_times(uint32_t device, uint32_t fid, uint64_t access, uint64_t modify)
{
	uint32_t valid = (access != TWZ_TIME_OMIT ? RT_HOST_SET_ACCESS : 0) |
			 (modify != TWZ_TIME_OMIT ? RT_HOST_SET_MODIFY : 0);
	if (valid == 0)
		return 0;
	return rt_host_setattr(device, fid, valid, 0, 0, access, modify);
}

uint32_t rt_host_open_flags(uint32_t flags)
{
	/* Linux, include/uapi/asm-generic/fcntl.h */
	uint32_t out = 0;
	if ((flags & TWZ_OPEN_READ) && (flags & TWZ_OPEN_WRITE))
		out = 2;
	else if (flags & TWZ_OPEN_WRITE)
		out = 1;
	if (flags & TWZ_OPEN_APPEND)
		out |= 02000;
	return out | 0100000; /* O_LARGEFILE */
}
