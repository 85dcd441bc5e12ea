/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files and directories of the host. */
#include "files/hostfs_internal.h"

struct host_file {
	struct rt_file file;
	uint32_t device;
	uint32_t fid;
	bool read_only;
};

static struct host_file *of(struct rt_file *file)
{
	return (struct host_file *)file;
}

/* One message's memory, kept from transfer to transfer; who finds it in use gets fresh memory. */
static uint8_t *kept;
static size_t kept_size;

static uint8_t *take_buffer(size_t size, size_t *got)
{
	uint8_t *buffer = NULL;
	rt_lock(&rt_locks[RT_LOCK_HOST_BUFFER]);
	if (kept != NULL && kept_size >= size) {
		buffer = kept;
		*got = kept_size;
		kept = NULL;
	}
	rt_unlock(&rt_locks[RT_LOCK_HOST_BUFFER]);
	if (buffer == NULL) {
		*got = size;
		buffer = twz_rt_malloc(size, 16, 0);
	}
	return buffer;
}

static void give_buffer(uint8_t *buffer, size_t size)
{
	rt_lock(&rt_locks[RT_LOCK_HOST_BUFFER]);
	uint8_t *old = kept;
	size_t old_size = kept_size;
	if (kept == NULL || size > kept_size) {
		kept = buffer;
		kept_size = size;
	} else {
		old = buffer;
		old_size = size;
	}
	rt_unlock(&rt_locks[RT_LOCK_HOST_BUFFER]);
	if (old != NULL)
		twz_rt_free(old, old_size, 16);
}

/* Tread or Treaddir of at most `length` bytes; answer stands before the data. */
static twz_result read_part(struct host_file *host, uint8_t type, uint64_t offset, uint32_t length,
			    uint8_t *buffer, size_t size, struct rt_9p *answer, uint32_t *count)
{
	struct rt_9p request;
	rt_9p_begin(&request, buffer, (uint32_t)size, type);
	rt_9p_put32(&request, host->fid);
	rt_9p_put64(&request, offset);
	rt_9p_put32(&request, length);
	twz_result result = rt_host_exchange(host->device, &request, buffer, size, answer);
	if (result < 0)
		return result;
	*count = rt_9p_get32(answer);
	return answer->bad || *count > length ? RT_ERROR(IO) : 0;
}

static uint32_t largest_part(const struct host_file *host, uint32_t header)
{
	return rt_host_device(host->device)->message_size - header;
}

static twz_result host_read(struct rt_file *file, void *buffer, size_t length, uint64_t offset)
{
	struct host_file *host = of(file);
	uint32_t largest = largest_part(host, RT_9P_READ_HEADER);
	size_t done = 0, size = 0;
	uint32_t first = length < largest ? (uint32_t)length : largest;
	uint8_t *memory = take_buffer(first + 64, &size);
	twz_result result = memory != NULL ? 0 : RT_ERROR(OUT_OF_MEMORY);
	while (result >= 0 && done < length) {
		uint32_t part = length - done < largest ? (uint32_t)(length - done) : largest;
		uint32_t count;
		struct rt_9p answer;
		result = read_part(host, RT_9P_TREAD, offset + done, part, memory, size, &answer,
				   &count);
		const uint8_t *data = result >= 0 ? rt_9p_get_bytes(&answer, count) : NULL;
		if (result >= 0 && data == NULL)
			result = RT_ERROR(IO);
		if (result < 0)
			break;
		size_t left = rt_copy((uint8_t *)buffer + done, data, count, &result);
		done += count - left;
		if (count < part)
			break;
	}
	if (memory != NULL)
		give_buffer(memory, size);
	return done != 0 ? (twz_result)done : result;
}

