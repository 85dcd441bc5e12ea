/* SPDX-License-Identifier: BSD-2-Clause */
/* The ELF entry of a program and the way from there to main, for the crt files. */

#include <stdint.h>
#include <twizzler/rt/core.h>

int main(int argc, char **argv, char **envp);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
		      void (*fini)(void), void (*dynamic_fini)(void));

/*
 * `_start`: calls entry(sp, dynamic) on an aligned stack; dynamic is the image's dynamic section,
 * or NULL when it has none.
 */
#define START_CALLS(entry)                    \
	__asm__(".text\n"                     \
		".global _start\n"            \
		".type _start,@function\n"    \
		"_start:\n"                   \
		"	xor %ebp, %ebp\n"           \
		"	mov %rsp, %rdi\n"           \
		".weak _DYNAMIC\n"            \
		".hidden _DYNAMIC\n"          \
		"	lea _DYNAMIC(%rip), %rsi\n" \
		"	and $-16, %rsp\n"           \
		"	call " #entry "\n"    \
		"	ud2\n"                      \
		".size _start, .-_start\n")

/* Called by the runtime when it is ready: runs the program, never returns. */
static void start_program(uintptr_t *sp)
{
	__libc_start_main(main, (int)sp[0], (char **)(sp + 1), 0, 0, 0);
	__builtin_trap();
}
