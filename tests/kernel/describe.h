/* SPDX-License-Identifier: BSD-2-Clause */
/* The system calls as data: syscall.def read by the tests, so that they know of every entry. */
#ifndef TESTS_KERNEL_DESCRIBE_H
#define TESTS_KERNEL_DESCRIBE_H

#include <stdbool.h>
#include <twizzler/syscall.h>

enum argument_kind {
	ARGUMENT_NUMBER,
	ARGUMENT_IN,  /* a pointer to what the kernel reads */
	ARGUMENT_OUT, /* a pointer to what it writes */
};

struct argument {
	char name[24];
	char type[32]; /* without const, struct and the star */
	enum argument_kind kind;
	uint64_t size; /* of what a pointer points to; 1 for void and char; 0: unknown type */
};

struct call {
	uint64_t number;
	const char *name;
	const char *text; /* of the arguments */
	uint32_t rights;
	unsigned count;
	struct argument arguments[6];
};

extern struct call calls[];
extern const unsigned call_count;

/* Reads the arguments' text; once, before anything else here is used. */
void describe_calls(void);

bool same_text(const char *a, const char *b);

/* A system call by number. */
long raw_call(uint64_t number, const uint64_t arguments[6]);

#endif
