/* SPDX-License-Identifier: BSD-2-Clause */
/* Ends by a fault in a known function, here, in another thread or in a library; the lines marked
 * CRASH name the test's facts. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#ifdef WITH_LIBRARY
int fault_in_library(int *where);
#endif

int *volatile nowhere;

__attribute__((noinline)) static int fault_in_main(int depth)
{
	return *nowhere + depth; /* CRASH main */
}

__attribute__((noinline)) static void *fault_in_thread(void *argument)
{
	*nowhere = *(int *)argument; /* CRASH thread */
	return argument;
}

static void handle(int number)
{
	(void)number;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "main";
	int number = argc;

	if (strcmp(what, "thread") == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, fault_in_thread, &number) != 0)
			return 1;
		pthread_join(thread, NULL);
		return 2;
	}
#ifdef WITH_LIBRARY
	if (strcmp(what, "library") == 0)
		return fault_in_library(nowhere);
#endif
	/* With a handler for another signal the runtime sees the fault first. */
	if (strcmp(what, "handler") == 0)
		signal(SIGUSR1, handle);
	if (strcmp(what, "libc") == 0)
		return (int)strlen((const char *)nowhere);
	return fault_in_main(argc);
}
