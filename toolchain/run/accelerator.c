/* SPDX-License-Identifier: BSD-2-Clause */
/* KVM where it works: a probe boot, bounded in time, whose verdict is kept for a day. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* Milliseconds that the probe may take: emulated, the same boot takes 100. */
#define PROBE_TIME 2000
/* Seconds for which a verdict holds. */
#define VERDICT_LIFE (24 * 60 * 60)
/* What /bin/handlerctl without a command exits with, as isa-debug-exit has it: 2v + 1. The kernel
 * has found its devices by then, and a program has run and made system calls. */
#define PROBE_EXIT 5

static const char *qemu_name(void)
{
	const char *qemu = getenv("TWZ_QEMU");

	return qemu != NULL && *qemu != '\0' ? qemu : "qemu-system-x86_64";
}

/* Waits that long for the child to end; true with its status if it does. */
static bool ended(pid_t child, int handle, int milliseconds, int *status)
{
	struct pollfd event = {.fd = handle, .events = POLLIN};
	int ready;

	do
		ready = poll(&event, 1, milliseconds);
	while (ready < 0 && errno == EINTR);
	return ready > 0 && waitpid(child, status, WNOHANG) == child;
}

/* Boots the installed system under KVM. Returns the verdict's words, malloc'ed; NULL when there is
 * no such QEMU or nothing to boot, which the boot itself will tell. */
static char *probe(void)
{
	char *kernel = installed_file("TWZ_KERNEL", "../share/twizzler/kernel.elf");
	char *image = installed_file("TWZ_IMAGE", "../share/twizzler/initial.img");
	char *words = NULL;
	int status = 0;

	if (access(kernel, R_OK) != 0 || access(image, R_OK) != 0)
		goto out;
	char *const arguments[] = {
		(char *)qemu_name(),
		"-nodefaults",
		"-no-user-config",
		"-no-reboot",
		"-display",
		"none",
		"-accel",
		"kvm",
		"-device",
		"isa-debug-exit,iobase=0xf4,iosize=4",
		"-cpu",
		"max",
		"-smp",
		"2",
		"-m",
		"64M",
		"-M",
		"q35,sata=off,smbus=off",
		"-bios",
		"qboot.rom",
		"-kernel",
		kernel,
		"-initrd",
		image,
		"-append",
		"exit=debug -- /bin/handlerctl",
		NULL,
	};
	pid_t runner = getpid();
	pid_t child = fork();
	if (child < 0)
		goto out;
	if (child == 0) {
		int null = open("/dev/null", O_RDWR);

		/* A group of its own: QEMU may stand behind a script. */
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != runner)
			_exit(127);
		for (int i = 0; i < 3; i++)
			dup2(null, i);
		execvp(arguments[0], arguments);
		_exit(127);
	}
	int handle = (int)syscall(SYS_pidfd_open, child, 0);
	if (handle >= 0 && ended(child, handle, PROBE_TIME, &status)) {
		if (WIFEXITED(status) && WEXITSTATUS(status) == PROBE_EXIT)
			words = format_string("kvm: the probe boot worked");
		else if (WIFSIGNALED(status))
			words = format_string("tcg: signal %d ended the probe boot under KVM",
					      WTERMSIG(status));
		else if (WEXITSTATUS(status) != 127)
			words = format_string("tcg: the probe boot under KVM ended with code %d, "
					      "not %d",
					      WEXITSTATUS(status), PROBE_EXIT);
	} else {
		/* One that the host's kernel does not let go is left behind, not waited for. */
		kill(-child, SIGKILL);
		kill(child, SIGKILL);
		if (handle >= 0)
			ended(child, handle, 1000, &status);
		words = format_string("tcg: the probe boot under KVM did not end in %d s",
				      PROBE_TIME / 1000);
	}
	if (handle >= 0)
		close(handle);
out:
	free(kernel);
	free(image);
	return words;
}

/* The directory of the verdicts, made if need be; NULL when there is no place for it. */
static char *verdict_directory(void)
{
	const char *cache = getenv("TWZ_CACHE"), *user = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char *path;

	if (cache != NULL && *cache == '/')
		path = format_string("%s/accelerator", cache);
	else if (user != NULL && *user == '/')
		path = format_string("%s/twizzler/accelerator", user);
	else if (home != NULL && *home == '/')
		path = format_string("%s/.cache/twizzler/accelerator", home);
	else
		return NULL;
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
	mkdir(path, 0777);
	return path;
}

/* What a verdict holds for: this QEMU, this start of the host, this right to KVM. */
static char *verdict_key(void)
{
	char boot[40] = "";
	int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t size = file >= 0 ? read(file, boot, sizeof(boot) - 1) : 0;

	if (file >= 0)
		close(file);
	boot[size > 0 ? strcspn(boot, "\n") : 0] = '\0';
	return format_string("%s %s %s\n", qemu_name(), boot,
			     access("/dev/kvm", R_OK | W_OK) == 0 ? "open" : "closed");
}

/* FNV-1a. */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return hash;
}

/* The words of a verdict that still holds, malloc'ed, or NULL. */
static char *verdict_read(const char *path, const char *key)
{
	char text[1024];
	struct stat status;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return NULL;
	ssize_t size = read(file, text, sizeof(text) - 1);
	bool fresh = fstat(file, &status) == 0 && time(NULL) - status.st_mtime < VERDICT_LIFE;
	close(file);
	text[size > 0 ? size : 0] = '\0';
	if (!fresh || strncmp(text, key, strlen(key)) != 0)
		return NULL;
	return format_string("%s", text + strlen(key));
}

/* Keeps a verdict, whole or not at all, and removes those that hold no more. */
static void verdict_write(const char *directory, const char *path, const char *key,
			  const char *words)
{
	char *part = format_string("%s.%d", path, (int)getpid());
	int file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (file >= 0) {
		bool whole = dprintf(file, "%s%s\n", key, words) > 0;

		if (close(file) != 0 || !whole || rename(part, path) != 0)
			unlink(part);
	}
	free(part);
	DIR *stream = opendir(directory);
	if (stream == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
		struct stat status;

		if (fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(status.st_mode) && time(NULL) - status.st_mtime >= VERDICT_LIFE)
			unlinkat(dirfd(stream), entry->d_name, 0);
	}
	closedir(stream);
}

const char *machine_accelerator(void)
{
	const char *asked = getenv("TWZ_ACCEL");

	if (asked != NULL && *asked != '\0')
		return asked;
	char *directory = verdict_directory();
	char *key = verdict_key();
	char *path = directory != NULL ? format_string("%s/%016llx", directory,
						       (unsigned long long)hash_of(qemu_name()))
				       : NULL;
	char *words = path != NULL ? verdict_read(path, key) : NULL;
	if (words == NULL) {
		words = probe();
		if (words != NULL && path != NULL)
			verdict_write(directory, path, key, words);
	}
	bool works = words != NULL && strncmp(words, "kvm:", 4) == 0;
	free(words);
	free(path);
	free(key);
	free(directory);
	return works ? "kvm" : "tcg";
}
