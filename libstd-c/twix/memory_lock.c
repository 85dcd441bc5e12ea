/* SPDX-License-Identifier: BSD-2-Clause */
/* Locking of pages: memory is never paged out here, so a lock has only to be of what is mapped. */

#include <errno.h>
#include <sys/mman.h>
#include "twix.h"

static long check(const void *address, size_t length)
{
	uintptr_t start = (uintptr_t)address & -(uintptr_t)TWZ_PAGE_SIZE, end;

	if (length == 0)
		return 0;
	if (__builtin_add_overflow((uintptr_t)address, length, &end))
		return -EINVAL;
	return twz_rt_range_query((void *)start, end - start) < 0 ? -ENOMEM : 0;
}

long twix_mlock(const void *address, size_t length)
{
	return check(address, length);
}

long twix_mlock2(const void *address, size_t length, unsigned flags)
{
	return flags & ~MLOCK_ONFAULT ? -EINVAL : check(address, length);
}

long twix_munlock(const void *address, size_t length)
{
	return check(address, length);
}

long twix_mlockall(int flags)
{
	return flags == 0 || flags == MCL_ONFAULT ||
			       (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		       ? -EINVAL
		       : 0;
}

long twix_munlockall(void)
{
	return 0;
}
