/* SPDX-License-Identifier: BSD-2-Clause */
/* The file behind a handler's output, made with the folders above it where it is missing. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <twizzler/rt/fd.h>
#include <twizzler/rt/object.h>
#include "handlerctl.h"

#define LINKS_MAX 8 /* symbolic links that lead to folders yet to be made */

/* mkdir -p of everything above the last '/'; a link into nothing has its target made. 0 or errno.
 */
static int make_folders(const char *path, int links)
{
	char folder[PATH_MAX], target[PATH_MAX];

	if (strlen(path) >= sizeof(folder))
		return ENAMETOOLONG;
	for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
		struct stat stat;
		ssize_t length;

		memcpy(folder, path, (size_t)(end - path));
		folder[end - path] = 0;
		if (mkdir(folder, 0755) == 0)
			continue;
		if (lstat(folder, &stat) < 0)
			return errno;
		if (!S_ISLNK(stat.st_mode))
			continue;
		length = readlink(folder, target, sizeof(target) - 2);
		if (length <= 0 || target[0] != '/')
			continue;
		target[length] = '/'; /* so that the target is itself made as a folder */
		target[length + 1] = 0;
		if (links == LINKS_MAX)
			return ELOOP;
		int error = make_folders(target, links + 1);
		if (error)
			return error;
	}
	return 0;
}

int output_object(const char *path, struct twz_id *id)
{
	int error = make_folders(path, 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	twz_result result;

	if (fd < 0) {
		error = error ? error : errno;
		if (error == ENOENT || error == EROFS || error == EACCES)
			return complain(path,
					"cannot be made: %s; boot with a store (run --store "
					"disk.img,nvdimm)",
					strerror(error));
		return complain(path, "cannot be made: %s", strerror(error));
	}
	result = twz_rt_fd_object(fd, id);
	close(fd);
	if (result >= 0 && !twz_id_is_none(*id))
		return 0;
	return complain(path, "not a file of the object store, so a handler cannot append to it");
}
