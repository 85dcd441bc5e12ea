/* SPDX-License-Identifier: BSD-2-Clause */
/* Dynamic linking in a static program: there is none. */
#include "internal.h"

static const char message[] = "not supported by the minimal runtime: link the program dynamically";

/* One word for all threads: the message is always the same. */
static uint32_t failed;

void *twz_rt_dl_open(const char *path, uint32_t flags) /* NOT_SUPPORTED */
{
	(void)path;
	(void)flags;
	__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	return NULL;
}

void *twz_rt_dl_symbol(void *handle, const char *name, const char *version,
		       const void *caller) /* NOT_SUPPORTED */
{
	(void)handle;
	(void)name;
	(void)version;
	(void)caller;
	__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	return NULL;
}

int twz_rt_dl_close(void *handle) /* NOT_SUPPORTED */
{
	(void)handle;
	__atomic_store_n(&failed, 1, __ATOMIC_RELAXED);
	return (int)RT_ERROR(NOT_SUPPORTED);
}

const char *twz_rt_dl_error(void)
{
	return __atomic_exchange_n(&failed, 0, __ATOMIC_RELAXED) != 0 ? message : NULL;
}

twz_result twz_rt_dl_address(const void *address, struct twz_rt_dl_info *out) /* NOT_SUPPORTED */
{
	(void)address;
	(void)out;
	return RT_ERROR(NOT_SUPPORTED);
}
