/* SPDX-License-Identifier: BSD-2-Clause */
/* Address ranges: mmap and its family. */

#include <errno.h>
#include <sys/mman.h>
#include "twix.h"

/* TWZ_RIGHT_* of PROT_*, or -errno. No page is ever writable and executable. */
static long rights_of(int protection)
{
	uint32_t rights = 0;

	if (protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC))
		return -EINVAL;
	if ((protection & PROT_WRITE) && (protection & PROT_EXEC))
		return -EACCES;
	if (protection & PROT_READ)
		rights |= TWZ_RIGHT_READ;
	if (protection & PROT_WRITE)
		rights |= TWZ_RIGHT_WRITE | TWZ_RIGHT_READ;
	if (protection & PROT_EXEC)
		rights |= TWZ_RIGHT_EXEC | TWZ_RIGHT_READ;
	return (long)rights;
}

#define SMALL (16ul << 20) /* no system has less memory */

/* As Linux has it: what could never be filled is refused, unless the program says it knows. */
static int never_fits(size_t length, int protection, int flags)
{
	struct twz_rt_info info;

	if (length <= SMALL || !(protection & PROT_WRITE) || (flags & MAP_NORESERVE))
		return 0;
	return twz_rt_info(&info) >= 0 && length / info.page_size > info.pages_total;
}

long twix_mmap(void *hint, size_t length, int protection, int flags, int fd, off_t offset)
{
	long rights = rights_of(protection);
	uint32_t wanted = 0;
	void *address;

	if (rights < 0)
		return rights;
	if (length == 0 || offset < 0)
		return -EINVAL;
	switch (flags & MAP_TYPE) {
	case MAP_PRIVATE:
		break;
	case MAP_SHARED:
	case MAP_SHARED_VALIDATE:
		wanted |= TWZ_RANGE_SHARED;
		break;
	default:
		return -EINVAL;
	}
	if (flags & MAP_FIXED_NOREPLACE)
		wanted |= TWZ_RANGE_FIXED_NEW;
	else if (flags & MAP_FIXED)
		wanted |= TWZ_RANGE_FIXED;
	if (flags & MAP_ANONYMOUS)
		fd = -1;
	else if (fd < 0)
		return -EBADF;
	if (((flags & MAP_ANONYMOUS) || (flags & MAP_TYPE) == MAP_PRIVATE) &&
	    never_fits(length, protection, flags))
		return -ENOMEM;
	twz_result result = twz_rt_range_map(hint, length, (uint32_t)rights, wanted, fd,
					     fd < 0 ? 0 : (uint64_t)offset, &address);
	return result < 0 ? twix_result(result) : (long)address;
}

long twix_munmap(void *address, size_t length)
{
	if (length == 0)
		return -EINVAL;
	return twix_result(twz_rt_range_unmap(address, length));
}

long twix_mprotect(void *address, size_t length, int protection)
{
	long rights = rights_of(protection);

	if (rights < 0)
		return rights;
	if (length == 0)
		return 0;
	return twix_result(twz_rt_range_protect(address, length, (uint32_t)rights));
}

long twix_mremap(void *address, size_t old_length, size_t new_length, int flags, void *where)
{
	void *moved;

	(void)where;
	if ((flags & ~MREMAP_MAYMOVE) || old_length == 0 || new_length == 0)
		return -EINVAL;
	if (new_length > old_length && never_fits(new_length, PROT_WRITE, 0))
		return -ENOMEM;
	twz_result result =
		twz_rt_range_remap(address, old_length, new_length,
				   flags & MREMAP_MAYMOVE ? TWZ_REMAP_MAY_MOVE : 0, &moved);
	return result < 0 ? twix_result(result) : (long)moved;
}

long twix_madvise(void *address, size_t length, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
		return length ? twix_result(twz_rt_range_discard(address, length)) : 0;
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_FREE: /* may be taken at any time, or never */
		return 0;
	default:
		return -EINVAL;
	}
}

long twix_msync(void *address, size_t length, int flags)
{
	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
	    ((flags & MS_ASYNC) && (flags & MS_SYNC)))
		return -EINVAL;
	return length ? twix_result(twz_rt_range_sync(address, length)) : 0;
}

/* There is no heap segment; malloc takes ranges. */
long twix_brk(void *end)
{
	(void)end;
	return -ENOMEM;
}
