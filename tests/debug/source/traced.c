/* SPDX-License-Identifier: BSD-2-Clause */
/* Issues a known sequence of system calls, right and wrong ones, then some from threads. */
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include <twz/sys.h>

#define THREADS 4
#define REPEATS 5

/* A number that no call has. */
static int64_t unknown_call(void)
{
	int64_t result = 0x1fff;

#ifndef UNIKERNEL
	__asm__ volatile("syscall" : "+a"(result) : "D"(1), "S"(2) : "rcx", "r11", "memory");
#endif
	return result;
}

static void *ask(void *argument)
{
	for (int i = 0; i < REPEATS; i++)
		twz_sys_object_delete(0xabc, (uint64_t)(uintptr_t)argument);
	return NULL;
}

int main(int argc, char **argv)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW,
				       .protections =
					       TWZ_RIGHT_READ | TWZ_RIGHT_WRITE | TWZ_RIGHT_DELETE};
	struct twz_object_spec wrong = {.flags = TWZ_OBJECT_RAW | 0x80};
	struct twz_object_stat stat;
	struct twz_id id;
	pthread_t threads[THREADS];
	uint32_t words[2] = {5, 6};
	struct twz_sync_op ops[2] = {
		{.word = &words[0], .value = 1, .kind = TWZ_SYNC_WAKE},
		{.word = &words[1], .value = 7, .kind = TWZ_SYNC_WAIT, .flags = TWZ_SYNC_FIRM},
	};
	char bytes[100];

	memset(bytes, 'x', sizeof(bytes));
	twz_sys_stream_find("begin", 5);
	twz_sys_object_create(&spec, &id);
	twz_sys_object_stat(id.hi, id.lo, &stat);
	twz_sys_object_create(&wrong, &id);
	twz_sys_object_create((void *)16, &id);
	twz_sys_object_stat(0x11, 0x22, &stat);
	twz_sys_object_protect(stat.id.hi, stat.id.lo, 0, 4096, TWZ_RIGHT_READ | TWZ_RIGHT_EXEC);
	twz_sys_thread_sync(ops, 2, TWZ_FOREVER);
	twz_sys_thread_interrupt(999999, 65);
	twz_sys_clock_read(99);
	twz_sys_stream_write(77, bytes, sizeof(bytes));
	twz_sys_stream_find("no\"such\x01port\n", 13);
	twz_sys_object_delete(stat.id.hi, stat.id.lo);
	unknown_call();
	twz_sys_stream_find("end", 3);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, ask, (void *)(i + 1)) != 0)
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (argc > 1 && strcmp(argv[1], "sleep") == 0) {
		ops[1].value = words[1];
		twz_sys_thread_sync(ops, 2, TWZ_FOREVER);
	}
	return 7;
}
