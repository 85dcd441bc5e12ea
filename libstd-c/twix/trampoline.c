/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pointers to GCC's nested functions. Such a pointer leads to a few instructions that the compiler
 * writes on the stack; no page here is writable and executable, so calling it faults, and what they
 * say is done instead (docs/decisions/0013-trampolines-are-read-not-run.md).
 */

#include <string.h>
#include "signals.h"

/*
 * The code that ix86_trampoline_init (GCC, i386.cc) writes:
 *	mov r11, FUNCTION	49 bb and 8 bytes, or 41 bb and 4
 *	mov r10, CHAIN		49 ba and 8 bytes, or 41 ba and 4
 *	jmp r11			49 ff e3
 */
static const unsigned char *load(const unsigned char *code, unsigned char target, uint64_t *value)
{
	uint32_t word;

	if ((code[0] != 0x49 && code[0] != 0x41) || code[1] != target)
		return NULL;
	if (code[0] == 0x49) {
		memcpy(value, code + 2, 8);
		return code + 10;
	}
	memcpy(&word, code + 2, 4);
	*value = word;
	return code + 6;
}

int twix_trampoline(struct twz_fault *fault)
{
	struct twz_registers *registers = &fault->registers;
	uint64_t function, chain;

	if (fault->kind != TWZ_FAULT_PROTECTION || fault->access != TWZ_RIGHT_EXEC ||
	    fault->address != registers->rip)
		return 0;
	const unsigned char *code = load((const unsigned char *)registers->rip, 0xbb, &function);
	if (code != NULL)
		code = load(code, 0xba, &chain);
	if (code == NULL || code[0] != 0x49 || code[1] != 0xff || code[2] != 0xe3)
		return 0;
	registers->r11 = function;
	registers->r10 = chain;
	registers->rip = function;
	return 1;
}
