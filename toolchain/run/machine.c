/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU's command line, and QEMU as a child process. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

char *installed_file(const char *variable, const char *relative)
{
	char self[PATH_MAX];
	const char *value = variable != NULL ? getenv(variable) : NULL;

	if (value != NULL && *value != '\0')
		return format_string("%s", value);
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length < 0)
		length = 0;
	self[length] = '\0';
	return format_string("%s/%s", dirname(self), relative);
}

char *escape_commas(const char *text)
{
	char *result = malloc(2 * strlen(text) + 1);
	char *to = result;

	if (result == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	for (; *text != '\0'; text++) {
		if (*text == ',')
			*to++ = ',';
		*to++ = *text;
	}
	*to = '\0';
	return result;
}

void machine_base(struct strings *arguments, const struct options *options)
{
	const char *qemu = getenv("TWZ_QEMU");

	strings_add(arguments, qemu != NULL && *qemu != '\0' ? qemu : "qemu-system-x86_64");
	strings_add(arguments, "-nodefaults");
	strings_add(arguments, "-no-user-config");
	strings_add(arguments, "-no-reboot");
	strings_add(arguments, "-display");
	strings_add(arguments, "none");
	strings_add(arguments, "-accel");
	/* Xen wants the emulated processor that it is asked for. */
	strings_add(arguments, options->xen ? "tcg" : machine_accelerator());
	strings_add(arguments, "-device");
	strings_add(arguments, "isa-debug-exit,iobase=0xf4,iosize=4");
	if (options->gdb) {
		strings_add(arguments, "-S");
		strings_add(arguments, "-gdb");
		if (options->gdb_socket != NULL)
			strings_addf(arguments, "unix:%s,server=on,wait=off", options->gdb_socket);
		else
			strings_add(arguments, "tcp::1234");
	}
}

void machine_common(struct strings *arguments, const struct options *options, const char *kernel)
{
	bool nvdimm = options->store != NULL && !options->store_disk;

	machine_base(arguments, options);
	strings_add(arguments, "-cpu");
	strings_add(arguments, options->cpu);
	strings_add(arguments, "-smp");
	strings_addf(arguments, "%u", options->cpus);
	strings_add(arguments, "-M");
	strings_add(arguments, options->machine == MACHINE_MICROVM
				       ? "microvm,isa-serial=on,pit=on,rtc=on,ioapic2=off"
			       : nvdimm ? "q35,sata=off,smbus=off,nvdimm=on"
					: "q35,sata=off,smbus=off");
	if (options->machine == MACHINE_MICROVM) {
		strings_add(arguments, "-global");
		strings_add(arguments, "virtio-mmio.force-legacy=false");
	}
	if (options->rng) {
		strings_add(arguments, "-device");
		strings_addf(arguments, "virtio-rng-%s", machine_bus(options));
	}
	strings_add(arguments, "-bios");
	strings_add(arguments, "qboot.rom");
	strings_add(arguments, "-kernel");
	strings_add(arguments, kernel);
}

/* microvm with ACPI and one I/O APIC has eight places for virtio devices, which its DSDT tells in
 * AML. */
#define MICROVM_PLACES	   8
#define MICROVM_FIRST	   0xfeb00000u
#define MICROVM_PLACE_SIZE 512u
#define MICROVM_FIRST_LINE 16u

static char *kernel_command_line(const struct options *options)
{
	struct strings words = {0};
	size_t size = 1;

	strings_add(&words, "exit=debug");
	if (options->machine == MACHINE_MICROVM)
		for (unsigned i = 0; i < MICROVM_PLACES; i++)
			strings_addf(&words, "virtio_mmio.device=%u@0x%x:%u", MICROVM_PLACE_SIZE,
				     MICROVM_FIRST + i * MICROVM_PLACE_SIZE,
				     MICROVM_FIRST_LINE + i);
	if (options->append != NULL)
		strings_add(&words, options->append);
	for (size_t i = 0; i < words.count; i++)
		size += strlen(words.items[i]) + 1;
	char *line = format_string("%*s", (int)size, "");
	char *end = line;
	for (size_t i = 0; i < words.count; i++) {
		end += sprintf(end, "%s%s", i > 0 ? " " : "", words.items[i]);
		free(words.items[i]);
	}
	free(words.items);
	return line;
}

int machine_system(struct strings *arguments, const struct options *options,
		   const char *program_directory, struct machine *machine)
{
	char *kernel = installed_file("TWZ_KERNEL", "../share/twizzler/kernel.elf");
	char *image = installed_file("TWZ_IMAGE", "../share/twizzler/initial.img");
	char *append = kernel_command_line(options);
	uint64_t store_size = 0;

	if (access(kernel, R_OK) != 0 || access(image, R_OK) != 0) {
		complain("%s: %s; make it with ./build.sh build",
			 access(kernel, R_OK) != 0 ? kernel : image, strerror(errno));
		return EXIT_MACHINE;
	}
	if (options->store != NULL && !storage_prepare(options, &store_size))
		return EXIT_MACHINE;
	machine_common(arguments, options, kernel);
	strings_add(arguments, "-initrd");
	strings_add(arguments, image);
	strings_add(arguments, "-m");
	if (options->store != NULL && !options->store_disk)
		strings_addf(arguments, "%s,slots=2,maxmem=%lluM", options->memory,
			     strtoull(options->memory, NULL, 10) + (store_size >> 20) + 1024);
	else
		strings_add(arguments, options->memory);
	if (options->store != NULL && !storage_add_store(arguments, options))
		return EXIT_MACHINE;
	storage_add_directory(arguments, options, options->share, "host", false);
	if (program_directory != NULL)
		storage_add_directory(arguments, options, program_directory, "program", true);
	if (options->handlers.count > 0 &&
	    !storage_add_handlers(arguments, options, machine, &append))
		return EXIT_MACHINE;
	strings_add(arguments, "-append");
	/* a store that is refused ends the boot with the reason, instead of a run without it */
	strings_addf(arguments, "%s%s%s", append, options->store != NULL ? " store=required" : "",
		     trace_words(options, false));
	free(append);
	free(kernel);
	free(image);
	return -1;
}

int machine_log(struct strings *arguments, const struct options *options, struct machine *machine)
{
	const char *name = options->kernel_log != NULL ? options->kernel_log : "kernel log";

	machine->log = options->kernel_log != NULL
			       ? open(options->kernel_log, O_RDWR | O_CREAT | O_TRUNC, 0666)
			       : memfd_create("kernel-log", 0);
	if (machine->log < 0) {
		complain("%s: %s", name, strerror(errno));
		return EXIT_MACHINE;
	}
	/* QEMU inherits the descriptor and opens it anew. */
	strings_add(arguments, "-chardev");
	strings_addf(arguments, "file,id=log,path=/proc/self/fd/%d", machine->log);
	strings_add(arguments, "-serial");
	strings_add(arguments, "chardev:log");
	return -1;
}

/* Returns the host's end; the other stays open across exec, for QEMU. */
static int socket_pair(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		complain("socketpair: %s", strerror(errno));
		exit(EXIT_MACHINE);
	}
	fcntl(ends[1], F_SETFD, 0);
	return ends[0];
}

