/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine has, and how long the kernel took to the first program. shapes: static */

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <twz/sys.h>

static unsigned started;

static void *start(void *unused)
{
	__atomic_add_fetch(&started, 1, __ATOMIC_RELAXED);
	return unused;
}

int main(int argc, char **argv)
{
	struct twz_system_info info;
	pthread_t threads[64];

	if (twz_sys_system_info(&info) < 0 || info.cpus > 64)
		return 1;
	for (unsigned i = 0; i < info.cpus; i++)
		if (pthread_create(&threads[i], NULL, start, NULL))
			return 2;
	for (unsigned i = 0; i < info.cpus; i++)
		pthread_join(threads[i], NULL);
	printf("%u processors, %u threads, %lu MiB, boot %lu ns\n", info.cpus, started,
	       info.pages_total >> 8, info.boot_nanoseconds);
	fflush(stdout);
	(void)argv;
	if (argc > 1) /* until it is killed */
		pause();
	return 0;
}
