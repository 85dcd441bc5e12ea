/* SPDX-License-Identifier: BSD-2-Clause */
/* Words how a program ended: exit codes, signals, faults with their registers and source line. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"

/* POSIX signal numbers as libstd-c has them. */
static const char *const signal_names[] = {
	[1] = "SIGHUP",	  [2] = "SIGINT",   [3] = "SIGQUIT",  [4] = "SIGILL",	[5] = "SIGTRAP",
	[6] = "SIGABRT",  [7] = "SIGBUS",   [8] = "SIGFPE",   [9] = "SIGKILL",	[10] = "SIGUSR1",
	[11] = "SIGSEGV", [12] = "SIGUSR2", [13] = "SIGPIPE", [14] = "SIGALRM", [15] = "SIGTERM",
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

/* What happened, without the place. */
static void print_cause(const struct twz_fault *fault)
{
	unsigned long long address = fault->address;

	switch (fault->kind) {
	case TWZ_FAULT_PAGE:
		fprintf(stderr, "%s of 0x%llx (nothing is mapped there)",
			access_name(fault->access), address);
		break;
	case TWZ_FAULT_PROTECTION:
		fprintf(stderr, "%s of 0x%llx (mapped without that right)",
			access_name(fault->access), address);
		break;
	case TWZ_FAULT_OBJECT:
		fprintf(stderr, "%s of 0x%llx (no usable page of its object)",
			access_name(fault->access), address);
		break;
	case TWZ_FAULT_ILLEGAL:
		fputs("invalid instruction", stderr);
		break;
	case TWZ_FAULT_DIVIDE:
		fputs("division error", stderr);
		break;
	case TWZ_FAULT_FLOAT:
		fputs("floating-point exception", stderr);
		break;
	case TWZ_FAULT_BREAKPOINT:
		fputs("breakpoint", stderr);
		break;
	default:
		fprintf(stderr, "general protection, code 0x%llx", (unsigned long long)fault->code);
		break;
	}
}

static void print_registers(const struct twz_registers *r)
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
		fprintf(stderr, "%s%s %016llx%s", i % 4 == 0 ? "  " : " ", rows[i].name,
			(unsigned long long)rows[i].value, i % 4 == 3 ? "\n" : "");
	fputc('\n', stderr);
}

/* True when the file is linked at fixed addresses, so that rip is an address in it. */
static bool fixed_addresses(const char *path)
{
	Elf64_Ehdr header;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	ssize_t got = read(fd, &header, sizeof(header));
	close(fd);
	return got == (ssize_t)sizeof(header) && header.e_type == ET_EXEC;
}

/* Prints function, file and line of rip, where the toolchain's addr2line is there to ask. */
static void print_source(const char *path, uint64_t rip)
{
	char line[1024];
	int ends[2];
	char *tool = installed_file(NULL, "../bin/x86_64-twizzler-addr2line");

	if (access(tool, X_OK) != 0 || !fixed_addresses(path) || pipe(ends) != 0) {
		free(tool);
		return;
	}
	char *where = format_string("0x%llx", (unsigned long long)rip);
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl(tool, tool, "-fps", "-e", path, where, (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	FILE *answer = fdopen(ends[0], "r");
	if (child > 0 && answer != NULL && fgets(line, sizeof(line), answer) != NULL &&
	    line[0] != '?')
		fprintf(stderr, "  in %s", line);
	if (answer != NULL)
		fclose(answer);
	free(where);
	free(tool);
}

int report_end(const struct job *job, const struct twz_channel_exit *end)
{
	if (end->state == TWZ_VIEW_EXITED)
		return end->code & 0xff;
	fprintf(stderr, "%s: killed by %s", job->argv.items[0], signal_name(end->code));
	if (end->fault.kind != TWZ_FAULT_NONE && end->fault.kind != TWZ_FAULT_INTERRUPT) {
		fputs(": ", stderr);
		print_cause(&end->fault);
		fprintf(stderr, " at rip 0x%llx\n", (unsigned long long)end->fault.registers.rip);
		if (job->host_path != NULL)
			print_source(job->host_path, end->fault.registers.rip);
		print_registers(&end->fault.registers);
	} else {
		fputc('\n', stderr);
	}
	return 128 + (end->code & 0x7f);
}
