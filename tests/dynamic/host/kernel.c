/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system calls that the loader makes, over Linux: an object is a 1 GiB-aligned range of address
 * space, its id the range's slot, and mapping it is nothing at all.
 */
#include "../../../runtime-min/start.h"
#include "../../../runtime-min/exec/exec.h"

#include "../../host-runtime/linux.h"

struct host_program host_program;

twz_result linux_result(long result)
{
	static const struct {
		int linux, twizzler;
	} errors[] = {
		{1, TWZ_ERR_ACCESS_DENIED},   {2, TWZ_ERR_NOT_FOUND},
		{4, TWZ_ERR_INTERRUPTED},     {9, TWZ_ERR_BAD_HANDLE},
		{10, TWZ_ERR_NO_SUCH_THREAD}, {11, TWZ_ERR_WOULD_BLOCK},
		{12, TWZ_ERR_OUT_OF_MEMORY},  {13, TWZ_ERR_ACCESS_DENIED},
		{17, TWZ_ERR_EXISTS},	      {20, TWZ_ERR_NOT_A_DIRECTORY},
		{21, TWZ_ERR_IS_A_DIRECTORY}, {25, TWZ_ERR_NOT_A_TERMINAL},
		{36, TWZ_ERR_NAME_TOO_LONG},  {110, TWZ_ERR_TIMED_OUT},
	};
	if (result >= 0)
		return result;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].linux == -result)
			return -errors[i].twizzler;
	}
	return -TWZ_ERR_INVALID_ARGUMENT;
}

size_t __attribute__((visibility("hidden"))) strlen(const char *string)
{
	return rt_string_length(string);
}

/* ---- objects and views ---- */

enum { NO_RESERVE = 0x4000, PRIVATE_ANONYMOUS = 0x22 };

twz_result twz_sys_object_create(const struct twz_object_spec *spec, struct twz_id *id)
{
	(void)spec;
	long start = CALL(mmap, 0, 2 * TWZ_SLOT_SIZE, 3, PRIVATE_ANONYMOUS | NO_RESERVE, -1, 0);
	if (start < 0)
		return linux_result(start);
	long aligned = (start + (long)TWZ_SLOT_SIZE - 1) & -(long)TWZ_SLOT_SIZE;
	if (aligned > start)
		CALL(munmap, start, aligned - start);
	CALL(munmap, aligned + (long)TWZ_SLOT_SIZE, start + (long)TWZ_SLOT_SIZE - aligned);
	*id = (struct twz_id){1, (uint64_t)aligned >> TWZ_SLOT_SHIFT};
	return 0;
}

twz_result twz_sys_object_delete(uint64_t hi, uint64_t lo)
{
	(void)hi;
	return linux_result(CALL(munmap, lo << TWZ_SLOT_SHIFT, TWZ_SLOT_SIZE));
}

twz_result twz_sys_view_map(const struct twz_map *map)
{
	return (twz_result)map->object.lo;
}

twz_result twz_sys_view_unmap(uint64_t view_hi, uint64_t view_lo, uint64_t slot)
{
	(void)view_hi;
	(void)view_lo;
	(void)slot;
	return 0;
}

twz_result twz_sys_view_entry(uint64_t view_hi, uint64_t view_lo, uint64_t slot,
			      struct twz_map *out)
{
	(void)view_hi;
	(void)view_lo;
	*out = (struct twz_map){.object = {1, slot}, .slot = slot};
	return 0;
}

twz_result twz_sys_object_copy_range(const struct twz_copy_range *range)
{
	memcpy((void *)((range->destination.lo << TWZ_SLOT_SHIFT) + range->destination_offset),
	       (void *)((range->source.lo << TWZ_SLOT_SHIFT) + range->source_offset),
	       range->length);
	return 0;
}

twz_result twz_sys_object_protect(uint64_t hi, uint64_t lo, uint64_t offset, uint64_t length,
				  uint32_t rights)
{
	(void)hi;
	return twz_rt_range_protect((void *)((lo << TWZ_SLOT_SHIFT) + offset), length, rights);
}

/* ---- the rest of the kernel and of the runtime ---- */

twz_result twz_sys_thread_control(uint64_t command, uint64_t argument)
{
	if (command == TWZ_THREAD_SET_FS)
		return linux_result(CALL(arch_prctl, 0x1002, argument));
	if (command == TWZ_THREAD_VIEW)
		*(struct twz_id *)argument = (struct twz_id){1, 1};
	return 0;
}

twz_result twz_rt_thread_set_tcb(struct twz_rt_tcb *tcb)
{
	return twz_sys_thread_control(TWZ_THREAD_SET_FS, (uint64_t)tcb);
}

twz_result twz_sys_random_read(void *buffer, uint64_t length)
{
	return twz_rt_random(buffer, length);
}

twz_result twz_sys_clock_read(uint32_t clock)
{
	return (twz_result)twz_rt_clock(clock);
}

twz_result twz_sys_stream_find(const char *name, uint64_t length)
{
	(void)name;
	(void)length;
	return 2;
}

twz_result twz_sys_stream_write(uint32_t stream, const void *buffer, uint64_t length)
{
	return CALL(write, stream, buffer, length);
}

twz_result twz_sys_thread_sync(const struct twz_sync_op *ops, uint64_t count, uint64_t deadline)
{
	(void)count;
	return ops->kind == TWZ_SYNC_WAKE ? twz_rt_futex_wake(ops->word, ops->value)
					  : twz_rt_futex_wait(ops->word, ops->value, deadline);
}

twz_result twz_rt_fd_object(int fd, struct twz_id *id)
{
	(void)fd;
	(void)id;
	return -TWZ_ERR_NOT_SUPPORTED;
}

void twz_rt_exit(int code)
{
	for (;;)
		CALL(exit_group, code);
}

void twz_rt_exit_signal(int signal)
{
	CALL(kill, CALL(getpid), signal);
	twz_rt_exit(128 + signal);
}

void twz_rt_abort(void)
{
	twz_rt_exit_signal(6);
}

void rt_fd_start(void)
{
	host_program.random = rt_start.random;
	host_program.stack = (uintptr_t)rt_start.argv;
}

void exec_begin(const struct twz_rt_spawn_block *block)
{
	(void)block;
}
