/* SPDX-License-Identifier: BSD-2-Clause */
/* Cases of upcall_return: frames that are refused. */
#include "cases.h"

#define FRAME(f) STRUCTURE(f, twz_upcall_frame, 0)

static char state[8192] __attribute__((aligned(64)));

static void return_prepare(struct fixture *f)
{
	/* never taken: each variant is refused, and says so here */
	FRAME(f)->fault.registers.rip = 0xffff800000000000;
	POINT(f, 0);
}

static void return_run(void)
{
	/* tests of their own go through frames: upcalls_keep_registers */
	EQUAL(try_read(SLOT(SLOT_FREE)), TWZ_FAULT_PAGE);
	EQUAL(twz_sys_upcall_return(
		      &(struct twz_upcall_frame){.fault.registers.rip = 0xffff800000000000}),
	      -TWZ_ERR_INVALID_ARGUMENT);
}

CALL(upcall_return, .prepare = return_prepare, .run = return_run);

WRONG(upcall_return, "frame", "fault", "rip in the kernel", INVALID_ARGUMENT)
{
	FRAME(f)->fault.registers.rip = 0xffffffff80200000;
}
WRONG(upcall_return, "frame", "fault", "rip not canonical", INVALID_ARGUMENT)
{
	FRAME(f)->fault.registers.rip = 0x800000000000;
}
WRONG(upcall_return, "frame", "fault", "rsp in the kernel", INVALID_ARGUMENT)
{
	FRAME(f)->fault.registers.rip = PAGE;
	FRAME(f)->fault.registers.rsp = 0xffff880000000000;
}
WRONG(upcall_return, "frame", "fault", "FS base not canonical", INVALID_ARGUMENT)
{
	FRAME(f)->fault.registers.rip = PAGE;
	FRAME(f)->fault.registers.fs_base = 1ull << 63;
}
WRONG(upcall_return, "frame", "extended_size", "wrong", INVALID_ARGUMENT)
{
	FRAME(f)->fault.registers.rip = PAGE;
	FRAME(f)->extended_state = (uint64_t)state;
	FRAME(f)->extended_size = 5;
}
WRONG(upcall_return, "frame", "extended_size", "huge", INVALID_ARGUMENT)
{
	FRAME(f)->fault.registers.rip = PAGE;
	FRAME(f)->extended_state = (uint64_t)state;
	FRAME(f)->extended_size = ~0ull;
}
static uint64_t extended_size(void)
{
	extern uint64_t last_extended_size;

	EQUAL(try_read(SLOT(SLOT_FREE)), TWZ_FAULT_PAGE);
	return last_extended_size;
}
WRONG(upcall_return, "frame", "extended_state", "unmapped", BAD_ADDRESS)
{
	FRAME(f)->fault.registers.rip = PAGE;
	FRAME(f)->extended_state = (uint64_t)SLOT(SLOT_FREE);
	FRAME(f)->extended_size = extended_size();
}
WRONG(upcall_return, "frame", "extended_state", "kernel", BAD_ADDRESS)
{
	FRAME(f)->fault.registers.rip = PAGE;
	FRAME(f)->extended_state = 0xffff880000000000;
	FRAME(f)->extended_size = extended_size();
}
WRONG(upcall_return, "frame", "extended_state", "reserved MXCSR bits", INVALID_ARGUMENT)
{
	memset(state, 0xff, 576);
	FRAME(f)->fault.registers.rip = PAGE;
	FRAME(f)->extended_state = (uint64_t)state;
	FRAME(f)->extended_size = extended_size();
}
