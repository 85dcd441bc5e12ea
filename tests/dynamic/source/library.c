/* SPDX-License-Identifier: BSD-2-Clause */
/* A program with two shared libraries of its user: constructors in order, data, TLS in every
 * thread. */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>

#include "../../programs/check.h"
#include "libbase.h"

#define THREADS 8

static int main_constructed;
static __thread long own = 5;

__attribute__((constructor)) static void construct(void)
{
	main_constructed = ++construct_order;
}

static void last(void)
{
	puts("atexit");
}

static void *thread(void *argument)
{
	long ok = 1;
	ok &= own == 5 && base_tls == 7 && base_tls_address() == &base_tls;
	own = base_tls = (int)(long)argument;
	for (int i = 0; i < 1000; i++)
		ok &= counter_next() == 101 + i;
	ok &= counter_tls_sum() == 1100 + (int)(long)argument;
	ok &= own == (long)argument;
	return (void *)ok;
}

static int count_images(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	*(int *)data += info->dlpi_phnum > 0;
	return 0;
}

int main(void)
{
	pthread_t threads[THREADS];
	int images = 0;

	atexit(last);
	CHECK(base_constructed == 1 && counter_constructed == 2 && main_constructed == 3);
	CHECK(strcmp(counter_name(), "counter") == 0);
	CHECK(counter_next() == 101 && counter_tls_sum() == 108);
	for (long i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, thread, (void *)(i + 1)) == 0);
	for (int i = 0; i < THREADS; i++) {
		void *ok = NULL;
		CHECK(pthread_join(threads[i], &ok) == 0 && ok != NULL);
	}
	CHECK(own == 5 && base_tls == 7 && counter_next() == 102);
	/* The program, the runtime, libstd-c and the two. */
	dl_iterate_phdr(count_images, &images);
	CHECK(images == 5);
	CHECK(dlsym(RTLD_DEFAULT, "counter_next") == (void *)counter_next);
	return check_result("library");
}
