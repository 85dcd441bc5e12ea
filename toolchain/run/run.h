/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of x86_64-twizzler-run and what passes between them. */
#ifndef TWIZZLER_RUN_H
#define TWIZZLER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include <twizzler/channel.h>

enum exit_code {
	EXIT_USAGE = 2,
	EXIT_TIMED_OUT = 124,
	EXIT_MACHINE = 125, /* the machine or this tool failed */
	EXIT_NOT_RUNNABLE = 126,
	EXIT_NO_PROGRAM = 127,
};

/* ---- strings.c: growing lists of strings; out of memory ends the tool ---- */

struct strings {
	char **items; /* always NULL-ended once something was added */
	size_t count;
	size_t capacity;
};

void strings_add(struct strings *list, const char *text);
void strings_free(struct strings *list);
void strings_addf(struct strings *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A freshly allocated formatted string. */
char *format_string(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * Splits a line into words as a shell does without expansions: blanks separate, '...' and "..."
 * quote, a backslash takes the next byte, # at a word's start comments. False: a quote is open.
 */
bool strings_split(struct strings *words, const char *line);
/* Prints "x86_64-twizzler-run: message" on standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- options.c ---- */

enum machine_kind { MACHINE_Q35, MACHINE_MICROVM };

/* One program to run. */
struct job {
	struct strings argv;
	char *host_path; /* absolute, symlinks resolved; NULL for a program of the image */
	char *guest_path;
	char *guest_directory; /* to start in; NULL: /host */
};

enum mode {
	MODE_PROGRAM,
	MODE_BATCH,
	MODE_CONSOLE,
	MODE_SERVER, /* at options->server */
	MODE_KEEP,   /* for one command */
	MODE_STOP,   /* end the server at options->server */
};

struct options {
	uint64_t timeout_ns; /* of each program; 0: none */
	unsigned cpus;
	const char *cpu; /* QEMU's model */
	bool rng;	 /* a virtio entropy device */
	const char *memory;
	const char *store;   /* its file, or NULL */
	bool store_disk;     /* as virtio-blk, not as an NVDIMM */
	uint64_t store_size; /* when the file must be made */
	struct strings handlers;
	struct strings environment;
	enum machine_kind machine;
	enum mode mode;
	bool xen;		 /* a unikernel under Xen */
	bool gdb;		 /* wait for a debugger, on tcp::1234 or */
	const char *gdb_socket;	 /* on this Unix socket */
	const char *batch;	 /* file with a list of programs, or NULL */
	const char *results;	 /* of the batch: a file, or NULL: standard output */
	const char *output;	 /* directory for the outputs of a batch, or NULL */
	uint64_t output_limit;	 /* bytes of each output that a batch keeps */
	unsigned boots;		 /* that a batch or a server uses at once */
	const char *server;	 /* socket to serve at or to have the program run by, or NULL */
	bool connect;		 /* named on the command line, not by the environment */
	bool own_machine;	 /* an option asks for a machine that a server would not have */
	struct strings keep;	 /* the command that a server is made for */
	uint64_t idle_ns;	 /* after which a server without clients ends; 0: never */
	char *share;		 /* the directory seen at /host, absolute */
	FILE *trace;		 /* where system calls are printed, or NULL */
	const char *trace_calls; /* patterns of their names, or NULL: all */
	const char *kernel_log;
	const char *append; /* more for the kernel's command line, or NULL */
	struct job *job;    /* the program, or NULL */
};

/* Seconds as in "0.5", in ns; false when it is no number above 0. */
bool parse_seconds(const char *text, uint64_t *nanoseconds);

/* The help. */
void usage_print(FILE *stream);

/* Fills *options. Returns -1 to go on, or the code to exit with (a message has been printed). */
int options_parse(struct options *options, int argc, char **argv);

/* ---- program.c ---- */

enum program_kind { PROGRAM_HOSTED, PROGRAM_UNIKERNEL };

/*
 * Checks that job->argv.items[0] names a file that this system can run, and resolves host_path.
 * Names that start with "image:" are programs of the initial image and go unchecked.
 * Returns -1 and the kind, or the code to exit with and why in *refusal (malloc'ed).
 */
int program_check(struct job *job, enum program_kind *kind, char **refusal);

/* ---- place.c ---- */

/*
 * Gives every job its path in the guest: below /host when the file is in the directory `root`, else
 * below /program, which shares the directory that holds all those. Returns that one, or NULL.
 */
char *place_programs(struct job *const *jobs, size_t count, const char *root);

/*
 * The same for one program, all below /host, which is the absolute directory `root`; also the
 * directory to start in. False: the program or the current directory is not in it.
 */
bool place_within(struct job *job, const char *root);

/* ---- machine.c ---- */

/* A running QEMU. Descriptors are the host's ends. */
/* A temporary directory of plain files, which goes with this tool even if that is killed. */
struct scratch {
	char *path; /* NULL: none */
	pid_t keeper;
	int alive; /* closed when this tool ends: then the keeper removes the directory */
};

struct machine {
	pid_t pid;
	int process; /* pidfd */
	int input;   /* twz.stdin */
	int output;  /* twz.stdout */
	int error;   /* twz.stderr */
	int control; /* twz.control */
	int log;     /* the kernel's serial output: a file to read back */
	struct scratch scratch;
};

/* The path of a file installed with the toolchain; environment variable `variable` overrides it. */
char *installed_file(const char *variable, const char *relative);

/* A copy of the text with its commas doubled: they separate the parts of a QEMU option. */
char *escape_commas(const char *text);

/* "kvm" where a probe boot of at most two seconds has shown that it works, else "tcg"; TWZ_ACCEL
 * overrides. A verdict is kept for a day in the cache, and the probe made again when QEMU, the
 * right to /dev/kvm or the host's start is another one. */
const char *machine_accelerator(void);

/* QEMU's arguments for any guest: accelerator, exit device, debugger. */
void machine_base(struct strings *arguments, const struct options *options);

/* Those and what our own kernel boots on: processor, machine, firmware. `kernel` is what -kernel
 * boots. */
void machine_common(struct strings *arguments, const struct options *options, const char *kernel);

/*
 * Adds the OS: kernel, image, memory, store, handlers, the current directory as 9P device "host"
 * and program_directory (may be NULL) as "program". Returns -1 or an exit code.
 */
int machine_system(struct strings *arguments, const struct options *options,
		   const char *program_directory, struct machine *machine);

/* Adds the kernel's serial log, kept in memory or in options->kernel_log. -1 or an exit code. */
int machine_log(struct strings *arguments, const struct options *options, struct machine *machine);

/* Adds the four ports; guest_ends are QEMU's ends, to be closed here once it runs. */
void machine_ports(struct strings *arguments, const struct options *options,
		   struct machine *machine, int guest_ends[4]);

/* Starts QEMU. Returns -1 on success (pid and process set) or an exit code. */
int machine_start(struct machine *machine, const struct strings *arguments);

/* Kills QEMU or waits for its end, and removes what was made for it. Returns its wait status. */
int machine_stop(struct machine *machine, bool kill_it);

/* The last lines of the kernel's console, for people; malloc'ed. */
char *machine_last_words(const struct machine *machine);

/* ---- storage.c ---- */

/*
 * The ending of a virtio device's name in QEMU: microvm's are on MMIO, q35's on PCI. A notification
 * is taken by the CPU's thread itself: setting up its hand-over to QEMU's main loop takes
 * milliseconds at boot.
 */
const char *machine_bus(const struct options *options);

/* Makes the store's file when it is missing; its size in *size. False: a message has been printed.
 */
bool storage_prepare(const struct options *options, uint64_t *size);
bool storage_add_store(struct strings *arguments, const struct options *options);

/* Shares a directory as the 9P device `tag`. */
void storage_add_directory(struct strings *arguments, const struct options *options,
			   const char *path, const char *tag, bool read_only);

/* Shares copies of the handler images at /handler and names them in *append, the kernel's command
 * line. */
bool storage_add_handlers(struct strings *arguments, const struct options *options,
			  struct machine *machine, char **append);

/* ---- single.c, batch.c, console.c, unikernel.c: each runs one shape and returns the exit code */

int single_run(const struct options *options);
int server_run(const struct options *options);
int batch_run(const struct options *options);
int console_run(const struct options *options);
int unikernel_run(const struct options *options);

/*
 * A unikernel's command line: the kernel's own options, "--", the arguments, argv[0] first, quoted
 * as strings_split reads them.
 */
char *unikernel_command_line(const struct options *options);

/* ---- client.c ---- */

struct sockaddr_un;

/* The address of a socket's path; false: a message has been printed. */
bool wire_address(const char *path, struct sockaddr_un *address);

/*
 * Has options->job run by the server. Returns its exit code. *elsewhere: the server cannot reach
 * it, and nothing has been done.
 */
int client_run(const struct options *options, bool *elsewhere);
/* Ends the server. */
int client_stop(const struct options *options);

/* ---- xen.c ---- */

/* Adds Xen with the unikernel as its PVH dom0. Returns -1 or an exit code. */
int machine_xen(struct strings *arguments, const struct options *options);

/* ---- source.c: addresses as "function at file:line"; what is returned is malloc'ed or NULL ----
 */

/*
 * Of addresses that the ELF file gives a place to; asks the toolchain's addr2line once. To
 * sources[i] come those of addresses[i], a function that was inlined before the one that it is in;
 * none for an unknown address.
 */
void sources_of_addresses(const char *elf, const uint64_t *addresses, size_t count,
			  struct strings *sources);
/* Of one, the function that is not inlined. */
char *source_of_address(const char *elf, uint64_t address);
/* Whether it is a line of a kernel's backtrace, "  ffffffff80001234 name+1a", and the address. */
bool backtrace_address(const char *line, size_t length, uint64_t *address);
/* Of such a line; NULL for any other. */
char *source_of_backtrace(const char *kernel, const char *line, size_t length);

/* ---- crash.c ---- */

/* Whether it is a struct twz_crash with all that follows it. */
bool crash_is_whole(const void *bytes, size_t size);
/* The thread that ended the program and its callers, a line each; nothing for what is not whole. */
void crash_print(FILE *to, const struct job *job, const void *bytes, size_t size);

/* ---- trace.c: the programs' system calls, one boot's; each function takes NULL for no trace ----
 */

struct trace;

/* Adds the port that the kernel writes to; *out is NULL when no trace is asked for. *guest_end is
 * QEMU's, to be closed when it runs, or -1. */
void trace_open(struct trace **out, const struct options *options, struct strings *arguments,
		int *guest_end);
/* More for the kernel's command line, with a space before it, or "". */
const char *trace_words(const struct options *options, bool unikernel);
/* Prints from the event loop from now on. */
void trace_watch(struct trace *trace);
/* What to poll instead where there is no loop, or -1. */
int trace_port(const struct trace *trace);
/* Prints what has come. */
void trace_drain(struct trace *trace);
/* Names the program that begins now. */
void trace_begin(struct trace *trace, const struct job *job);
/* The program has ended: calls that have not returned are printed with "= ?". */
void trace_end(struct trace *trace);
void trace_close(struct trace *trace);

/* ---- scratch.c ---- */

/* False with a complaint when there can be none. */
bool scratch_make(struct scratch *scratch);
/* Removes it and all in it; does nothing to a zeroed one. */
void scratch_remove(struct scratch *scratch);

/* ---- report.c ---- */

struct ending;

/* What there is to say of an end, whole lines; malloc'ed, empty for an ordinary exit. */
char *ending_words(const struct job *job, const struct ending *ending);
/* Prints that on standard error. Returns the exit code that stands for the end. */
int report_ending(const struct job *job, const struct ending *ending, uint64_t timeout_ns);
/* The same for what a unikernel reports; crash: of its CRASH message, or NULL. */
int report_end(const struct job *job, const struct twz_channel_exit *end, const void *crash,
	       size_t crash_size);
/* "SIGSEGV" for 11; "signal n" for unknown ones (static storage). */
const char *signal_name(int number);
/* 11 for "SIGSEGV"; 0 when there is no such name. */
int signal_number(const char *name);

#endif
