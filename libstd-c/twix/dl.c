/* SPDX-License-Identifier: BSD-2-Clause */
/* dlopen and its family, dl_iterate_phdr: the runtime is the dynamic linker. */

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include "twix.h"

TWZ_STATIC_ASSERT(RTLD_LAZY == TWZ_DL_LAZY && RTLD_NOW == TWZ_DL_NOW &&
			  RTLD_NOLOAD == TWZ_DL_NOLOAD && RTLD_GLOBAL == TWZ_DL_GLOBAL &&
			  RTLD_NODELETE == TWZ_DL_NODELETE,
		  "the modes are the same bits");

void *dlopen(const char *path, int mode)
{
	return twz_rt_dl_open(path, (uint32_t)mode);
}

/* RTLD_NEXT searches behind the caller's image. */
__attribute__((noinline)) void *dlsym(void *restrict handle, const char *restrict name)
{
	return twz_rt_dl_symbol(handle, name, 0, __builtin_return_address(0));
}

__attribute__((noinline)) void *dlvsym(void *restrict handle, const char *restrict name,
				       const char *restrict version)
{
	return twz_rt_dl_symbol(handle, name, version, __builtin_return_address(0));
}

int dlclose(void *handle)
{
	return twz_rt_dl_close(handle);
}

char *dlerror(void)
{
	return (char *)twz_rt_dl_error();
}

int dladdr(const void *address, Dl_info *out)
{
	struct twz_rt_dl_info info;

	if (twz_rt_dl_address(address, &info) < 0)
		return 0;
	*out = (Dl_info){info.image, info.image_base, info.symbol, info.symbol_address};
	return 1;
}

int dlinfo(void *handle, int request, void *out)
{
	(void)handle;
	(void)request;
	(void)out;
	return -1;
}

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
	const uintptr_t *dtv = __pthread_self()->dtv;
	struct twz_rt_image image;
	int result = 0;

	for (size_t i = 0; !result && twz_rt_image(i, &image) >= 0; i++) {
		struct dl_phdr_info info = {
			.dlpi_addr = image.base,
			.dlpi_name = image.path,
			.dlpi_phdr = image.phdr,
			.dlpi_phnum = (Elf64_Half)image.phdr_count,
			.dlpi_adds = image.generation,
			.dlpi_subs = image.unloads,
			.dlpi_tls_modid = image.tls_module,
		};
		if (image.tls_module && dtv && image.tls_module <= dtv[0])
			info.dlpi_tls_data = (void *)dtv[image.tls_module];
		result = callback(&info, sizeof info, data);
	}
	return result;
}
