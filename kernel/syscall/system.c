/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls for time, information, randomness and shutdown. */
#include <boot.h>
#include <cpu.h>
#include <heap.h>
#include <image.h>
#include <main.h>
#include <object.h>
#include <page.h>
#include <platform.h>
#include <random.h>
#include <string.h>
#include <syscall.h>
#include <thread.h>
#include <timer.h>
#include <user.h>
#include <view.h>
#include <log.h>

uint64_t first_program_started;
struct twz_id store_names_root;

/* Of threads that run on other CPUs now, up to their last switch. */
static uint64_t program_time(struct view *view)
{
	uint64_t flags = spin_lock(&view->lock), time = view->run_time;

	LIST_FOR_EACH (node, &view->threads) {
		struct thread *thread = LIST_ENTRY(node, struct thread, view_node);

		time += thread_run_time(thread);
	}
	spin_unlock(&view->lock, flags);
	return time;
}

twz_result sys_clock_read(uint32_t clock)
{
	struct thread *thread = current_thread();

	if (thread->handler && handler_run_time)
		return (twz_result)handler_run_time(thread->handler);
	switch (clock) {
	case TWZ_CLOCK_MONOTONIC:
		return (twz_result)clock_monotonic();
	case TWZ_CLOCK_REALTIME:
		return (twz_result)clock_realtime();
	case TWZ_CLOCK_THREAD:
		return (twz_result)thread_run_time(thread);
	case TWZ_CLOCK_PROGRAM:
		return (twz_result)program_time(thread->view);
	default:
		return -TWZ_ERR_INVALID_ARGUMENT;
	}
}

twz_result sys_system_info(struct twz_system_info *out)
{
	struct twz_system_info info = {
		.abi = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR, TWZ_ABI_PATCH},
		.cpus = cpu_count,
		.pages_total = frames_total(),
		.pages_free = frames_free(),
		.objects = object_count(),
		.views = view_count(),
		.threads = thread_count(),
		.names = image_names(),
		.store_names = store_names_root,
		.boot_nanoseconds = first_program_started,
	};

	return copy_to_user(out, &info, sizeof(info));
}

twz_result sys_random_read(void *buffer, uint64_t length)
{
	char part[256];
	uint64_t done = 0;

	if (!user_range_valid(buffer, length))
		return -TWZ_ERR_BAD_ADDRESS;
	while (done < length) {
		uint64_t size = length - done < sizeof(part) ? length - done : sizeof(part);
		twz_result result = random_fill(part, size);

		if (result >= 0)
			result = copy_to_user((char *)buffer + done, part, size);
		if (result < 0)
			return result;
		done += size;
		if (thread_interrupted() && done < length)
			return -TWZ_ERR_INTERRUPTED;
		thread_breathe();
	}
	return (twz_result)length;
}

twz_result sys_system_shutdown(uint32_t action, int32_t code)
{
	if (action > TWZ_SHUTDOWN_REBOOT)
		return -TWZ_ERR_INVALID_ARGUMENT;
	if (store_shutdown)
		store_shutdown();
	platform->shutdown(action, code);
	log_alert("this machine cannot be %s by software",
		  action == TWZ_SHUTDOWN_REBOOT ? "restarted" : "switched off");
	return -TWZ_ERR_NOT_SUPPORTED;
}

twz_result sys_system_command_line(char *buffer, uint64_t length)
{
	uint64_t have = strlen(boot_info.command_line), part = have + 1;
	twz_result result;

	if (part > length)
		part = length;
	result = copy_to_user(buffer, boot_info.command_line, part);
	return result < 0 ? result : (twz_result)have;
}
