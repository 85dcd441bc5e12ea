/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program knows of itself: its number, its parent's, its view; and why its last spawn
 * failed. */
#include "exec/exec.h"

static uint32_t self_number;
static uint32_t parent_number;

static struct rt_lock failure_lock;
static char *failure;
static size_t failure_size, failure_length;

void exec_begin(const struct twz_rt_spawn_block *block)
{
	twz_result number = twz_sys_thread_control(TWZ_THREAD_NUMBER, 0);
	self_number = number > 0 ? (uint32_t)number : 0;
	if (block != NULL && block->self_number != 0)
		self_number = block->self_number;
	parent_number = block != NULL ? block->parent_number : 0;
}

void exec_before_fork(void)
{
	exec_children_before_fork();
	exec_cache_before_fork();
	rt_lock(&failure_lock);
}

void exec_after_fork(bool child)
{
	if (child) {
		parent_number = self_number;
		self_number = twz_rt_thread_number();
	}
	rt_unlock(&failure_lock);
	exec_cache_after_fork(child);
	exec_children_after_fork(child);
}

uint32_t twz_rt_exec_self(void)
{
	return self_number != 0 ? self_number : twz_rt_thread_number();
}

uint32_t twz_rt_exec_parent(void)
{
	return parent_number;
}

/* Appends to the failure text, growing it; what does not fit in memory is left out. */
static void append(const char *text, size_t length)
{
	if (failure_length + length > failure_size) {
		size_t size = (failure_length + length) * 2;
		char *larger = twz_rt_realloc(failure, failure_size, 1, size, 0);
		if (larger == NULL)
			return;
		failure = larger;
		failure_size = size;
	}
	memcpy(failure + failure_length, text, length);
	failure_length += length;
}

static void append_string(const char *text)
{
	append(text, rt_string_length(text));
}

static void append_version(struct twz_abi_version version)
{
	uint32_t parts[3] = {version.major, version.minor, version.patch};
	for (int i = 0; i < 3; i++) {
		char digits[10];
		size_t at = sizeof(digits);
		uint32_t value = parts[i];
		do {
			digits[--at] = (char)('0' + value % 10);
			value /= 10;
		} while (value != 0);
		if (i > 0)
			append(".", 1);
		append(digits + at, sizeof(digits) - at);
	}
}

static void begin_failure(const char *path, size_t length, const char *reason)
{
	failure_length = 0;
	append_string("cannot run ");
	append(path, length);
	append_string(": ");
	append_string(reason);
}

twz_result exec_fail(twz_result error, const char *path, size_t length, const char *reason)
{
	rt_lock(&failure_lock);
	begin_failure(path, length, reason);
	/* Some reasons say all; what "cannot" be done needs the system's word. */
	if (memcmp(reason, "cannot ", 7) == 0) {
		append_string(": ");
		append_string(twz_error_text(error));
	}
	rt_unlock(&failure_lock);
	return error;
}

twz_result exec_fail_abi(twz_result error, const char *path, size_t length,
			 const struct exec_file *file, const char *reason)
{
	static const struct twz_abi_version provided = {TWZ_ABI_MAJOR, TWZ_ABI_MINOR,
							TWZ_ABI_PATCH};
	if (error != -TWZ_ERR_VERSION_MISMATCH)
		return exec_fail(error, path, length, reason);
	rt_lock(&failure_lock);
	begin_failure(path, length, "made for Twizzler ABI ");
	append_version(file->abi);
	append_string(", this system provides ABI ");
	append_version(provided);
	append_string("; build it again with this system's toolchain");
	rt_unlock(&failure_lock);
	return error;
}

twz_result twz_rt_exec_error(char *buffer, size_t capacity)
{
	if (!rt_user_pointer(buffer, capacity))
		return RT_ERROR(BAD_ADDRESS);
	rt_lock(&failure_lock);
	size_t length = failure_length;
	memcpy(buffer, failure, length < capacity ? length : capacity);
	rt_unlock(&failure_lock);
	return length > 0 ? (twz_result)length : -TWZ_ERR_NOT_FOUND;
}