void machine_ports(struct strings *arguments, const struct options *options,
		   struct machine *machine, int guest_ends[4])
{
	static const char *const names[4] = {"stdin", "stdout", "stderr", "control"};
	int *const host_ends[4] = {&machine->input, &machine->output, &machine->error,
				   &machine->control};

	strings_add(arguments, "-device");
	strings_addf(arguments, "virtio-serial-%s,max_ports=5", machine_bus(options));
	for (int i = 0; i < 4; i++) {
		int ends[2];

		*host_ends[i] = socket_pair(ends);
		guest_ends[i] = ends[1];
		strings_add(arguments, "-chardev");
		strings_addf(arguments, "socket,id=%s,fd=%d", names[i], ends[1]);
		strings_add(arguments, "-device");
		strings_addf(arguments, "virtserialport,chardev=%s,name=twz.%s,nr=%d", names[i],
			     names[i], i + 1);
	}
}

int machine_start(struct machine *machine, const struct strings *arguments)
{
	pid_t parent = getpid();

	if (getenv("TWZ_RUN_VERBOSE") != NULL) {
		for (size_t i = 0; i < arguments->count; i++)
			fprintf(stderr, "%s%s", i ? " " : "", arguments->items[i]);
		fputc('\n', stderr);
	}
	int trouble[2];
	if (pipe2(trouble, O_CLOEXEC) != 0) {
		complain("pipe: %s", strerror(errno));
		return EXIT_MACHINE;
	}
	machine->pid = fork();
	if (machine->pid == 0) {
		sigset_t none;

		/* Out of the terminal's group, so that Ctrl-C reaches this tool alone. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		int null = open("/dev/null", O_RDWR);
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		execvp(arguments->items[0], arguments->items);
		int error = errno;
		ssize_t told = write(trouble[1], &error, sizeof(error));
		_exit(told > 0 ? 127 : 1);
	}
	close(trouble[1]);
	int error = machine->pid < 0 ? errno : 0;
	if (machine->pid > 0 && read(trouble[0], &error, sizeof(error)) == sizeof(error))
		waitpid(machine->pid, NULL, 0);
	close(trouble[0]);
	if (error != 0) {
		complain("%s: %s; install the package qemu-system-x86", arguments->items[0],
			 strerror(error));
		machine->pid = -1;
		return EXIT_MACHINE;
	}
	machine->process = (int)syscall(SYS_pidfd_open, machine->pid, 0);
	return -1;
}

int machine_stop(struct machine *machine, bool kill_it)
{
	int status = 0;

	if (machine->pid > 0) {
		if (kill_it)
			kill(machine->pid, SIGKILL);
		while (waitpid(machine->pid, &status, 0) < 0 && errno == EINTR)
			;
		machine->pid = -1;
	}
	scratch_remove(&machine->scratch);
	return status;
}

char *machine_last_words(const struct machine *machine)
{
	char text[4096];
	char *words = NULL;
	size_t size = 0;
	off_t length = lseek(machine->log, 0, SEEK_END);
	FILE *stream = open_memstream(&words, &size);

	if (stream == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	char *kernel = installed_file("TWZ_KERNEL", "../share/twizzler/kernel.elf");
	off_t from = length > (off_t)sizeof(text) ? length - (off_t)sizeof(text) : 0;
	ssize_t got = length > 0 ? pread(machine->log, text, sizeof(text), from) : 0;
	fputs(got > 0 ? "  the kernel's last lines:\n" : "  (the kernel printed nothing)\n",
	      stream);
	const char *end = text + (got > 0 ? got : 0);
	const char *line = text;
	if (from > 0)
		while (line < end && *line++ != '\n')
			;
	while (line < end) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t count = (size_t)((stop != NULL ? stop : end) - line);

		while (count > 0 && line[count - 1] == '\r')
			count--;
		char *source = source_of_backtrace(kernel, line, count);
		fprintf(stream, "  | %.*s%s%s\n", (int)count, line, source != NULL ? "  " : "",
			source != NULL ? source : "");
		free(source);
		line = stop != NULL ? stop + 1 : end;
	}
	fclose(stream);
	free(kernel);
	return words;
}
