/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not tried on Linux, so that a static program links: what a loader has of its own. */

#include <stdbool.h>
#include <twizzler/rt.h>

twz_result twz_rt_fd_object(int fd, struct twz_id *id)
{
	(void)fd;
	(void)id;
	return -TWZ_ERR_NOT_SUPPORTED;
}

twz_result twz_sys_thread_control(uint64_t command, uint64_t argument)
{
	(void)command;
	(void)argument;
	return -TWZ_ERR_NOT_SUPPORTED;
}
