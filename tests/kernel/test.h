/* SPDX-License-Identifier: BSD-2-Clause */
/* A test program that is the first program of its own boot: nothing but the kernel and libtwz's
 * stubs. */
#ifndef TESTS_KERNEL_TEST_H
#define TESTS_KERNEL_TEST_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/syscall.h>
#include <twizzler/object.h>
#include <twz/sys.h>
#include "print.h"

#define PAGE	TWZ_PAGE_SIZE
#define SLOT(n) ((char *)((uint64_t)(n) << TWZ_SLOT_SHIFT))
#define OWN	((struct twz_id){0, 0})

/* Tests register themselves. */
struct test {
	const char *name;
	void (*run)(void);
};
#define TEST(test_name)                                                            \
	static void test_name(void);                                               \
	static const struct test test_name##_entry                                 \
		__attribute__((used, section("tests"))) = {#test_name, test_name}; \
	static void test_name(void)

void failed(const char *file, int line, const char *what, long got);
extern bool test_failed;

#define CHECK(condition)                                           \
	do {                                                       \
		if (!(condition))                                  \
			failed(__FILE__, __LINE__, #condition, 0); \
	} while (0)
/* A call's result, which the message shows. */
#define EQUAL(call, expected)                                                     \
	do {                                                                      \
		long got_ = (long)(call);                                         \
		if (got_ != (long)(expected))                                     \
			failed(__FILE__, __LINE__, #call " == " #expected, got_); \
	} while (0)

/* A raw object mapped read-write (or as said) at a slot, inheritance as said. */
struct twz_id raw_at(uint64_t slot, uint32_t rights, enum twz_inherit inherit);
void map_at(struct twz_id object, uint64_t slot, uint32_t rights, enum twz_inherit inherit);
void drop(struct twz_id object, uint64_t slot);

/* Start a thread on a stack of its own; it calls function(argument) and then ends, clearing its
 * word. */
struct worker {
	volatile uint32_t running; /* 1 until it has ended */
	void (*function)(void *);
	void *argument;
	uint64_t stack, number;
	struct twz_id id;
};
void worker_start(struct worker *worker, void (*function)(void *), void *argument);
/* The same with a priority, which it has from its first instruction on. */
void worker_start_at(struct worker *worker, void (*function)(void *), void *argument,
		     uint32_t priority);
void worker_join(struct worker *worker);

/* Sleep until the word differs from value. */
void wait_word(volatile uint32_t *word, uint32_t value);
void wake_word(volatile uint32_t *word, uint32_t count);

/* Run `function` in a clone of this view; returns the clone's control page, mapped at *slot, after
 * its end. */
const struct twz_view_control *run_clone(void (*function)(void), struct twz_id *id, uint64_t *slot);

/* Faults: an address that is tried, and what came of it. */
uint32_t try_read(const volatile void *address);
uint32_t try_write(volatile void *address);
uint32_t try_call(const void *address);
extern struct twz_fault last_fault;
void faults_init(void);
/* Asked about a fault that no try_* waits for: true to try the instruction again. NULL: none is. */
extern bool (*unexpected_fault)(const struct twz_fault *fault);

#endif
