/* SPDX-License-Identifier: BSD-2-Clause */
/* The initialisers that kernel/main.c lists and that belong to no other header. */
#ifndef KERNEL_MAIN_H
#define KERNEL_MAIN_H

#include <stdint.h>

/*
 * From boot.S: the physical address of what the loader tells, and what the loader is: Multiboot2's
 * magic number, else PVH.
 */
_Noreturn void kernel_main(uint64_t start_info, uint32_t magic);

void boot_info_init(uint64_t start_info, uint32_t magic);
void boot_cpu_init(void);
void image_init(void);
void random_init(void);
_Noreturn void boot_program_start(void);
/* Boot option provoke: see a check of the debug variant fire (lib/provoke.c). */
void provoke(void);
/* Boot option race: wait here until another thread has deleted an object (lib/race.c). */
#ifdef KERNEL_DEBUG
void race_window(const char *name);
void race_event(void);
#else
static inline void race_window(const char *name)
{
	(void)name;
}
static inline void race_event(void)
{
}
#endif

/* Drivers, the store, handlers: run in a kernel thread, so they may sleep. Weak until defined. */
void store_init(void) __attribute__((weak));
void handlers_init(void) __attribute__((weak));
/* Make everything durable; no program runs meanwhile that the store does not bear. */
void store_shutdown(void) __attribute__((weak));

#endif
