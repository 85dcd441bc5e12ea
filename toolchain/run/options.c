/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the command line of x86_64-twizzler-run. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

/* A number with a suffix K, M or G in bytes; false when it is none. */
static bool parse_size(const char *text, uint64_t *size)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *text == '-' || value == 0)
		return false;
	unsigned shift = 0;
	if (*end == 'K' || *end == 'k')
		shift = 10;
	else if (*end == 'M' || *end == 'm')
		shift = 20;
	else if (*end == 'G' || *end == 'g')
		shift = 30;
	if (shift != 0)
		end++;
	if (*end != '\0' || value > (UINT64_MAX >> shift))
		return false;
	*size = (uint64_t)value << shift;
	return true;
}

static bool parse_store(struct options *options, char *text)
{
	char *rest = strchr(text, ',');

	options->store = text;
	options->store_size = 64ull << 20;
	while (rest != NULL) {
		*rest++ = '\0';
		char *next = strchr(rest, ',');
		if (next != NULL)
			*next = '\0';
		if (strcmp(rest, "nvdimm") == 0 || strcmp(rest, "blk") == 0) {
			options->store_disk = strcmp(rest, "blk") == 0;
		} else if (strncmp(rest, "size=", 5) != 0 ||
			   !parse_size(rest + 5, &options->store_size)) {
			complain("--store: '%s' is not nvdimm, blk or size=SIZE", rest);
			return false;
		}
		rest = next;
	}
	return true;
}

bool parse_seconds(const char *text, uint64_t *nanoseconds)
{
	char *end;

	errno = 0;
	double seconds = strtod(text, &end);
	if (errno != 0 || end == text || *end != '\0' || !(seconds > 0 && seconds < 1e9))
		return false;
	*nanoseconds = (uint64_t)(seconds * 1e9);
	return true;
}

/* A number from 1 to `most`; 0 when it is none. */
static unsigned parse_count(const char *text, unsigned most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (end == text || *end != '\0' || *text == '-' || value > most)
		return 0;
	return (unsigned)value;
}

enum option_code {
	OPTION_TIMEOUT = 256,
	OPTION_SMP,
	OPTION_CPU,
	OPTION_RNG,
	OPTION_MEMORY,
	OPTION_STORE,
	OPTION_HANDLER,
	OPTION_ENV,
	OPTION_BATCH,
	OPTION_JOBS,
	OPTION_SERVER,
	OPTION_KEEP,
	OPTION_CONNECT,
	OPTION_STOP,
	OPTION_IDLE,
	OPTION_SHARE,
	OPTION_RESULTS,
	OPTION_OUTPUT,
	OPTION_OUTPUT_LIMIT,
	OPTION_CONSOLE,
	OPTION_MACHINE,
	OPTION_XEN,
	OPTION_GDB,
	OPTION_TRACE,
	OPTION_TRACE_CALLS,
	OPTION_KERNEL_LOG,
	OPTION_APPEND,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"smp", required_argument, NULL, OPTION_SMP},
	{"cpu", required_argument, NULL, OPTION_CPU},
	{"rng", no_argument, NULL, OPTION_RNG},
	{"memory", required_argument, NULL, OPTION_MEMORY},
	{"store", required_argument, NULL, OPTION_STORE},
	{"handler", required_argument, NULL, OPTION_HANDLER},
	{"env", required_argument, NULL, OPTION_ENV},
	{"batch", required_argument, NULL, OPTION_BATCH},
	{"jobs", required_argument, NULL, OPTION_JOBS},
	{"server", required_argument, NULL, OPTION_SERVER},
	{"keep", no_argument, NULL, OPTION_KEEP},
	{"connect", required_argument, NULL, OPTION_CONNECT},
	{"stop", no_argument, NULL, OPTION_STOP},
	{"idle", required_argument, NULL, OPTION_IDLE},
	{"share", required_argument, NULL, OPTION_SHARE},
	{"results", required_argument, NULL, OPTION_RESULTS},
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{"output-limit", required_argument, NULL, OPTION_OUTPUT_LIMIT},
	{"console", no_argument, NULL, OPTION_CONSOLE},
	{"machine", required_argument, NULL, OPTION_MACHINE},
	{"xen", no_argument, NULL, OPTION_XEN},
	{"gdb", optional_argument, NULL, OPTION_GDB},
	{"trace", optional_argument, NULL, OPTION_TRACE},
	{"trace-calls", required_argument, NULL, OPTION_TRACE_CALLS},
	{"kernel-log", required_argument, NULL, OPTION_KERNEL_LOG},
	{"append", required_argument, NULL, OPTION_APPEND},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

