/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ends by a fault or a signal in a known function, here, in another thread or in a library; the
 * lines marked CRASH and CALL name the test's facts. Nothing is inlined and no call is a jump.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISTINCT __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

#ifdef WITH_LIBRARY
int fault_in_library(int *where);
int library_calls(int (*function)(int));
#endif

int *volatile nowhere;
volatile int sink;

DISTINCT static int fault_in_main(int depth)
{
	return *nowhere + depth; /* CRASH main */
}

DISTINCT static int middle(int depth)
{
	char room[200];

	memset(room, depth, sizeof(room));
	sink += room[depth];
	return fault_in_main(depth) + 1; /* CALL middle */
}

DISTINCT static void *fault_in_thread(void *argument)
{
	*nowhere = *(int *)argument; /* CRASH thread */
	return argument;
}

DISTINCT static int aborts(int depth)
{
	sink = depth;
	abort(); /* CALL abort */
}

DISTINCT static int asserts(int depth)
{
	assert(depth == 12345); /* CALL assert */
	return depth;
}

DISTINCT static int raises(int depth)
{
	return raise(SIGABRT) + depth; /* CALL raise */
}

DISTINCT static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b + *nowhere; /* CRASH compare */
}

DISTINCT static int sorts(int depth)
{
	int items[8] = {8, 7, 6, 5, 4, 3, 2, depth};

	qsort(items, 8, sizeof(items[0]), compare); /* CALL qsort */
	return items[0];
}

DISTINCT static int recurses(int depth)
{
	volatile char room[4096];

	room[0] = (char)depth;
	return depth < 0 ? 0 : recurses(depth + 1) + room[0]; /* CRASH recursion */
}

DISTINCT static int jumps(int depth)
{
	int (*function)(int) = (int (*)(int))(uintptr_t)nowhere;

	return function(depth) + 1; /* CALL nowhere */
}

DISTINCT static int divides(int depth)
{
	sink = 0;
	return depth / sink; /* CRASH divide */
}

DISTINCT static int illegal(int depth)
{
	__asm__ volatile("ud2" : : "r"(depth)); /* CRASH illegal */
	return depth;
}

/* Writes over its own return address. */
__attribute__((noinline, noclone, optimize("stack-protector-all"))) static int smashes(int depth)
{
	char room[16];

	for (volatile int i = 0; i < 64; i++)
		((volatile char *)room)[i] = (char)depth;
	return room[3];
}

/* Stacks that lead nowhere, to themselves, out of all memory. */
DISTINCT static int with_stack(const char *kind)
{
	static uint64_t ring[64] __attribute__((aligned(16)));
	uint64_t top = (uint64_t)(uintptr_t)&ring[32];

	for (int i = 0; i < 64; i++)
		ring[i] = (uint64_t)(uintptr_t)&ring[i % 8];
	if (strcmp(kind, "wild") == 0)
		top = ~0ull - 7;
	if (strcmp(kind, "null") == 0)
		top = 0;
	if (strcmp(kind, "code") == 0)
		top = (uint64_t)(uintptr_t)with_stack & ~15ull;
	__asm__ volatile("movq %0, %%rsp\n\tmovq %0, %%rbp\n\tud2" : : "r"(top)); /* CRASH stack */
	return 0;
}

/* More than a machine of 64 MiB has, page by page. */
DISTINCT static int exhausts(int depth)
{
	const size_t size = 32 << 20;
	volatile char *rooms[4] = {malloc(size), malloc(size), malloc(size), malloc(size)};

	for (size_t i = 0; i < 4; i++)
		for (size_t at = 0; rooms[i] != NULL && at < size; at += 4096)
			rooms[i][at] = (char)depth; /* CRASH memory */
	return depth;
}

DISTINCT static void faults_in_handler(int number)
{
	fault_in_main(number); /* CALL handler fault */
}

DISTINCT static void aborts_in_handler(int number)
{
	aborts(number); /* CALL handler abort */
}

/* Interrupted wherever it is, by a signal whose handler faults. */
DISTINCT static int spins(int depth)
{
	const struct itimerval soon = {.it_value = {.tv_usec = 10000}};

	signal(SIGALRM, faults_in_handler);
	setitimer(ITIMER_REAL, &soon, NULL);
	do
		sink = depth;
	while (sink != 0);
	return depth;
}

DISTINCT static int in_child(int depth)
{
	if (fork() == 0)
		aborts(depth);
	wait(NULL);
	return depth;
}

/* What ends a program is a call in main, with what it is told by. */
static const struct {
	const char *name;
	int (*function)(int);
} ways[] = {
	{"main", fault_in_main}, {"chain", middle},    {"abort", aborts},	{"assert", asserts},
	{"raise", raises},	 {"sort", sorts},      {"recursion", recurses}, {"jump", jumps},
	{"divide", divides},	 {"illegal", illegal}, {"smash", smashes},	{"child", in_child},
	{"spin", spins},	 {"memory", exhausts},
};

DISTINCT static void *named(void *argument)
{
	pthread_setname_np(pthread_self(), "the-culprit");
	return fault_in_thread(argument); /* CALL thread */
}

DISTINCT static void *aborts_in_thread(void *argument)
{
	aborts(*(int *)argument);
	return argument;
}

static int in_thread(void *(*function)(void *), int number)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, function, &number) != 0)
		return 1;
	pthread_join(thread, NULL);
	return 2;
}

static void handle(int number)
{
	(void)number;
}

DISTINCT static void panic_as_unikernel(void)
{
	__asm__ volatile("int $2"); /* CRASH panic */
}

DISTINCT int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "main";

	if (strcmp(what, "thread") == 0)
		return in_thread(named, argc);
	if (strcmp(what, "thread-abort") == 0)
		return in_thread(aborts_in_thread, argc);
#ifdef WITH_LIBRARY
	if (strcmp(what, "library") == 0)
		return fault_in_library(nowhere);
	if (strcmp(what, "callback") == 0)
		return library_calls(middle);
#endif
	/* With a handler for another signal the runtime sees the fault first. */
	if (strcmp(what, "handler") == 0)
		signal(SIGUSR1, handle);
	if (strcmp(what, "caught") == 0) {
		signal(SIGSEGV, aborts_in_handler);
		return middle(argc); /* CALL caught */
	}
	if (strcmp(what, "libc") == 0)
		return (int)strlen((const char *)nowhere);
	if (strcmp(what, "terminate") == 0)
		raise(SIGTERM);
	if (strcmp(what, "panic") == 0)
		panic_as_unikernel();
	if (strcmp(what, "stack") == 0)
		return with_stack(argc > 2 ? argv[2] : "");
	if (strcmp(what, "exec") == 0) {
		execv(argv[2], (char *[]){argv[2], argv[3], NULL});
		return 3;
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(what, ways[i].name) == 0)
			return ways[i].function(argc) & 1; /* CALL way */
	return fault_in_main(argc);
}
