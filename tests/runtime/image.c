/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of rt/info.h: loaded images, and dynamic linking, which the minimal runtime refuses. */
#include "contract.h"

static _Thread_local int thread_local_word = 42;

/* The minimal runtime: refused, and told. Its address is one of the program's. */
static void check_refused(bool refused)
{
	CHECK(refused);
	const char *message = twz_rt_dl_error();
	CHECK(message != NULL && strstr(message, "not supported") != NULL);
	CHECK(twz_rt_dl_error() == NULL); /* once */
}

CONTRACT(twz_rt_image)
{
	struct twz_rt_image image, other;
	memset(&image, 0xff, sizeof(image));
	GIVES(twz_rt_image(0, &image), 0);
	CHECK(image.path != NULL && image.path[0] == 0); /* the program */
	CHECK(image.phdr != NULL && image.phdr_count > 2 && image.eh_frame_hdr != NULL);
	/* its thread-local storage is where it says */
	struct twz_rt_tcb *tcb;
	__asm__("mov %%fs:0, %0" : "=r"(tcb));
	uintptr_t word = (uintptr_t)&thread_local_word;
	CHECK(thread_local_word == 42 && image.tls_module == 1);
	CHECK(word >= (uintptr_t)tcb - image.tls_offset && word < (uintptr_t)tcb);
	CHECK(tcb->dtv[image.tls_module] == (uintptr_t)tcb - image.tls_offset);
	size_t count = 1;
	while (twz_rt_image(count, &other) == 0) {
		CHECK(other.path[0] != 0 && other.base != image.base);
		count++;
	}
	CHECK(is_reference() ? count >= 3 : count == 1); /* libstd-c.so, libtwz_rt.so */
	FAILS(twz_rt_image(count, &other), NOT_FOUND);
	FAILS(twz_rt_image(~0ul, &other), NOT_FOUND);
	FAILS(twz_rt_image(0, NULL), BAD_ADDRESS);
	FAILS(twz_rt_image(0, KERNEL_HALF), BAD_ADDRESS);
}

CONTRACT(twz_rt_image_at)
{
	struct twz_rt_image image;
	GIVES(twz_rt_image_at((void *)(uintptr_t)check_refused, &image), 0);
	CHECK(image.path[0] == 0);
	FAILS(twz_rt_image_at(&thread_local_word, &image), NOT_FOUND); /* no image's */
	GIVES(twz_rt_image_at((void *)(uintptr_t)twz_rt_image_at, &image), 0);
	CHECK((image.path[0] != 0) == is_reference());
	FAILS(twz_rt_image_at(NULL, &image), NOT_FOUND);
	FAILS(twz_rt_image_at(KERNEL_HALF, &image), NOT_FOUND);
	FAILS(twz_rt_image_at((void *)(uintptr_t)check_refused, NULL), BAD_ADDRESS);
	FAILS(twz_rt_image_at((void *)(uintptr_t)check_refused, KERNEL_HALF), BAD_ADDRESS);
}

/* ---- dynamic linking ---- */

static char library_path[4096];

/* Beside the program; libcontract.so gives libcontract_value() and a thread-local counter. */
static const char *library(void)
{
	size_t length = strlen(self_path);
	while (length != 0 && self_path[length - 1] != '/')
		length--;
	memcpy(library_path, self_path, length);
	memcpy(library_path + length, "libcontract.so", sizeof("libcontract.so"));
	return library_path;
}

CONTRACT(twz_rt_dl_open)
{
	if (!is_reference()) {
		check_refused(twz_rt_dl_open(library(), TWZ_DL_NOW) == NULL);
		check_refused(twz_rt_dl_open(NULL, TWZ_DL_NOW) == NULL);
		return;
	}
	CHECK(twz_rt_dl_open(library(), TWZ_DL_NOLOAD) == NULL && twz_rt_dl_error() != NULL);
	void *first = twz_rt_dl_open(library(), TWZ_DL_NOW);
	CHECK(first != NULL && twz_rt_dl_error() == NULL);
	CHECK(twz_rt_dl_open(library(), TWZ_DL_LAZY) == first);
	CHECK(twz_rt_dl_open(library(), TWZ_DL_NOLOAD) == first);
	struct twz_rt_image image;
	size_t count = 0, found = 0;
	while (twz_rt_image(count++, &image) == 0)
		found += strstr(image.path, "libcontract.so") != NULL;
	CHECK(found == 1);
	for (int i = 0; i < 3; i++)
		CHECK(twz_rt_dl_close(first) == 0);
	CHECK(twz_rt_dl_open(library(), TWZ_DL_NOLOAD) == NULL && twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_open(NULL, TWZ_DL_NOW) != NULL);
	CHECK(twz_rt_dl_open("", TWZ_DL_NOW) == NULL && twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_open("/none.so", TWZ_DL_NOW) == NULL);
	const char *message = twz_rt_dl_error();
	CHECK(message != NULL && strstr(message, "/none.so") != NULL);
	CHECK(twz_rt_dl_error() == NULL);
	CHECK(twz_rt_dl_open(library(), 0x80000000u) == NULL && twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_open(KERNEL_HALF, TWZ_DL_NOW) == NULL && twz_rt_dl_error() != NULL);
}

