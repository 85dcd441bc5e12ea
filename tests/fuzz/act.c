/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program does beside calling: memory, instructions that fault, frames of its own making. */
#include "fuzz.h"

extern const uint64_t instructions[], instructions_end[];
void with_registers(struct context *c, uint64_t words[16], uint64_t to) __attribute__((noreturn));

static void touch(struct context *c)
{
	volatile char *at = SLOT(SLOT_PLAY + below(c, PLAY_SLOTS));
	uint64_t pages = chance(c, 30) ? below(c, 600) : below(c, 6);

	at += below(c, 24) * PAGE + below(c, PAGE);
	if (chance(c, 20))
		at = (volatile char *)weird(c);
	for (uint64_t i = 0; i < pages; i++) {
		if (chance(c, 3))
			(void)*at;
		else
			*at = (char)i;
		at += PAGE;
	}
}

static void run_from_memory(struct context *c)
{
	void (*function)(void) =
		(void (*)(void))SLOT(SLOT_PLAY + below(c, PLAY_SLOTS)) + below(c, 16) * PAGE;

	if (chance(c, 2))
		*(volatile unsigned char *)function = 0xc3;
	function();
}

static void instruction(struct context *c)
{
	uint64_t words[16], count = (uint64_t)(instructions_end - instructions);

	for (unsigned i = 0; i < 16; i++)
		words[i] = weird(c);
	if (chance(c, 2)) /* rax: a call */
		words[0] = calls[below(c, call_count)].number;
	if (words[0] == TWZ_SYS_system_shutdown || words[0] == TWZ_SYS_stream_write ||
	    words[0] == TWZ_SYS_object_create || words[0] == TWZ_SYS_view_clone ||
	    words[0] == TWZ_SYS_thread_spawn || words[0] == TWZ_SYS_program_send)
		words[0] = TWZ_SYS_system_info;
	/* the flags: few that end in single steps before the instruction */
	words[13] = chance(c, 8) ? weird(c) & 0x3f7fd7 : 0x202;
	with_registers(c, words, instructions[below(c, count)]);
}

/* A frame that upcall_return is to take, with some of it wrong. */
static void frame(struct context *c)
{
	struct twz_upcall_frame *made = (struct twz_upcall_frame *)c->input;
	uint64_t *words = (uint64_t *)&made->fault.registers;
	unsigned count = sizeof(made->fault.registers) / 8;

	memset(made, 0, sizeof(*made));
	for (unsigned i = 0; i < count; i++)
		words[i] = weird(c);
	made->fault.registers.rbx = (uint64_t)c;
	made->fault.registers.rdi = (uint64_t)c;
	if (!chance(c, 4))
		made->fault.registers.rip = (uint64_t)recover;
	if (!chance(c, 4))
		made->fault.registers.rsp = c->resume;
	if (!chance(c, 4))
		made->fault.registers.fs_base = 0;
	if (chance(c, 2))
		made->fault.registers.rflags &= 0x3f7ed7;
	if (chance(c, 2)) {
		made->extended_state = (uint64_t)c->output;
		made->extended_size = chance(c, 4) ? weird(c) : chance(c, 2) ? 512 : 832;
		if (chance(c, 8))
			made->extended_state = weird(c);
		for (unsigned i = 0; i < OUTPUT_SIZE / 8 && chance(c, 200) == 0; i++)
			c->output[i] = chance(c, 3) ? weird(c) : 0;
	}
	__atomic_fetch_add(&LOG->calls, 1, __ATOMIC_RELAXED);
	twz_sys_upcall_return(made);
}

void act(struct context *c)
{
	uint64_t what = below(c, 100);

	__atomic_fetch_add(&LOG->acts, 1, __ATOMIC_RELAXED);
	if (what < 60)
		attempt(c, structured_call);
	else if (what < 72)
		attempt(c, garbage_call);
	else if (what < 84)
		attempt(c, touch);
	else if (what < 86)
		attempt(c, run_from_memory);
	else if (what < 96)
		attempt(c, instruction);
	else
		attempt(c, frame);
}
