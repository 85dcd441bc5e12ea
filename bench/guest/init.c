/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Linux guest's init for programs that want a medium: loads the modules of /modules in their
 * order, mounts the medium's ext4 on /data, runs its arguments there as a program, unmounts, and
 * leaves through isa-debug-exit with the program's exit code. The first argument is "dax" (the
 * NVDIMM, mounted with dax=always) or "disk" (virtio-blk).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEVICES	   "/sys/bus/nd/devices/"
#define PATIENCE_S 20

static _Noreturn void leave(int code)
{
	fflush(NULL);
	if (iopl(3) == 0)
		outl((unsigned)code, 0xf4);
	reboot(RB_POWER_OFF);
	_exit(code);
}

static void need(int good, const char *what)
{
	if (good)
		return;
	printf("init: %s: %s\n", what, strerror(errno));
	leave(125);
}

static void mount_at(const char *device, const char *place, const char *type, const char *options)
{
	mkdir(place, 0755);
	need(mount(device, place, type, 0, options) == 0, place);
}

/* The initramfs names them in the order in which they depend on each other. */
static void load_modules(void)
{
	struct dirent **entries;
	int count = scandir("/modules", &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char path[300];
		if (entries[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/modules/%s", entries[i]->d_name);
		int file = open(path, O_RDONLY | O_CLOEXEC);
		need(file >= 0 && syscall(SYS_finit_module, file, "", 0) == 0, path);
		close(file);
	}
}

/*
 * The kernel finds devices in threads of its own, and tells nobody but udev. A device's file is
 * there a little before the device can be opened.
 */
static void wait_for(const char *path)
{
	struct timespec step = {.tv_nsec = 1000000};

	for (int i = 0; i < PATIENCE_S * 1000; i++) {
		int file = open(path, O_RDONLY | O_CLOEXEC);
		if (file >= 0) {
			close(file);
			return;
		}
		nanosleep(&step, NULL);
	}
	need(0, path);
}

static void tell(const char *path, const char *text)
{
	int file = open(path, O_WRONLY | O_CLOEXEC);

	need(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(file);
}

/*
 * What `ndctl create-namespace --mode=fsdax --map=mem` does: the raw namespace has no struct pages,
 * without which there is no DAX. The file system then lies 2 MiB behind the medium's start. An
 * earlier boot's namespace is found by the kernel.
 */
static void make_namespace(void)
{
	char device[256];

	wait_for("/dev/pmem0");
	ssize_t length = readlink("/sys/block/pmem0/device", device, sizeof(device) - 1);
	need(length > 0, "/sys/block/pmem0/device");
	device[length] = '\0';
	if (!strstr(device, "namespace"))
		return;
	wait_for(DEVICES "pfn0.0/uuid");
	tell("/sys/bus/nd/drivers/nd_pmem/unbind", "namespace0.0");
	tell(DEVICES "pfn0.0/uuid", "5e1ec7ed-0000-4000-8000-000000000001");
	tell(DEVICES "pfn0.0/mode", "ram");
	tell(DEVICES "pfn0.0/align", "2097152");
	tell(DEVICES "pfn0.0/namespace", "namespace0.0");
	tell("/sys/bus/nd/drivers/nd_pmem/bind", "pfn0.0");
	wait_for("/dev/pmem0");
}

static void print_mount(void)
{
	FILE *mounts = fopen("/proc/mounts", "re");
	char line[512];

	need(mounts != NULL, "/proc/mounts");
	while (fgets(line, sizeof(line), mounts))
		if (strstr(line, " /data "))
			printf("mount\t%s", line);
	fclose(mounts);
	fflush(stdout);
}

static int run(char **words)
{
	int status = 0;
	pid_t child = fork();

	need(child >= 0, "fork");
	if (child == 0) {
		execv(words[0], words);
		need(0, words[0]);
	}
	need(waitpid(child, &status, 0) == child, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	need(argc >= 3, "arguments: dax or disk, program, its arguments");
	bool is_disk = strcmp(argv[1], "disk") == 0;

	mount_at("proc", "/proc", "proc", NULL);
	mount_at("sysfs", "/sys", "sysfs", NULL);
	mount_at("dev", "/dev", "devtmpfs", NULL);
	mount_at("tmp", "/tmp", "tmpfs", NULL);
	load_modules();
	if (is_disk)
		wait_for("/dev/vda");
	else
		make_namespace();
	mount_at(is_disk ? "/dev/vda" : "/dev/pmem0", "/data", "ext4",
		 is_disk ? NULL : "dax=always");
	print_mount();
	need(chdir("/data") == 0, "/data");
	int code = run(argv + 2);
	need(chdir("/") == 0 && umount("/data") == 0, "/data");
	leave(code);
}
