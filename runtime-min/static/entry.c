/* SPDX-License-Identifier: BSD-2-Clause */
/* The start of a static program: its first thread's TLS, its descriptors, then libstd-c. */
#include "exec/exec.h"
#include "start.h"
#include "image.h"

void twz_rt_entry(uintptr_t *sp, void (*start)(uintptr_t *sp))
{
	void *memory;
	rt_start_parse(sp);
	rt_image_start();
	if (twz_rt_range_map(NULL, twz_rt_tls_size(), TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, 0, -1, 0,
			     &memory) < 0)
		rt_fatal("out of memory for the first thread's thread-local storage");
	if (twz_rt_thread_set_tcb(twz_rt_tls_init(memory)) < 0)
		rt_fatal("the kernel refuses the thread pointer");
	exec_begin(rt_start.spawn);
	rt_fd_start();
	start(sp);
	twz_rt_abort();
}
