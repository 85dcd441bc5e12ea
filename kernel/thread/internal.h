/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of kernel/thread and the platforms' entry code. */
#ifndef THREAD_INTERNAL_H
#define THREAD_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <thread.h>

/* Fields of a CPU that every one needs; and its idle thread on a stack that is in use already. */
void cpu_setup(struct cpu *cpu, uint32_t number);
bool cpu_make_idle(struct cpu *cpu, uint64_t stack);

/* entry.S */
void context_switch(uint64_t *save, uint64_t load);
extern char thread_begin[];
void thread_begun(void);

/* Registers that the kernel does not use itself: FPU, FS and GS. Interrupts off. */
void thread_save_user_state(struct thread *thread, struct cpu *cpu);
void thread_load_user_state(struct thread *thread, struct cpu *cpu);

/* From the timer interrupt: hand a waiting thread to a CPU with less to do. */
void scheduler_balance(uint64_t now);

/* Memory of a thread that will never run again. */
void thread_free(struct thread *thread);

/* Walk the robust list of the calling thread, which is about to end. */
void robust_list_walk(struct thread *thread);

/* Send a fault to the program's upcall entry, or end it. Interrupts on; may not return to the old
 * place. */
void upcall_fault(struct trap_frame *frame, struct twz_fault *fault);
/* As above, with a set of codes: bit code-1. */
void upcall_interrupt(struct trap_frame *frame, uint64_t codes);
void registers_from_frame(struct twz_registers *registers, const struct trap_frame *frame);

#endif
