/* SPDX-License-Identifier: BSD-2-Clause */
/* dlopen, dlsym, dlclose, dlerror, dladdr, and the TLS of a library that comes and goes. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "../../programs/check.h"

static int opened;

int *host_counter(void)
{
	return &opened;
}

static int (*call)(void);
static pthread_barrier_t barrier;

/* A thread that is there before the library, uses it, and outlives it. */
static void *thread(void *argument)
{
	long ok = 1;
	for (int round = 0; round < 3; round++) {
		pthread_barrier_wait(&barrier);
		/* Fresh TLS in every round: 10 + 1 and 1. */
		ok &= call() == 12 && call() == 14;
		pthread_barrier_wait(&barrier);
	}
	return argument != NULL && ok ? argument : NULL;
}

static void check_round(void *handle)
{
	Dl_info info;
	CHECK(opened == 1);
	call = (int (*)(void))dlsym(handle, "plugin_call");
	int (*base)(void) = (int (*)(void))dlsym(handle, "plugin_base");
	int *state = dlsym(handle, "plugin_state");
	CHECK(call != NULL && base != NULL && state != NULL);
	CHECK(base() == 1);
	CHECK(*state == 1);
	*state = 2;
	CHECK(call() == 12);
	CHECK(dladdr((void *)call, &info) != 0 && info.dli_sname != NULL &&
	      strcmp(info.dli_sname, "plugin_call") == 0 && info.dli_saddr == (void *)call &&
	      strstr(info.dli_fname, "libplugin.so") != NULL);
	CHECK(dlsym(handle, "no_such_symbol") == NULL);
	const char *error = dlerror();
	CHECK(error != NULL && strstr(error, "no_such_symbol") != NULL);
	CHECK(dlerror() == NULL);
	CHECK(dlsym(RTLD_DEFAULT, "plugin_call") == NULL);
}

int main(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "libplugin.so";
	int marker = 0;
	pthread_t other;

	CHECK(dlopen(path, RTLD_NOW | RTLD_NOLOAD) == NULL);
	pthread_barrier_init(&barrier, NULL, 2);
	CHECK(pthread_create(&other, NULL, thread, &marker) == 0);
	for (int round = 0; round < 3; round++) {
		void *handle = dlopen(path, RTLD_NOW);
		CHECK(handle != NULL);
		if (handle == NULL) {
			puts(dlerror());
			return 1;
		}
		CHECK(dlopen(path, RTLD_NOW) == handle && opened == 1);
		CHECK(dlclose(handle) == 0 && opened == 1);
		check_round(handle);
		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		CHECK(dlclose(handle) == 0);
		CHECK(opened == 0);
		CHECK(dlclose(handle) != 0);
	}
	void *ok = NULL;
	CHECK(pthread_join(other, &ok) == 0 && ok == &marker);
	CHECK(dlopen("libnothere.so", RTLD_NOW) == NULL);
	const char *error = dlerror();
	CHECK(error != NULL && strstr(error, "cannot load libnothere.so: not found") != NULL);
	void *self = dlopen(NULL, RTLD_NOW);
	CHECK(self != NULL && dlsym(self, "host_counter") == (void *)host_counter);
	CHECK(dlsym(self, "printf") == (void *)printf);
	CHECK(dlsym(RTLD_NEXT, "host_counter") == NULL && dlerror() != NULL);
	return check_result("open");
}
