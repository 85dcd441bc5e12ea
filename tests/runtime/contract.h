/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contract tests of the Runtime ABI: what a test may use. Nothing here needs libstd-c, so that a
 * thread made by twz_rt_thread_spawn may check as well as the first one.
 */
#ifndef CONTRACT_H
#define CONTRACT_H

#include <stdbool.h>
#include <string.h>
#include <twizzler/rt.h>
#include <twz/sys.h>

struct contract {
	const char *name;
	void (*run)(void);
};

#define REGISTER_(section_, prefix, function)                                  \
	static void prefix##function(void);                                    \
	__attribute__((used, section(#section_))) static const struct contract \
		prefix##entry_##function = {#function, prefix##function};      \
	static void prefix##function(void)

/* The contract of one function of the headers. */
#define CONTRACT(function) REGISTER_(contracts, contract_, function)
/* What several functions promise together. */
#define SCENARIO(name) REGISTER_(scenarios, scenario_, name)
/* Runs only when it is named, on a machine that is made for it. */
#define EXTRA(name) REGISTER_(extras, extra_, name)
/* Runs in a program of its own, started by child_start("name", ...); its return ends it with 0. */
#define CHILD(name) REGISTER_(children, child_, name)

/* True when this is the reference runtime. */
bool is_reference(void);

/* ---- checks ---- */

void check_true(bool value, const char *file, int line, const char *text);
bool check_result(twz_result got, twz_result wanted, const char *file, int line, const char *text);
twz_result check_good(twz_result got, const char *file, int line, const char *text);
void check_never_fails(void);

#define CHECK(condition) check_true((condition), __FILE__, __LINE__, #condition)
/* The call returns exactly this. */
#define GIVES(call, value) check_result((call), (value), __FILE__, __LINE__, #call)
/* The call returns this error. */
#define FAILS(call, error) \
	check_result((call), -(twz_result)TWZ_ERR_##error, __FILE__, __LINE__, #call)
/* The call succeeds; its result. */
#define GOOD(call) check_good((call), __FILE__, __LINE__, #call)
/* The function has no error that a program could cause; otherwise a contract must show one. */
#define NEVER_FAILS() check_never_fails()

void say(const char *text);
void say_number(int64_t number);

/* ---- addresses ---- */

#define PAGE	    4096ul
#define RW	    (TWZ_RIGHT_READ | TWZ_RIGHT_WRITE)
#define NO_PAGE	    ((void *)16)	  /* in the page that is never mapped */
#define KERNEL_HALF ((void *)(1ul << 63)) /* no program's */

/* Whether an access to the byte faults. Sets the upcall handler and restores the default. */
bool read_faults(const void *at);
bool write_faults(void *at);

/* One access, in assembler: 0, or 1 when read_faults or write_faults has caught its fault. */
__attribute__((visibility("hidden"))) int probe_read(const void *at);
__attribute__((visibility("hidden"))) int probe_write(void *at);

/* A fresh anonymous range, readable and writable. */
char *fresh_range(size_t length);

/* ---- names ---- */

#define PATH(text) (text), sizeof(text) - 1
#define HERE	   TWZ_RT_AT_CWD
#define NEW	   (TWZ_OPEN_READ | TWZ_OPEN_WRITE | TWZ_OPEN_CREATE)
#define NOW	   TWZ_IO_AT_POSITION

/*
 * For each writable place (volatile objects, the host's directory, the store where there is one):
 * makes a directory there and enters it.
 *
 *	for (const char *place = NULL; (place = next_place(place)) != NULL;)
 */
const char *next_place(const char *last);
/* Of the last place: its files are objects. */
bool place_has_objects(void);

/* A new file "name" here with these bytes; its descriptor, open for reading and writing. */
int new_file(const char *name, const void *bytes, size_t length);
void remove_file(const char *name);
/* A directory in memory, for tests that need one whatever it is; enters it. */
void enter_tmp(void);

/* ---- time and threads ---- */

#define MS 1000000ull
uint64_t now(void);
uint64_t after(uint64_t nanoseconds);
void nap(uint64_t nanoseconds);

struct thread {
	void (*run)(void *argument);
	void *argument;
	uint32_t alive; /* the clear word */
	uint32_t number;
	char *stack;
	struct twz_rt_tcb *tcb;
	size_t tls_size;
	void *tls;
};
/* Starts and joins a thread that has nothing of libstd-c's but its memory. */
bool thread_start(struct thread *thread, void (*run)(void *argument), void *argument);
void thread_join(struct thread *thread);

/* ---- programs ---- */

#define CHILD_ARGUMENTS 6
extern const char *self_path;
extern int child_argc;
extern char **child_argv; /* of a child: what follows its name */
/* Starts this program as a child; its number. `more` ends with NULL. */
twz_result child_start(const char *name, const char *const *more);
/* Waits for a child: its exit code, or -signal. */
int child_end(twz_result number);
/* Both. */
int child_code(const char *name);

/* A number in decimal. */
char *text_of(uint64_t number, char buffer[24]);
uint64_t number_of(const char *text);

#endif
