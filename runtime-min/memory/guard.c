/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies that may fault: the upcall of a fault at one of the two instructions here does not end the
 * program but the copy (the exception table of kernels, in a program).
 */
#include "internal.h"

RT_BEGIN
/* What was left over, and why: TWZ_ERR_*. */
struct rt_copied {
	uint64_t left, error;
};
struct rt_copied rt_guarded_copy(void *to, const void *from, size_t length);
extern const char rt_guarded_words[], rt_guarded_bytes[], rt_guarded_end[];
RT_END

__asm__(".pushsection .text\n"
	".hidden rt_guarded_copy, rt_guarded_words, rt_guarded_bytes, rt_guarded_end\n"
	".globl rt_guarded_copy, rt_guarded_words, rt_guarded_bytes, rt_guarded_end\n"
	".type rt_guarded_copy, @function\n"
	"rt_guarded_copy:\n"
	"	movq %rdx, %rcx\n"
	"	shrq $3, %rcx\n"
	"	andl $7, %edx\n"
	"rt_guarded_words:\n"
	"	rep movsq\n"
	"	movl %edx, %ecx\n"
	"rt_guarded_bytes:\n"
	"	rep movsb\n"
	"	xorl %eax, %eax\n"
	"	xorl %edx, %edx\n"
	"rt_guarded_end:\n"
	"	ret\n"
	".size rt_guarded_copy, . - rt_guarded_copy\n"
	".popsection\n");

bool rt_guard_fault(struct twz_upcall_frame *frame)
{
	struct twz_registers *registers = &frame->fault.registers;
	if (frame->fault.kind == TWZ_FAULT_INTERRUPT)
		return false;
	if (registers->rip == (uint64_t)rt_guarded_words)
		registers->rax = registers->rcx * 8 + registers->rdx;
	else if (registers->rip == (uint64_t)rt_guarded_bytes)
		registers->rax = registers->rcx;
	else
		return false;
	registers->rdx = frame->fault.error != 0 ? frame->fault.error : TWZ_ERR_BAD_ADDRESS;
	registers->rip = (uint64_t)rt_guarded_end;
	return true;
}

size_t rt_copy(void *to, const void *from, size_t length, twz_result *error)
{
	rt_upcall_want();
	struct rt_copied copied = rt_guarded_copy(to, from, length);
	*error = -(twz_result)copied.error;
	return copied.left;
}

twz_result rt_readable(const void *at, size_t length)
{
	uint64_t page = (uint64_t)at, end = page + length;
	twz_result error;
	uint8_t byte;
	if (!rt_user_pointer(at, length))
		return RT_ERROR(BAD_ADDRESS);
	for (; page < end; page = (page & ~RT_PAGE_MASK) + TWZ_PAGE_SIZE) {
		if (rt_copy(&byte, (const void *)page, 1, &error) != 0)
			return error;
	}
	return 0;
}
