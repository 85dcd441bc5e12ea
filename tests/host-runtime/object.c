/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux has no objects: the calls on them, so that libstd-c links. */

#include <twizzler/rt.h>

twz_result twz_rt_fd_object(int fd, struct twz_id *id)
{
	(void)fd;
	(void)id;
	return -TWZ_ERR_NOT_SUPPORTED;
}

twz_result twz_rt_object_map(struct twz_id id, uint32_t rights, struct twz_rt_object *out)
{
	(void)id;
	(void)rights;
	(void)out;
	return -TWZ_ERR_NOT_SUPPORTED;
}

twz_result twz_rt_object_release(struct twz_rt_object *object)
{
	(void)object;
	return -TWZ_ERR_NOT_SUPPORTED;
}