CONTRACT(twz_rt_dl_symbol)
{
	if (!is_reference()) {
		check_refused(twz_rt_dl_symbol(TWZ_DL_DEFAULT, "main", NULL, NULL) == NULL);
		return;
	}
	void *handle = twz_rt_dl_open(library(), TWZ_DL_NOW);
	int (*value)(void) =
		(int (*)(void))twz_rt_dl_symbol(handle, "libcontract_value", NULL, NULL);
	CHECK(value != NULL && value() == 1 && value() == 2);
	int *counter = twz_rt_dl_symbol(handle, "libcontract_counter", NULL, NULL);
	CHECK(counter != NULL && *counter == 2); /* this thread's */
	CHECK(twz_rt_dl_symbol(TWZ_DL_DEFAULT, "libcontract_value", NULL, NULL) == NULL);
	CHECK(twz_rt_dl_error() != NULL); /* it is not global */
	CHECK(twz_rt_dl_symbol(TWZ_DL_DEFAULT, "twz_rt_info", NULL, NULL) ==
	      (void *)(uintptr_t)twz_rt_info);
	CHECK(twz_rt_dl_symbol(TWZ_DL_NEXT, "twz_rt_info", NULL,
			       (void *)(uintptr_t)check_refused) == (void *)(uintptr_t)twz_rt_info);
	CHECK(twz_rt_dl_symbol(handle, "libcontract_none", NULL, NULL) == NULL);
	const char *message = twz_rt_dl_error();
	CHECK(message != NULL && strstr(message, "libcontract_none") != NULL);
	CHECK(twz_rt_dl_symbol((void *)&message, "main", NULL, NULL) == NULL);
	CHECK(twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_symbol(handle, NULL, NULL, NULL) == NULL && twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_close(handle) == 0);
}

CONTRACT(twz_rt_dl_close)
{
	if (!is_reference()) {
		check_refused(twz_rt_dl_close(NULL) != 0);
		return;
	}
	void *handle = twz_rt_dl_open(library(), TWZ_DL_NOW);
	CHECK(handle != NULL && twz_rt_dl_close(handle) == 0);
	CHECK(twz_rt_dl_close(handle) != 0 && twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_close(NULL) != 0 && twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_close((void *)&handle) != 0 && twz_rt_dl_error() != NULL);
	CHECK(twz_rt_dl_close(twz_rt_dl_open(NULL, 0)) == 0); /* the program stays */
}

static void fail_in_thread(void *argument)
{
	*(bool *)argument = twz_rt_dl_error() == NULL; /* the other thread's is not this one's */
	twz_rt_dl_open("/thread.so", TWZ_DL_NOW);
}

CONTRACT(twz_rt_dl_error)
{
	struct thread thread;
	bool separate = false;
	CHECK(twz_rt_dl_error() == NULL);
	twz_rt_dl_open("/none.so", TWZ_DL_NOW);
	CHECK(thread_start(&thread, fail_in_thread, &separate));
	thread_join(&thread);
	CHECK(separate || !is_reference()); /* one message for all threads in the minimal one */
	const char *message = twz_rt_dl_error();
	CHECK(!is_reference() || (message != NULL && strstr(message, "/none.so") != NULL));
	CHECK(twz_rt_dl_error() == NULL);
}

CONTRACT(twz_rt_dl_address)
{
	struct twz_rt_dl_info info;
	if (!is_reference()) {
		FAILS(twz_rt_dl_address((void *)(uintptr_t)check_refused, &info), NOT_SUPPORTED);
		return;
	}
	const char *code = (const char *)(uintptr_t)twz_rt_dl_address;
	GIVES(twz_rt_dl_address(code + 1, &info), 0);
	CHECK(strstr(info.image, "libtwz_rt.so") != NULL && info.image_base != NULL);
	CHECK(!strcmp(info.symbol, "twz_rt_dl_address") && info.symbol_address == code);
	FAILS(twz_rt_dl_address(NULL, &info), NOT_FOUND);
	FAILS(twz_rt_dl_address(KERNEL_HALF, &info), NOT_FOUND);
	FAILS(twz_rt_dl_address(code, NULL), BAD_ADDRESS);
	FAILS(twz_rt_dl_address(code, KERNEL_HALF), BAD_ADDRESS);
}
