/* SPDX-License-Identifier: BSD-2-Clause */
/* Words how a program ended: exit codes, signals, faults with their registers and callers. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

/* POSIX signal numbers as libstd-c has them. */
static const char *const signal_names[] = {
	[1] = "SIGHUP",	  [2] = "SIGINT",   [3] = "SIGQUIT",  [4] = "SIGILL",	[5] = "SIGTRAP",
	[6] = "SIGABRT",  [7] = "SIGBUS",   [8] = "SIGFPE",   [9] = "SIGKILL",	[10] = "SIGUSR1",
	[11] = "SIGSEGV", [12] = "SIGUSR2", [13] = "SIGPIPE", [14] = "SIGALRM", [15] = "SIGTERM",
	[17] = "SIGCHLD", [18] = "SIGCONT", [19] = "SIGSTOP", [24] = "SIGXCPU", [25] = "SIGXFSZ",
	[31] = "SIGSYS",
};

const char *signal_name(int number)
{
	static char text[32];

	if (number > 0 && number < (int)(sizeof(signal_names) / sizeof(*signal_names)) &&
	    signal_names[number] != NULL)
		return signal_names[number];
	snprintf(text, sizeof(text), "signal %d", number);
	return text;
}

static const char *access_name(uint32_t access)
{
	if (access & TWZ_RIGHT_EXEC)
		return "execution";
	return access & TWZ_RIGHT_WRITE ? "write" : "read";
}

static const char *why_no_page(uint32_t error)
{
	switch (error) {
	case TWZ_ERR_CORRUPT:
		return "the page is damaged: see twzstore check";
	case TWZ_ERR_NO_SPACE:
		return "the store is full";
	case TWZ_ERR_IO:
		return "the disk did not give it";
	default:
		return "no usable page of its object";
	}
}

/* What happened, without the place. */
static void print_cause(FILE *to, const struct twz_fault *fault)
{
	unsigned long long address = fault->address;

	switch (fault->kind) {
	case TWZ_FAULT_PAGE:
		fprintf(to, "%s of 0x%llx (nothing is mapped there)", access_name(fault->access),
			address);
		break;
	case TWZ_FAULT_PROTECTION:
		fprintf(to, "%s of 0x%llx (mapped without that right)", access_name(fault->access),
			address);
		break;
	case TWZ_FAULT_OBJECT:
		fprintf(to, "%s of 0x%llx (%s)", access_name(fault->access), address,
			why_no_page(fault->error));
		break;
	case TWZ_FAULT_MEMORY:
		fprintf(to, "%s of 0x%llx (memory was exhausted)", access_name(fault->access),
			address);
		break;
	case TWZ_FAULT_ILLEGAL:
		fputs("invalid instruction", to);
		break;
	case TWZ_FAULT_DIVIDE:
		fputs("division error", to);
		break;
	case TWZ_FAULT_FLOAT:
		fputs("floating-point exception", to);
		break;
	case TWZ_FAULT_BREAKPOINT:
		fputs("breakpoint", to);
		break;
	default:
		fprintf(to, "general protection, code 0x%llx", (unsigned long long)fault->code);
		break;
	}
}

static void print_registers(FILE *to, const struct twz_registers *r)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"rax", r->rax}, {"rbx", r->rbx},    {"rcx", r->rcx},	  {"rdx", r->rdx},
		{"rsi", r->rsi}, {"rdi", r->rdi},    {"rbp", r->rbp},	  {"rsp", r->rsp},
		{"r8 ", r->r8},	 {"r9 ", r->r9},     {"r10", r->r10},	  {"r11", r->r11},
		{"r12", r->r12}, {"r13", r->r13},    {"r14", r->r14},	  {"r15", r->r15},
		{"rip", r->rip}, {"flg", r->rflags}, {"fs ", r->fs_base},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		fprintf(to, "%s%s %016llx%s", i % 4 == 0 ? "  " : " ", rows[i].name,
			(unsigned long long)rows[i].value, i % 4 == 3 ? "\n" : "");
	fputc('\n', to);
}

/*
 * "killed by SIGSEGV" and, for a fault, what was done and where; then who called whom, and for a
 * fault the registers.
 */
static void print_death(FILE *to, const struct job *job, const struct ending *ending)
{
	const struct twz_fault *fault = &ending->fault;
	bool faulted = fault->kind != TWZ_FAULT_NONE && fault->kind != TWZ_FAULT_INTERRUPT;

	fprintf(to, "%s: killed by %s", job->argv.items[0], signal_name(ending->code));
	if (faulted) {
		fputs(": ", to);
		print_cause(to, fault);
		fprintf(to, " at rip 0x%llx", (unsigned long long)fault->registers.rip);
	}
	fputc('\n', to);
	if (ending->crash != NULL)
		crash_print(to, job, ending->crash, ending->crash_size);
	if (faulted)
		print_registers(to, &fault->registers);
}

char *ending_words(const struct job *job, const struct ending *ending)
{
	char *words = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&words, &size);

	if (to == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	switch (ending->kind) {
	case ENDING_SIGNALLED:
		print_death(to, job, ending);
		break;
	case ENDING_NOT_STARTED:
		fprintf(to, "x86_64-twizzler-run: %s\n", ending->reason);
		break;
	case ENDING_TIMED_OUT:
	case ENDING_MACHINE:
		if (ending->reason != NULL)
			fprintf(to, "x86_64-twizzler-run: %s: %s\n", job->argv.items[0],
				ending->reason);
		break;
	default:
		break;
	}
	fclose(to);
	return words;
}

int report_ending(const struct job *job, const struct ending *ending, uint64_t timeout_ns)
{
	char *words = ending_words(job, ending);

	if (ending->kind == ENDING_TIMED_OUT)
		complain("%s: killed after %g s (--timeout)", job->argv.items[0],
			 (double)timeout_ns / 1e9);
	fputs(words, stderr);
	free(words);
	switch (ending->kind) {
	case ENDING_EXITED:
		return ending->code & 0xff;
	case ENDING_SIGNALLED:
		return 128 + (ending->code & 0x7f);
	case ENDING_TIMED_OUT:
		return EXIT_TIMED_OUT;
	case ENDING_NOT_STARTED:
		return EXIT_NOT_RUNNABLE;
	default:
		return EXIT_MACHINE;
	}
}

int report_end(const struct job *job, const struct twz_channel_exit *end, const void *crash,
	       size_t crash_size)
{
	const struct ending ending = {
		.kind = end->state == TWZ_VIEW_EXITED ? ENDING_EXITED : ENDING_SIGNALLED,
		.code = end->code,
		.nanoseconds = end->nanoseconds,
		.fault = end->fault,
		.crash = crash,
		.crash_size = crash_size,
	};

	return report_ending(job, &ending, 0);
}

int signal_number(const char *name)
{
	for (int i = 1; i < (int)(sizeof(signal_names) / sizeof(*signal_names)); i++)
		if (signal_names[i] != NULL && strcmp(signal_names[i], name) == 0)
			return i;
	return 0;
}