/* What is asked for beside running one program. Returns -1, or an exit code when there is more. */
static int set_mode(struct options *options, enum mode mode)
{
	if (options->mode != MODE_PROGRAM && options->mode != mode) {
		complain("--batch, --console, --server, --keep and --stop exclude each other");
		return EXIT_USAGE;
	}
	options->mode = mode;
	return -1;
}

/* Whether the option asks for a machine of its own, which a server's is not. */
static bool about_machine(int option)
{
	switch (option) {
	case OPTION_SMP:
	case OPTION_CPU:
	case OPTION_RNG:
	case OPTION_MEMORY:
	case OPTION_STORE:
	case OPTION_HANDLER:
	case OPTION_MACHINE:
	case OPTION_XEN:
	case OPTION_GDB:
	case OPTION_TRACE:
	case OPTION_KERNEL_LOG:
	case OPTION_APPEND:
	case OPTION_SHARE:
		return true;
	default:
		return false;
	}
}

/* Takes one option. Returns -1 to go on, or an exit code. */
static int parse_option(struct options *options, int option, char *value)
{
	uint64_t size;

	options->own_machine |= about_machine(option);
	switch (option) {
	case OPTION_TIMEOUT:
		if (!parse_seconds(value, &options->timeout_ns)) {
			complain("--timeout %s: not a number of seconds above 0", value);
			return EXIT_USAGE;
		}
		return -1;
	case OPTION_SMP:
		options->cpus = parse_count(value, 255);
		if (options->cpus == 0) {
			complain("--smp %s: not a number of processors from 1 to 255", value);
			return EXIT_USAGE;
		}
		return -1;
	case OPTION_CPU:
		options->cpu = value;
		return -1;
	case OPTION_RNG:
		options->rng = true;
		return -1;
	case OPTION_JOBS:
		options->boots = parse_count(value, 1024);
		if (options->boots == 0) {
			complain("--jobs %s: not a number of boots from 1 to 1024", value);
			return EXIT_USAGE;
		}
		return -1;
	case OPTION_SERVER:
		options->server = value;
		return set_mode(options, MODE_SERVER);
	case OPTION_KEEP:
		return set_mode(options, MODE_KEEP);
	case OPTION_CONNECT:
		options->server = value;
		options->connect = true;
		return -1;
	case OPTION_STOP:
		return set_mode(options, MODE_STOP);
	case OPTION_IDLE:
		if (!parse_seconds(value, &options->idle_ns)) {
			complain("--idle %s: not a number of seconds above 0", value);
			return EXIT_USAGE;
		}
		return -1;
	case OPTION_SHARE:
		free(options->share);
		options->share = realpath(value, NULL);
		if (options->share == NULL) {
			complain("--share %s: %s", value, strerror(errno));
			return EXIT_USAGE;
		}
		return -1;
	case OPTION_RESULTS:
		options->results = value;
		return -1;
	case OPTION_OUTPUT:
		options->output = value;
		return -1;
	case OPTION_OUTPUT_LIMIT:
		if (!parse_size(value, &options->output_limit)) {
			complain("--output-limit %s: not a size, as in 64K or 4M", value);
			return EXIT_USAGE;
		}
		return -1;
	case OPTION_MEMORY:
		if (!parse_size(value, &size) || size < (16ull << 20)) {
			complain("--memory %s: not a size of at least 16M, as in 512M or 2G",
				 value);
			return EXIT_USAGE;
		}
		options->memory = format_string("%lluM", (unsigned long long)(size >> 20));
		return -1;
	case OPTION_STORE:
		return parse_store(options, value) ? -1 : EXIT_USAGE;
	case OPTION_HANDLER:
		strings_add(&options->handlers, value);
		return -1;
	case OPTION_ENV:
		if (strchr(value, '=') == NULL || value[0] == '=') {
			complain("--env %s: not NAME=VALUE", value);
			return EXIT_USAGE;
		}
		strings_add(&options->environment, value);
		return -1;
	case OPTION_BATCH:
		options->batch = value;
		return set_mode(options, MODE_BATCH);
	case OPTION_CONSOLE:
		return set_mode(options, MODE_CONSOLE);
	case OPTION_MACHINE:
		if (strcmp(value, "microvm") == 0) {
			options->machine = MACHINE_MICROVM;
		} else if (strcmp(value, "q35") != 0) {
			complain("--machine %s: q35 and microvm are known", value);
			return EXIT_USAGE;
		}
		return -1;
	case OPTION_XEN:
		options->xen = true;
		return -1;
	case OPTION_GDB:
		options->gdb = true;
		options->gdb_socket = value;
		return -1;
	case OPTION_TRACE:
		options->trace = value != NULL ? fopen(value, "we") : stderr;
		if (options->trace == NULL) {
			complain("--trace=%s: %s", value, strerror(errno));
			return EXIT_MACHINE;
		}
		return -1;
	case OPTION_TRACE_CALLS:
		options->trace_calls = value;
		return -1;
	case OPTION_KERNEL_LOG:
		options->kernel_log = value;
		return -1;
	case OPTION_APPEND:
		options->append = value;
		return -1;
	case OPTION_HELP:
		usage_print(stdout);
		return EXIT_SUCCESS;
	case OPTION_VERSION:
		printf("x86_64-twizzler-run, ABI %d.%d.%d\n", TWZ_ABI_MAJOR, TWZ_ABI_MINOR,
		       TWZ_ABI_PATCH);
		return EXIT_SUCCESS;
	default:
		complain("--help tells the options");
		return EXIT_USAGE;
	}
}

