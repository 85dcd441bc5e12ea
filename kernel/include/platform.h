/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform interface: all that differs between bare metal (QEMU, Firecracker), Xen PVH, Xen PV
 * and a unikernel. The rest of the kernel calls only this. kernel/platform/<name>/ fills the table.
 */
#ifndef KERNEL_PLATFORM_H
#define KERNEL_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <page.h>

struct cpu;
struct trap_frame;

/* Page-table entry bits that the hardware knows. */
#define PTE_PRESENT  (1ull << 0)
#define PTE_WRITE    (1ull << 1)
#define PTE_USER     (1ull << 2)
#define PTE_PWT	     (1ull << 3)
#define PTE_PCD	     (1ull << 4)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY    (1ull << 6)
#define PTE_LARGE    (1ull << 7)
#define PTE_GLOBAL   (1ull << 8)
#define PTE_NX	     (1ull << 63)
#define PTE_FRAME    0x000ffffffffff000ull

struct platform {
	const char *name;

	/* Programs run with the kernel's privilege and call it by a gate (unikernel). */
	bool programs_are_supervisor;
	/* Bit of program pages: PTE_USER, or 0 where programs are supervisor. */
	uint64_t pte_user;

	/* memory */
	void (*pte_write)(volatile uint64_t *entry, uint64_t value);
	/* Clear the accessed bit, and keep what the processor sets in the entry meanwhile. */
	void (*pte_forget)(volatile uint64_t *entry);
	uint64_t (*frame_to_entry)(physical_address frame); /* to what a table entry holds */
	physical_address (*entry_to_frame)(uint64_t entry);
	physical_address (*table_alloc)(void);	    /* zeroed page-table page, or 0 */
	void (*table_free)(physical_address table); /* all its entries are 0 again */
	void (*root_load)(physical_address root);   /* flushes all but global entries */
	void (*flush_page)(uint64_t address);
	void (*flush_all)(void);

	/* processor */
	void (*interrupts_enable)(void);
	uint64_t (*interrupts_save)(void); /* disable; returns the state before */
	void (*interrupts_restore)(uint64_t state);
	void (*wait_for_interrupt)(void); /* atomically enable and halt */
	void (*return_to)(struct trap_frame *frame)
		__attribute__((noreturn)); /* leave the kernel */
	void (*set_fs_base)(uint64_t base);
	uint64_t (*get_fs_base)(void);
	void (*set_user_gs_base)(uint64_t base);
	uint64_t (*get_user_gs_base)(void);
	void (*set_kernel_stack)(struct cpu *cpu, uint64_t top); /* for entries from programs */
	bool (*cpu_prepare)(struct cpu *cpu); /* memory for descriptor tables; false: none */
	void (*cpu_init)(struct cpu *cpu);    /* load them on this CPU */
	void (*start_other_cpus)(void);

	/* time, interrupts between CPUs */
	void (*timer_init)(void);	      /* after clock calibration; each CPU */
	void (*timer_set)(uint64_t deadline); /* monotonic; may fire early, never late by design */
	void (*send_interrupt)(struct cpu *cpu, unsigned vector);
	void (*end_of_interrupt)(void);

	/*
	 * Tell the ranges of usable memory where the boot loader passes no map; false: nobody
	 * knows. NULL: it always does. On the boot page tables, before any allocation.
	 */
	bool (*memory_map)(void (*usable)(uint64_t start, uint64_t length));

	/* the outside */
	void (*console_init)(void);
	void (*console_write)(const char *bytes, size_t length);
	void (*devices_init)(void);		     /* interrupt controllers, console input */
	void (*shutdown)(unsigned action, int code); /* returns when it cannot */
};

/* The one in use; chosen at boot before anything else runs. */
extern const struct platform *platform;
extern const struct platform platform_bare;

/* Detect and select. */
void platform_select(void);

/* Make this_cpu() answer `cpu` on this CPU; works before anything else does. */
void platform_set_cpu(struct cpu *cpu);

#endif
