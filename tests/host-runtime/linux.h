/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw Linux system calls and their errors, for the Runtime ABI over Linux. */
#ifndef HOST_RUNTIME_LINUX_H
#define HOST_RUNTIME_LINUX_H

#include <twizzler/rt.h>

enum {
	LINUX_read = 0,
	LINUX_write = 1,
	LINUX_close = 3,
	LINUX_fstat = 5,
	LINUX_poll = 7,
	LINUX_lseek = 8,
	LINUX_mmap = 9,
	LINUX_mprotect = 10,
	LINUX_munmap = 11,
	LINUX_rt_sigaction = 13,
	LINUX_ioctl = 16,
	LINUX_pread64 = 17,
	LINUX_pwrite64 = 18,
	LINUX_readv = 19,
	LINUX_writev = 20,
	LINUX_sched_yield = 24,
	LINUX_mremap = 25,
	LINUX_msync = 26,
	LINUX_madvise = 28,
	LINUX_getpid = 39,
	LINUX_fork = 57,
	LINUX_execve = 59,
	LINUX_exit = 60,
	LINUX_wait4 = 61,
	LINUX_kill = 62,
	LINUX_fcntl = 72,
	LINUX_fsync = 74,
	LINUX_ftruncate = 77,
	LINUX_getcwd = 79,
	LINUX_chdir = 80,
	LINUX_fchdir = 81,
	LINUX_fchmod = 91,
	LINUX_getppid = 110,
	LINUX_prctl = 157,
	LINUX_arch_prctl = 158,
	LINUX_gettid = 186,
	LINUX_tkill = 200,
	LINUX_futex = 202,
	LINUX_sched_getaffinity = 204,
	LINUX_getdents64 = 217,
	LINUX_set_tid_address = 218,
	LINUX_clock_gettime = 228,
	LINUX_clock_nanosleep = 230,
	LINUX_exit_group = 231,
	LINUX_openat = 257,
	LINUX_mkdirat = 258,
	LINUX_newfstatat = 262,
	LINUX_unlinkat = 263,
	LINUX_renameat = 264,
	LINUX_linkat = 265,
	LINUX_symlinkat = 266,
	LINUX_readlinkat = 267,
	LINUX_fchmodat = 268,
	LINUX_ppoll = 271,
	LINUX_set_robust_list = 273,
	LINUX_utimensat = 280,
	LINUX_dup3 = 292,
	LINUX_pipe2 = 293,
	LINUX_preadv = 295,
	LINUX_pwritev = 296,
	LINUX_getrandom = 318,
};

static inline long linux_call(long n, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ __volatile__("syscall"
			     : "=a"(result)
			     : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			     : "rcx", "r11", "memory");
	return result;
}
#define CALL_(n, a, b, c, d, e, f, ...) \
	linux_call(LINUX_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL(...) CALL_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* A result of Linux as a twz_result. */
twz_result linux_result(long result);

struct linux_timespec {
	int64_t seconds, nanoseconds;
};

/* A monotonic deadline as an absolute time for the kernel. */
static inline struct linux_timespec linux_time(uint64_t time)
{
	return (struct linux_timespec){(int64_t)(time / 1000000000 & 0x7fffffffffffffff),
				       (int64_t)(time % 1000000000)};
}

/* The program's own ELF file, from its auxiliary vector (start.c). */
struct host_program {
	uintptr_t base;
	const void *phdr;
	size_t phdr_count;
	const void *random;
	const char *path;
	uintptr_t stack;
};
extern struct host_program host_program;

void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
size_t strlen(const char *string);

#endif