static twz_result host_write(struct rt_file *file, const void *buffer, size_t length,
			     uint64_t offset)
{
	struct host_file *host = of(file);
	uint32_t largest = largest_part(host, RT_9P_WRITE_HEADER);
	size_t done = 0, size = 0;
	uint32_t first = length < largest ? (uint32_t)length : largest;
	uint8_t *memory = take_buffer(first + 64, &size);
	twz_result result = memory != NULL ? 0 : RT_ERROR(OUT_OF_MEMORY);
	if (offset == RT_APPEND) {
		/* The host's own append flag decides where it goes; this is for servers without it.
		 */
		struct twz_rt_stat stat;
		if (result >= 0)
			result = rt_host_stat(host->device, host->fid, &stat);
		offset = result >= 0 ? stat.size : 0;
	}
	while (result >= 0 && done < length) {
		uint32_t part = length - done < largest ? (uint32_t)(length - done) : largest;
		struct rt_9p request, answer;
		rt_9p_begin(&request, memory, (uint32_t)size, RT_9P_TWRITE);
		rt_9p_put32(&request, host->fid);
		rt_9p_put64(&request, offset + done);
		rt_9p_put32(&request, part);
		if (request.bad || part > request.size - request.at) {
			result = RT_ERROR(IO);
			break;
		}
		if (rt_copy(memory + request.at, (const uint8_t *)buffer + done, part, &result) !=
		    0)
			break;
		request.at += part;
		result = rt_host_exchange(host->device, &request, memory, size, &answer);
		if (result < 0)
			break;
		uint32_t count = rt_9p_get32(&answer);
		if (answer.bad || count > part || count == 0)
			result = RT_ERROR(IO);
		else
			done += count;
	}
	if (memory != NULL)
		give_buffer(memory, size);
	return done != 0 ? (twz_result)done : result;
}

static twz_result host_stat(struct rt_file *file, struct twz_rt_stat *out)
{
	return rt_host_stat(of(file)->device, of(file)->fid, out);
}

static twz_result host_truncate(struct rt_file *file, uint64_t size)
{
	if (size > INT64_MAX)
		return RT_ERROR(INVALID_ARGUMENT);
	return rt_host_setattr(of(file)->device, of(file)->fid, RT_HOST_SET_SIZE, 0, size, 0, 0);
}

static twz_result host_sync(struct rt_file *file)
{
	struct rt_host_call call;
	rt_host_begin(&call, of(file)->device, RT_9P_TFSYNC);
	rt_9p_put32(&call.message, of(file)->fid);
	rt_9p_put32(&call.message, 0);
	return rt_host_send(&call);
}

static twz_result host_set_mode(struct rt_file *file, uint32_t mode)
{
	if (of(file)->read_only)
		return RT_ERROR(READ_ONLY);
	return rt_host_setattr(of(file)->device, of(file)->fid, RT_HOST_SET_MODE, mode, 0, 0, 0);
}

static twz_result host_set_times(struct rt_file *file, uint64_t access, uint64_t modify)
{
	if (of(file)->read_only)
		return RT_ERROR(READ_ONLY);
	return rt_host_set_times(of(file)->device, of(file)->fid, access, modify);
}

static uint32_t kind_of_type(uint8_t type, uint8_t qid_type)
{
	/* Linux, include/linux/fs_types.h; 0: the host's file system does not say */
	switch (type) {
	case 1:
	case 12:
		return TWZ_FILE_STREAM;
	case 2:
	case 6:
		return TWZ_FILE_DEVICE;
	case 4:
		return TWZ_FILE_DIRECTORY;
	case 8:
		return TWZ_FILE_REGULAR;
	case 10:
		return TWZ_FILE_SYMLINK;
	}
	return rt_9p_kind(qid_type);
}

/* The entries of one answer but "." and "..": how many. An error after some of them waits for the
 * next call. */
static twz_result take_entries(struct rt_9p *answer, uint32_t bytes, uint64_t *position,
			       struct twz_rt_dirent *entries, size_t count)
{
	uint32_t end = answer->at + bytes;
	size_t made = 0;
	if (answer->bad || end > answer->size)
		return RT_ERROR(IO);
	while (made < count && answer->at < end) {
		uint32_t length;
		struct rt_9p_qid qid = rt_9p_get_qid(answer);
		uint64_t next = rt_9p_get64(answer);
		uint8_t type = rt_9p_get8(answer);
		const char *name = rt_9p_get_string(answer, &length);
		if (name == NULL || answer->at > end)
			return made != 0 ? (twz_result)made : RT_ERROR(IO);
		*position = next;
		bool dots = name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
		if (length == 0 || length > 255 || dots)
			continue;
		entries[made] = (struct twz_rt_dirent){
			.inode = qid.path,
			.next = next,
			.kind = kind_of_type(type, qid.type),
			.length = length,
		};
		memcpy(entries[made].name, name, length);
		made++;
	}
	return (twz_result)made;
}

