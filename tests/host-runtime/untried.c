/* SPDX-License-Identifier: BSD-2-Clause */
/* What is not tried on Linux, so that libstd-c links: objects, priorities, what is mapped. */

#include <stdbool.h>
#include <twizzler/rt.h>

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

twz_result twz_rt_thread_priority(uint32_t number)
{
	(void)number;
	return -TWZ_ERR_NOT_SUPPORTED;
}

twz_result twz_rt_thread_set_priority(uint32_t number, uint32_t priority)
{
	(void)number;
	(void)priority;
	return -TWZ_ERR_NOT_SUPPORTED;
}

twz_result twz_rt_range_query(const void *address, size_t length)
{
	(void)address;
	(void)length;
	return -TWZ_ERR_NOT_SUPPORTED;
}

/* libtwz's locks between programs. */
twz_result twz_lock_take(struct twz_id *holder, uint32_t *waiters)
{
	(void)holder;
	(void)waiters;
	return -TWZ_ERR_NOT_SUPPORTED;
}

void twz_lock_release(struct twz_id *holder, uint32_t *waiters)
{
	(void)holder;
	(void)waiters;
}

bool twz_lock_holder_ended(struct twz_id view)
{
	(void)view;
	return false;
}
