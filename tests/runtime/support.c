/* SPDX-License-Identifier: BSD-2-Clause */
/* What contract tests share: probing addresses, places for files, threads, child programs. */
#include "contract.h"

bool is_reference(void)
{
	struct twz_rt_info info = {0};
	twz_rt_info(&info);
	return info.runtime == TWZ_RUNTIME_REFERENCE;
}

/* ---- addresses ---- */

extern const char probe_fault[];

__asm__(".pushsection .text\n"
	".globl probe_read, probe_write\n"
	".hidden probe_read, probe_write\n"
	"probe_read:\n"
	"	movb (%rdi), %al\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"probe_write:\n"
	"	orb $0, (%rdi)\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	"probe_fault:\n"
	"	movl $1, %eax\n"
	"	ret\n"
	".popsection\n");

static int on_probe(struct twz_upcall_frame *frame)
{
	uint64_t rip = frame->fault.registers.rip;
	if (rip != (uint64_t)probe_read && rip != (uint64_t)probe_write)
		return 0;
	frame->fault.registers.rip = (uint64_t)probe_fault;
	return 1;
}

bool read_faults(const void *at)
{
	twz_rt_set_upcall_handler(on_probe);
	bool fault = probe_read(at);
	twz_rt_set_upcall_handler(NULL);
	return fault;
}

bool write_faults(void *at)
{
	twz_rt_set_upcall_handler(on_probe);
	bool fault = probe_write(at);
	twz_rt_set_upcall_handler(NULL);
	return fault;
}

char *fresh_range(size_t length)
{
	void *at = NULL;
	GIVES(twz_rt_range_map(NULL, length, RW, 0, -1, 0, &at), 0);
	return at;
}

/* ---- names ---- */

static const char *const places[] = {"/tmp", "/host", "/store"};
#define PLACES (sizeof(places) / sizeof(places[0]))
static size_t place;

bool place_has_objects(void)
{
	return places[place][1] != 'h';
}

void enter_tmp(void)
{
	GIVES(twz_rt_cwd_set(HERE, PATH("/tmp")), 0);
}

const char *next_place(const char *last)
{
	struct twz_rt_stat stat;
	if (last != NULL) {
		GIVES(twz_rt_cwd_set(HERE, PATH("..")), 0);
		GIVES(twz_rt_path_remove(HERE, PATH("contract"), TWZ_REMOVE_DIRECTORY), 0);
		place++;
	} else {
		place = 0;
	}
	while (place < PLACES &&
	       twz_rt_path_stat(HERE, places[place], strlen(places[place]), 0, &stat) < 0)
		place++;
	if (place == PLACES) {
		enter_tmp();
		return NULL;
	}
	GIVES(twz_rt_cwd_set(HERE, places[place], strlen(places[place])), 0);
	GIVES(twz_rt_path_mkdir(HERE, PATH("contract"), 0755), 0);
	GIVES(twz_rt_cwd_set(HERE, PATH("contract")), 0);
	return places[place];
}

int new_file(const char *name, const void *bytes, size_t length)
{
	int fd =
		(int)GOOD(twz_rt_fd_open(HERE, name, strlen(name), NEW | TWZ_OPEN_EXCLUSIVE, 0600));
	if (length != 0)
		GIVES(twz_rt_fd_write(fd, bytes, length, 0), (twz_result)length);
	return fd;
}

void remove_file(const char *name)
{
	GIVES(twz_rt_path_remove(HERE, name, strlen(name), 0), 0);
}

/* ---- time and threads ---- */

uint64_t now(void)
{
	return twz_rt_clock(TWZ_CLOCK_MONOTONIC);
}

uint64_t after(uint64_t nanoseconds)
{
	return now() + nanoseconds;
}

void nap(uint64_t nanoseconds)
{
	uint64_t until = after(nanoseconds);
	while (now() < until)
		twz_rt_sleep_until(until);
}

#define STACK_SIZE (16 * PAGE)

static void thread_main(void *argument)
{
	struct thread *thread = argument;
	thread->run(thread->argument);
	twz_rt_thread_exit(NULL, 0);
}

bool thread_start(struct thread *thread, void (*run)(void *argument), void *argument)
{
	*thread = (struct thread){.run = run, .argument = argument, .alive = 1};
	thread->tls_size = twz_rt_tls_size();
	thread->tls = fresh_range(thread->tls_size);
	thread->tcb = twz_rt_tls_init(thread->tls);
	thread->stack = fresh_range(STACK_SIZE);
	struct twz_rt_thread_args args = {
		.entry = thread_main,
		.argument = thread,
		.stack = thread->stack + STACK_SIZE,
		.tcb = thread->tcb,
		.clear_word = &thread->alive,
		.parent_number = &thread->number,
	};
	return GOOD(twz_rt_thread_spawn(&args)) > 0;
}

void thread_join(struct thread *thread)
{
	GIVES(twz_rt_thread_join(&thread->alive, after(60000 * MS)), 0);
	twz_rt_tls_fini(thread->tcb);
	GIVES(twz_rt_range_unmap(thread->stack, STACK_SIZE), 0);
	GIVES(twz_rt_range_unmap(thread->tls, thread->tls_size), 0);
}

/* ---- programs ---- */

twz_result child_start(const char *name, const char *const *more)
{
	char *argv[CHILD_ARGUMENTS + 4] = {(char *)self_path, (char *)"child", (char *)name};
	for (size_t i = 0; more != NULL && more[i] != NULL && i < CHILD_ARGUMENTS; i++)
		argv[3 + i] = (char *)more[i];
	struct twz_rt_spawn_args args = {
		.path = self_path,
		.path_length = strlen(self_path),
		.argv = argv,
	};
	return GOOD(twz_rt_exec_spawn(&args));
}

int child_end(twz_result number)
{
	struct twz_rt_wait_result end = {0};
	if (number <= 0)
		return -1000;
	if (!GIVES(twz_rt_exec_wait((uint32_t)number, after(60000 * MS), &end), number)) {
		twz_rt_exec_kill((uint32_t)number, 9);
		return -1001;
	}
	return end.state == TWZ_VIEW_EXITED ? end.code : -end.code;
}

int child_code(const char *name)
{
	return child_end(child_start(name, NULL));
}
