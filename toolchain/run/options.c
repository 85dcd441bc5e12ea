/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the command line of x86_64-twizzler-run. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static const char usage[] =
	"usage: x86_64-twizzler-run [options] [--] PROGRAM [ARGUMENTS...]\n"
	"       x86_64-twizzler-run [options] --batch FILE\n"
	"       x86_64-twizzler-run [options] --console\n"
	"Boots Twizzler in QEMU, runs a host-built program in it with this standard input, output "
	"and\n"
	"error, the current directory at /host, and exits with the program's exit code. A PROGRAM "
	"named\n"
	"image:/PATH is one of the initial image.\n"
	"\n"
	"  --timeout SECONDS     kill a program that runs longer; exit 124\n"
	"  --smp N               processors (1)\n"
	"  --memory SIZE         memory, with M or G (512M)\n"
	"  --store FILE,nvdimm[,size=SIZE]  keep persistent objects in FILE; made when missing "
	"(64M)\n"
	"  --handler FILE.twh    register an event handler at boot; may repeat\n"
	"  --env NAME=VALUE      set an environment variable of the program; may repeat\n"
	"  --batch FILE          run the programs that FILE lists, one a line (- is standard "
	"input), "
	"each\n"
	"                        apart from the others; results as tab-separated lines\n"
	"  --jobs N              boots that take programs from the list at once (1)\n"
	"  --results FILE        write the results there and not on standard output\n"
	"  --output DIRECTORY    write each program's outputs to files there and not into the "
	"results\n"
	"  --output-limit SIZE   bytes that are kept of each output of a batch (1M)\n"
	"  --console             boot to the prompt on this terminal; Ctrl-A X leaves\n"
	"  --machine q35|microvm QEMU's machine (q35)\n"
	"  --xen                 run a unikernel under the Xen hypervisor\n"
	"  --gdb                 wait for a debugger on port 1234 (also with --console)\n"
	"  --kernel-log FILE     keep the kernel's console output\n"
	"  --append WORDS        add to the kernel's command line (with --xen: to Xen's)\n"
	"  --help, --version\n";

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
	bool nvdimm = false;
	char *rest = strchr(text, ',');

	options->store = text;
	options->store_size = 64ull << 20;
	while (rest != NULL) {
		*rest++ = '\0';
		char *next = strchr(rest, ',');
		if (next != NULL)
			*next = '\0';
		if (strcmp(rest, "nvdimm") == 0) {
			nvdimm = true;
		} else if (strncmp(rest, "size=", 5) != 0 ||
			   !parse_size(rest + 5, &options->store_size)) {
			complain("--store: '%s' is neither nvdimm nor size=SIZE", rest);
			return false;
		}
		rest = next;
	}
	if (!nvdimm)
		complain("--store %s: only NVDIMM stores are supported; write %s,nvdimm", text,
			 text);
	return nvdimm;
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
	OPTION_MEMORY,
	OPTION_STORE,
	OPTION_HANDLER,
	OPTION_ENV,
	OPTION_BATCH,
	OPTION_JOBS,
	OPTION_RESULTS,
	OPTION_OUTPUT,
	OPTION_OUTPUT_LIMIT,
	OPTION_CONSOLE,
	OPTION_MACHINE,
	OPTION_XEN,
	OPTION_GDB,
	OPTION_KERNEL_LOG,
	OPTION_APPEND,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{"timeout", required_argument, NULL, OPTION_TIMEOUT},
	{"smp", required_argument, NULL, OPTION_SMP},
	{"memory", required_argument, NULL, OPTION_MEMORY},
	{"store", required_argument, NULL, OPTION_STORE},
	{"handler", required_argument, NULL, OPTION_HANDLER},
	{"env", required_argument, NULL, OPTION_ENV},
	{"batch", required_argument, NULL, OPTION_BATCH},
	{"jobs", required_argument, NULL, OPTION_JOBS},
	{"results", required_argument, NULL, OPTION_RESULTS},
	{"output", required_argument, NULL, OPTION_OUTPUT},
	{"output-limit", required_argument, NULL, OPTION_OUTPUT_LIMIT},
	{"console", no_argument, NULL, OPTION_CONSOLE},
	{"machine", required_argument, NULL, OPTION_MACHINE},
	{"xen", no_argument, NULL, OPTION_XEN},
	{"gdb", no_argument, NULL, OPTION_GDB},
	{"kernel-log", required_argument, NULL, OPTION_KERNEL_LOG},
	{"append", required_argument, NULL, OPTION_APPEND},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0},
};

/* Takes one option. Returns -1 to go on, or an exit code. */
static int parse_option(struct options *options, int option, char *value)
{
	uint64_t size;

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
	case OPTION_JOBS:
		options->boots = parse_count(value, 1024);
		if (options->boots == 0) {
			complain("--jobs %s: not a number of boots from 1 to 1024", value);
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
		return -1;
	case OPTION_CONSOLE:
		options->console = true;
		return -1;
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
		return -1;
	case OPTION_KERNEL_LOG:
		options->kernel_log = value;
		return -1;
	case OPTION_APPEND:
		options->append = value;
		return -1;
	case OPTION_HELP:
		fputs(usage, stdout);
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

int options_parse(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){
		.cpus = 1,
		.memory = "512M",
		.boots = 1,
		.output_limit = 1u << 20,
	};
	strings_add(&options->environment, "PATH=/bin");
	strings_add(&options->environment, "HOME=/host");
	while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
		int code = parse_option(options, option, optarg);

		if (code >= 0)
			return code;
	}
	if (optind < argc && (options->console || options->batch != NULL)) {
		complain("'%s': a program beside --%s; --help tells the options", argv[optind],
			 options->console ? "console" : "batch");
		return EXIT_USAGE;
	}
	if (optind < argc) {
		static struct job job;

		for (int i = optind; i < argc; i++)
			strings_add(&job.argv, argv[i]);
		options->job = &job;
	}
	if (options->job == NULL && options->batch == NULL && !options->console) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (options->store != NULL && options->machine == MACHINE_MICROVM) {
		complain("--store: QEMU's microvm maps no NVDIMM; use --machine q35");
		return EXIT_USAGE;
	}
	if (options->boots > 1 && (options->store != NULL || options->gdb ||
				   options->kernel_log != NULL || options->handlers.count > 0)) {
		complain("--jobs: a store, handlers, a debugger and a kernel log belong to one "
			 "boot; "
			 "use --jobs 1");
		return EXIT_USAGE;
	}
	return -1;
}
