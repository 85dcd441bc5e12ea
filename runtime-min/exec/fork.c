/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork: a clone of the view, its pages copied when written, and in it one thread that goes on where
 * the caller stands.
 */
#include "exec/exec.h"
#include "fd/fd.h"

/* Where the caller stands: what a C call keeps. */
struct fork_point {
	uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
	uint32_t mxcsr;
	uint16_t x87_control;
};

RT_BEGIN
/* Returns 0, and a second time 1 in the thread that begins at fork_resume with this point. */
int fork_mark(struct fork_point *point) __attribute__((returns_twice));
void fork_resume(struct fork_point *point);
RT_END

__asm__(".pushsection .text\n"
	".hidden fork_mark\n"
	".globl fork_mark\n"
	".type fork_mark, @function\n"
	"fork_mark:\n"
	"	movq %rbx, (%rdi)\n"
	"	movq %rbp, 8(%rdi)\n"
	"	movq %r12, 16(%rdi)\n"
	"	movq %r13, 24(%rdi)\n"
	"	movq %r14, 32(%rdi)\n"
	"	movq %r15, 40(%rdi)\n"
	"	leaq 8(%rsp), %rax\n"
	"	movq %rax, 48(%rdi)\n"
	"	movq (%rsp), %rax\n"
	"	movq %rax, 56(%rdi)\n"
	"	stmxcsr 64(%rdi)\n"
	"	fnstcw 68(%rdi)\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	".size fork_mark, . - fork_mark\n"
	".hidden fork_resume\n"
	".globl fork_resume\n"
	".type fork_resume, @function\n"
	"fork_resume:\n"
	"	fldcw 68(%rdi)\n"
	"	ldmxcsr 64(%rdi)\n"
	"	movq (%rdi), %rbx\n"
	"	movq 8(%rdi), %rbp\n"
	"	movq 16(%rdi), %r12\n"
	"	movq 24(%rdi), %r13\n"
	"	movq 32(%rdi), %r14\n"
	"	movq 40(%rdi), %r15\n"
	"	movq 48(%rdi), %rsp\n"
	"	movl $1, %eax\n"
	"	jmp *56(%rdi)\n"
	".size fork_resume, . - fork_resume\n"
	".popsection\n");

/* In the parent: starts the clone's one thread. */
static twz_result start_clone(struct twz_id view, struct fork_point *point)
{
	struct exec_child *child = exec_child_make(view);
	if (child == NULL) {
		twz_sys_object_delete(view.hi, view.lo);
		return RT_ERROR(OUT_OF_MEMORY);
	}
	struct twz_thread_spec spec = {.view = view,
				       .entry = (uint64_t)fork_resume,
				       .stack = (uint64_t)point & ~15ull,
				       .argument = (uint64_t)point};
	__asm__ volatile("mov %%fs:0, %0" : "=r"(spec.fs_base));
	struct twz_id thread;
	twz_result number = twz_sys_thread_spawn(&spec, &thread);
	if (number < 0)
		exec_child_free(child);
	else
		exec_child_add_locked(child, (uint32_t)number);
	return number;
}

twz_result twz_rt_exec_fork(void)
{
	struct fork_point point;
	struct twz_id view;

	rt_fd_prepare_fork();
	/* Outermost first: what runs under the loader's lock takes the others. */
	runtime_before_fork();
	exec_before_fork();
	rt_before_fork();
	if (fork_mark(&point) != 0) {
		rt_after_fork(true, NULL);
		exec_after_fork(true);
		runtime_after_fork(true);
		return 0;
	}
	const struct twz_view_clone clone = {0};
	twz_result result = twz_sys_view_clone(&clone, &view);
	rt_after_fork(false, result >= 0 ? &view : NULL);
	/* The children's lock is still held: nobody waits for the new one before it is among them.
	 */
	if (result >= 0)
		result = start_clone(view, &point);
	exec_after_fork(false);
	runtime_after_fork(false);
	return result;
}
