/* SPDX-License-Identifier: BSD-2-Clause */
/* Constructors and destructors: what a library needs is made before it and goes after it. */
#include "../runtime-min/start.h"
#include "loader.h"

static struct library *last_constructed;

static int has_code(uintptr_t function)
{
	/* Some tool chains leave 0 and -1 in the arrays. */
	return function != 0 && function != ~(uintptr_t)0;
}

static void run_constructors(const struct library *library, int argc, char **argv, char **envp)
{
	const struct code_lists *code = &library->code;
	if (code->init != NULL)
		code->init(argc, argv, envp);
	for (size_t i = 0; i < code->init_count; i++) {
		if (has_code((uintptr_t)code->init_array[i]))
			code->init_array[i](argc, argv, envp);
	}
}

static void run_destructors(const struct library *library)
{
	const struct code_lists *code = &library->code;
	for (size_t i = code->fini_count; i > 0; i--) {
		if (has_code((uintptr_t)code->fini_array[i - 1]))
			code->fini_array[i - 1]();
	}
	if (code->fini != NULL)
		code->fini();
}

void library_construct(struct library *library, int argc, char **argv, char **envp)
{
	/* Already done, or on the way: libraries that need each other come in the order met. */
	if (library->constructing || library->constructed)
		return;
	library->constructing = 1;
	for (size_t i = 0; i < library->needed_count; i++)
		library_construct(library->needed[i], argc, argv, envp);
	library->constructed_before = last_constructed;
	last_constructed = library;
	library->constructed = 1;
	run_constructors(library, argc, argv, envp);
	library->constructing = 0;
}

int libraries_destruct_one(uint32_t round)
{
	struct library **link = &last_constructed;
	while (*link != NULL && (*link)->mark == round)
		link = &(*link)->constructed_before;
	struct library *library = *link;
	if (library == NULL)
		return 0;
	*link = library->constructed_before;
	library->constructed = 0;
	run_destructors(library);
	return 1;
}

void twz_rt_run_constructors(int argc, char **argv, char **envp)
{
	loader_lock();
	for (size_t i = 0; i < program->code.preinit_count; i++) {
		if (has_code((uintptr_t)program->code.preinit_array[i]))
			program->code.preinit_array[i](argc, argv, envp);
	}
	library_construct(program, argc, argv, envp);
	loader_unlock();
}

void twz_rt_run_destructors(void)
{
	static uint32_t done;
	if (__atomic_exchange_n(&done, 1, __ATOMIC_ACQ_REL) != 0)
		return;
	loader_lock();
	/* A destructor may open libraries: what is constructed meanwhile goes too. */
	while (last_constructed != NULL) {
		struct library *library = last_constructed;
		last_constructed = library->constructed_before;
		library->constructed = 0;
		run_destructors(library);
	}
	loader_unlock();
}
