/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's names: walking, opening, making, removing. */
#include "files/hostfs_internal.h"

static twz_result host_step(struct rt_place *place, const char *name, size_t length)
{
	struct rt_host_call call;
	/* The root's fid is everybody's; any other is this walk's own and moves. */
	uint32_t fid = place->fid == RT_HOST_ROOT_FID ? rt_host_new_fid() : place->fid;
	rt_host_begin(&call, place->device, RT_9P_TWALK);
	rt_9p_put32(&call.message, place->fid);
	rt_9p_put32(&call.message, fid);
	rt_9p_put16(&call.message, 1);
	rt_9p_put_string(&call.message, name, length);
	twz_result result = rt_host_send(&call);
	if (result < 0)
		return result;
	if (rt_9p_get16(&call.message) != 1)
		return RT_ERROR(NOT_FOUND);
	struct rt_9p_qid qid = rt_9p_get_qid(&call.message);
	place->fid = fid;
	place->kind = rt_9p_kind(qid.type);
	return call.message.bad ? RT_ERROR(IO) : 0;
}

static void host_leave(struct rt_place *place)
{
	rt_host_clunk(place->device, place->fid);
}

static twz_result host_read_link(struct rt_place *place, char *buffer, size_t capacity)
{
	struct rt_host_call call;
	uint32_t length;
	rt_host_begin(&call, place->device, RT_9P_TREADLINK);
	rt_9p_put32(&call.message, place->fid);
	twz_result result = rt_host_send(&call);
	if (result < 0)
		return result;
	const char *target = rt_9p_get_string(&call.message, &length);
	if (target == NULL)
		return RT_ERROR(IO);
	memcpy(buffer, target, length < capacity ? length : capacity);
	return length;
}

static twz_result host_stat(struct rt_place *place, struct twz_rt_stat *out)
{
	return rt_host_stat(place->device, place->fid, out);
}

static twz_result host_open(struct rt_place *place, uint32_t flags, struct rt_file **out)
{
	struct rt_host_call call;
	uint32_t fid = place->fid;
	twz_result result = 0;
	if (fid == RT_HOST_ROOT_FID) {
		result = rt_host_clone(place->device, RT_HOST_ROOT_FID, &fid);
		if (result < 0)
			return result;
	}
	if (!(flags & TWZ_OPEN_PATH)) {
		rt_host_begin(&call, place->device, RT_9P_TLOPEN);
		rt_9p_put32(&call.message, fid);
		rt_9p_put32(&call.message, rt_host_open_flags(flags));
		result = rt_host_send(&call);
	}
	if (result >= 0)
		result =
			rt_host_file(place->device, fid, place->kind, place->read_only, flags, out);
	if (result < 0) {
		if (fid != place->fid)
			rt_host_clunk(place->device, fid);
		return result;
	}
	place->fs = NULL; /* the file has the fid now */
	return 0;
}

static twz_result host_create(struct rt_place *directory, struct rt_name name, uint32_t flags,
			      uint32_t mode, struct rt_file **out)
{
	struct rt_host_call call;
	uint32_t fid;
	twz_result result = rt_host_clone(directory->device, directory->fid, &fid);
	if (result < 0)
		return result;
	rt_host_begin(&call, directory->device, RT_9P_TLCREATE);
	rt_9p_put32(&call.message, fid);
	rt_9p_put_string(&call.message, name.text, name.length);
	rt_9p_put32(&call.message, rt_host_open_flags(flags) | 0300); /* O_CREAT, O_EXCL */
	rt_9p_put32(&call.message, mode);
	rt_9p_put32(&call.message, 0); /* group */
	result = rt_host_send(&call);
	if (result >= 0)
		result = rt_host_file(directory->device, fid, TWZ_FILE_REGULAR, false, flags, out);
	if (result < 0)
		rt_host_clunk(directory->device, fid);
	return result;
}

static twz_result host_make_directory(struct rt_place *directory, struct rt_name name,
				      uint32_t mode)
{
	struct rt_host_call call;
	rt_host_begin(&call, directory->device, RT_9P_TMKDIR);
	rt_9p_put32(&call.message, directory->fid);
	rt_9p_put_string(&call.message, name.text, name.length);
	rt_9p_put32(&call.message, mode);
	rt_9p_put32(&call.message, 0); /* group */
	return rt_host_send(&call);
}

static twz_result host_make_link(struct rt_place *directory, struct rt_name name,
				 const char *target, size_t length)
{
	struct rt_host_call call;
	rt_host_begin(&call, directory->device, RT_9P_TSYMLINK);
	rt_9p_put32(&call.message, directory->fid);
	rt_9p_put_string(&call.message, name.text, name.length);
	rt_9p_put_string(&call.message, target, length);
	rt_9p_put32(&call.message, 0); /* group */
	return rt_host_send(&call);
}

static twz_result host_remove(struct rt_place *directory, struct rt_name name, bool is_directory)
{
	struct rt_host_call call;
	rt_host_begin(&call, directory->device, RT_9P_TUNLINKAT);
	rt_9p_put32(&call.message, directory->fid);
	rt_9p_put_string(&call.message, name.text, name.length);
	rt_9p_put32(&call.message, is_directory ? 0x200 : 0); /* AT_REMOVEDIR */
	return rt_host_send(&call);
}

static twz_result host_rename(struct rt_place *from, struct rt_name name, struct rt_place *to,
			      struct rt_name to_name)
{
	struct rt_host_call call;
	rt_host_begin(&call, from->device, RT_9P_TRENAMEAT);
	rt_9p_put32(&call.message, from->fid);
	rt_9p_put_string(&call.message, name.text, name.length);
	rt_9p_put32(&call.message, to->fid);
	rt_9p_put_string(&call.message, to_name.text, to_name.length);
	return rt_host_send(&call);
}

static twz_result host_link(struct rt_place *file, struct rt_place *directory, struct rt_name name)
{
	struct rt_host_call call;
	rt_host_begin(&call, directory->device, RT_9P_TLINK);
	rt_9p_put32(&call.message, directory->fid);
	rt_9p_put32(&call.message, file->fid);
	rt_9p_put_string(&call.message, name.text, name.length);
	return rt_host_send(&call);
}

static twz_result host_set_times(struct rt_place *place, uint64_t access, uint64_t modify)
{
	return rt_host_set_times(place->device, place->fid, access, modify);
}

const struct rt_fs rt_host_fs = {
	.step = host_step,
	.leave = host_leave,
	.read_link = host_read_link,
	.stat = host_stat,
	.open = host_open,
	.create = host_create,
	.make_directory = host_make_directory,
	.make_link = host_make_link,
	.remove = host_remove,
	.rename = host_rename,
	.link = host_link,
	.set_times = host_set_times,
};
