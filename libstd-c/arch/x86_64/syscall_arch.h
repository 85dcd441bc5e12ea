/* SPDX-License-Identifier: BSD-2-Clause */
/* musl's system call macros: each is a call into libstd-c/twix. */

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)

/* twix/call.c. The number comes last, so that the arguments are where the called function wants
 * them. */
__attribute__((__visibility__("hidden"))) long __twix_syscall(long a, long b, long c, long d,
							      long e, long f, long n);

static __inline long __syscall0(long n)
{
	return __twix_syscall(0, 0, 0, 0, 0, 0, n);
}

static __inline long __syscall1(long n, long a)
{
	return __twix_syscall(a, 0, 0, 0, 0, 0, n);
}

static __inline long __syscall2(long n, long a, long b)
{
	return __twix_syscall(a, b, 0, 0, 0, 0, n);
}

static __inline long __syscall3(long n, long a, long b, long c)
{
	return __twix_syscall(a, b, c, 0, 0, 0, n);
}

static __inline long __syscall4(long n, long a, long b, long c, long d)
{
	return __twix_syscall(a, b, c, d, 0, 0, n);
}

static __inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return __twix_syscall(a, b, c, d, e, 0, n);
}

static __inline long __syscall6(long n, long a, long b, long c, long d, long e, long f)
{
	return __twix_syscall(a, b, c, d, e, f, n);
}

#define IPC_64 0