/* Takes what stands behind the options. Returns -1 or an exit code. */
static int take_operands(struct options *options, char **words)
{
	static const char *const names[] = {
		[MODE_BATCH] = "batch",
		[MODE_CONSOLE] = "console",
		[MODE_SERVER] = "server",
		[MODE_STOP] = "stop",
	};
	static struct job job;
	bool wanted = options->mode == MODE_PROGRAM || options->mode == MODE_KEEP;

	if (*words == NULL && wanted) {
		usage_print(stderr);
		return EXIT_USAGE;
	}
	if (*words != NULL && !wanted) {
		complain("'%s': a program beside --%s; --help tells the options", *words,
			 names[options->mode]);
		return EXIT_USAGE;
	}
	for (; *words != NULL; words++)
		strings_add(options->mode == MODE_KEEP ? &options->keep : &job.argv, *words);
	if (options->mode == MODE_PROGRAM)
		options->job = &job;
	return -1;
}

/* Refuses options that do not go together. Returns -1 or an exit code. */
static int check_combination(const struct options *options)
{
	if (options->store != NULL && !options->store_disk && options->machine == MACHINE_MICROVM) {
		complain("--store: QEMU's microvm maps no NVDIMM; use FILE,blk or --machine q35");
		return EXIT_USAGE;
	}
	if (options->trace_calls != NULL && options->trace == NULL) {
		complain("--trace-calls: of which trace? add --trace");
		return EXIT_USAGE;
	}
	if (options->trace != NULL && options->mode != MODE_PROGRAM &&
	    (options->mode != MODE_BATCH || options->boots > 1)) {
		complain("--trace: follows a program or a batch in one boot");
		return EXIT_USAGE;
	}
	if (options->boots > 1 && (options->store != NULL || options->gdb ||
				   options->kernel_log != NULL || options->handlers.count > 0)) {
		complain("--jobs: a store, handlers, a debugger and a kernel log belong to one "
			 "boot; use --jobs 1");
		return EXIT_USAGE;
	}
	if (options->connect && options->own_machine) {
		complain("--connect: the machine is the server's; give options about it to "
			 "--server");
		return EXIT_USAGE;
	}
	if (options->mode == MODE_STOP && options->server == NULL) {
		complain("--stop: which server? add --connect SOCKET");
		return EXIT_USAGE;
	}
	return -1;
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option;
	const char *server = getenv("TWIZZLER_RUN_SERVER");

	*options = (struct options){
		.cpus = 1,
		.cpu = "max",
		.memory = "512M",
		.boots = 1,
		.output_limit = 1u << 20,
		.idle_ns = 900000000000ull,
	};
	strings_add(&options->environment, "PATH=/bin");
	strings_add(&options->environment, "HOME=/host");
	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		int code = parse_option(options, option, optarg);

		if (code >= 0)
			return code;
	}
	/* What needs a machine of its own gets one, whatever the environment says. */
	if (options->server == NULL && server != NULL && *server != '\0' && !options->own_machine &&
	    (options->mode == MODE_PROGRAM || options->mode == MODE_STOP))
		options->server = server;
	int code = take_operands(options, argv + optind);
	if (code < 0)
		code = check_combination(options);
	if (code < 0 && options->share == NULL) {
		options->share = realpath(".", NULL);
		if (options->share == NULL) {
			complain("the current directory: %s", strerror(errno));
			code = EXIT_MACHINE;
		}
	}
	return code;
}
