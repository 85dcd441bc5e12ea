/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place that turns the errors of Twizzler into those of POSIX. */

#include <errno.h>
#include "twix.h"

/* No default: the compiler names an error that error.def has got and this has not. */
static int errno_of(enum twz_error error)
{
	switch (error) {
	case TWZ_OK:
		return 0;
	case TWZ_ERR_INVALID_ARGUMENT:
		return EINVAL;
	case TWZ_ERR_BAD_ADDRESS:
		return EFAULT;
	case TWZ_ERR_NO_SUCH_OBJECT:
	case TWZ_ERR_NOT_FOUND:
		return ENOENT;
	case TWZ_ERR_ACCESS_DENIED:
		return EACCES;
	case TWZ_ERR_OUT_OF_MEMORY:
		return ENOMEM;
	case TWZ_ERR_NO_SPACE:
		return ENOSPC;
	case TWZ_ERR_TOO_LARGE:
		return EFBIG;
	case TWZ_ERR_EXISTS:
		return EEXIST;
	case TWZ_ERR_BUSY:
		return EBUSY;
	case TWZ_ERR_TIMED_OUT:
		return ETIMEDOUT;
	case TWZ_ERR_WOULD_BLOCK:
		return EAGAIN;
	case TWZ_ERR_INTERRUPTED:
		return EINTR;
	case TWZ_ERR_NO_SUCH_SYSCALL:
	case TWZ_ERR_NOT_SUPPORTED:
		return ENOSYS;
	case TWZ_ERR_BAD_FORMAT:
	case TWZ_ERR_VERSION_MISMATCH:
		return ENOEXEC;
	case TWZ_ERR_CORRUPT:
	case TWZ_ERR_IO:
		return EIO;
	case TWZ_ERR_END_OF_STREAM:
		return EPIPE;
	case TWZ_ERR_BAD_HANDLE:
		return EBADF;
	case TWZ_ERR_NOT_A_DIRECTORY:
		return ENOTDIR;
	case TWZ_ERR_IS_A_DIRECTORY:
		return EISDIR;
	case TWZ_ERR_NOT_EMPTY:
		return ENOTEMPTY;
	case TWZ_ERR_NAME_TOO_LONG:
		return ENAMETOOLONG;
	case TWZ_ERR_TOO_MANY:
		return EMFILE;
	case TWZ_ERR_NOT_IN_HANDLER:
		return EPERM;
	case TWZ_ERR_NO_SUCH_THREAD:
		return ESRCH;
	case TWZ_ERR_LOOP:
		return ELOOP;
	case TWZ_ERR_NOT_SEEKABLE:
		return ESPIPE;
	case TWZ_ERR_READ_ONLY:
		return EROFS;
	case TWZ_ERR_CROSS_DEVICE:
		return EXDEV;
	case TWZ_ERR_NOT_A_TERMINAL:
		return ENOTTY;
	}
	return EIO;
}

long twix_result(twz_result result)
{
	return result >= 0 ? (long)result : -errno_of((enum twz_error) - result);
}