static twz_result host_enumerate(struct rt_file *file, uint64_t *position,
				 struct twz_rt_dirent *entries, size_t count)
{
	const uint32_t size = 65536;
	uint32_t bytes;
	size_t got;
	struct rt_9p answer;
	if (count == 0)
		return 0;
	uint8_t *memory = take_buffer(size, &got);
	if (memory == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	/* An entry is at most 24 + 255 bytes: what is asked for is not much more than what is
	 * wanted. */
	uint64_t want = count < 128 ? 512 + count * 280 : size - 64;
	if (want > size - 64)
		want = size - 64;
	twz_result result;
	/* An answer of nothing but "." and ".." may have more behind it. */
	do {
		result = read_part(of(file), RT_9P_TREADDIR, *position, (uint32_t)want, memory, got,
				   &answer, &bytes);
		if (result >= 0)
			result = take_entries(&answer, bytes, position, entries, count);
	} while (result == 0 && bytes != 0);
	give_buffer(memory, got);
	return result;
}

static twz_result host_pass(struct rt_file *file, struct twz_rt_passed_fd *out)
{
	out->kind = TWZ_PASS_HOST;
	out->handle = of(file)->device;
	return 0;
}

static twz_result host_lopen(uint32_t device, uint32_t fid, uint32_t flags)
{
	struct rt_host_call call;
	rt_host_begin(&call, device, RT_9P_TLOPEN);
	rt_9p_put32(&call.message, fid);
	rt_9p_put32(&call.message, rt_host_open_flags(flags));
	return rt_host_send(&call);
}

/* In a fork's child: the same path is opened again. Where it is gone, uses of the file fail. */
static void host_forked(struct rt_file *file)
{
	struct host_file *host = of(file);
	struct rt_walk walk;
	host->fid = RT_9P_NO_FID;
	if (file->path == NULL ||
	    rt_walk(&walk, TWZ_RT_AT_CWD, file->path_length != 0 ? file->path : "/",
		    file->path_length != 0 ? file->path_length : 1, 0) < 0)
		return;
	bool opened = walk.place.fid != RT_HOST_ROOT_FID && walk.place.device == host->device;
	if (walk.place.fid == RT_HOST_ROOT_FID)
		opened = rt_host_clone(host->device, RT_HOST_ROOT_FID, &walk.place.fid) >= 0;
	if (opened && !(file->flags & TWZ_OPEN_PATH))
		opened = host_lopen(host->device, walk.place.fid, file->flags) >= 0;
	if (opened) {
		host->fid = walk.place.fid;
		walk.place.fs = NULL; /* the file has it now */
	}
	rt_walk_end(&walk);
}

static void host_close(struct rt_file *file)
{
	if (of(file)->fid != RT_9P_NO_FID)
		rt_host_clunk(of(file)->device, of(file)->fid);
}

#define HOST_OPS(file_kind, is_seekable)                                                  \
	.kind = file_kind, .seekable = is_seekable, .stat = host_stat, .sync = host_sync, \
	.set_mode = host_set_mode, .set_times = host_set_times, .pass = host_pass,        \
	.forked = host_forked, .close = host_close, .size = sizeof(struct host_file)

static const struct rt_kind_ops kinds = {
	.regular = {HOST_OPS(TWZ_FILE_REGULAR, true), .read = host_read, .write = host_write,
		    .truncate = host_truncate},
	.directory = {HOST_OPS(TWZ_FILE_DIRECTORY, false), .enumerate = host_enumerate},
	.link = {HOST_OPS(TWZ_FILE_SYMLINK, false)},
};

twz_result rt_host_file(uint32_t device, uint32_t fid, uint32_t kind, bool read_only,
			uint32_t flags, struct rt_file **out)
{
	*out = rt_file_new_of(&kinds, kind, flags);
	if (*out == NULL)
		return RT_ERROR(OUT_OF_MEMORY);
	of(*out)->device = device;
	of(*out)->fid = fid;
	of(*out)->read_only = read_only;
	return 0;
}
