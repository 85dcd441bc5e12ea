/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the files of the bare-metal platform. */
#ifndef PLATFORM_BARE_H
#define PLATFORM_BARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <interrupt.h>
#include <platform.h>

#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA   0x23
#define SELECTOR_USER_CODE   0x2b
#define SELECTOR_TSS	     0x30

/* descriptor.c */
bool bare_cpu_prepare(struct cpu *cpu);
void bare_cpu_init(struct cpu *cpu);
void bare_set_kernel_stack(struct cpu *cpu, uint64_t top);

/* serial.c: a 16550 at 0x3f8 */
void serial_init(void);
void serial_write(const char *bytes, size_t length);
void serial_input_init(void);

/* apic.c */
void apic_init(void);
void apic_cpu_init(void);
void apic_timer_calibrate(uint64_t nanoseconds, uint32_t counted);
uint32_t apic_timer_start_counting(void);
uint32_t apic_timer_counted(void);
void apic_timer_init(void);
void apic_timer_set(uint64_t deadline);
void apic_send(struct cpu *cpu, unsigned vector);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, physical_address page);
void apic_end_of_interrupt(void);
uint32_t apic_id(void);

/* ioapic.c */
void ioapic_init(void);

/* smp.c */
void bare_start_other_cpus(void);

/* power.c */
void bare_shutdown(unsigned action, int code);

/* entry.S */
extern char interrupt_stubs[], emergency_stubs[], syscall_entry[], return_iret[];
void return_to_frame(struct trap_frame *frame) __attribute__((noreturn));

extern uint8_t smap_active;

#endif
