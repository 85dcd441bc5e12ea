/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's table of contents: what starts, in order. */
#include <acpi.h>
#include <boot.h>
#include <console.h>
#include <cpu.h>
#include <device.h>
#include <main.h>
#include <object.h>
#include <page.h>
#include <platform.h>
#include <syscall.h>
#include <thread.h>
#include <timeline.h>
#include <timer.h>
#include <view.h>

/* The rest of the start, in a thread: may sleep. */
static void start(void *unused)
{
	(void)unused;
	platform->start_other_cpus(); /* they go straight to their idle loops */
	devices_init();		      /* PCI, virtio, NVDIMM */
	timeline_mark("devices found");
	if (store_init)
		store_init(); /* persistent objects: recovery comes before any program */
	if (handlers_init)
		handlers_init(); /* event handlers of the store */
	boot_program_start();	 /* the initial image's first program */
}

void kernel_main(uint64_t start_info, uint32_t magic)
{
	platform_select();		   /* bare metal or Xen */
	boot_cpu_init();		   /* per-CPU data: locks work from here on */
	platform->console_init();	   /* messages and panics */
	boot_info_init(start_info, magic); /* memory map, image, command line */
	frames_init();			   /* physical memory */
	kernel_map_init();		   /* the kernel half of the address space, W^X */
	timeline_mark("memory mapped");
	platform->cpu_init(this_cpu()); /* GDT, TSS, IDT, protection bits */
	acpi_init();			/* tables */
	platform->devices_init();	/* interrupt controllers */
	clock_init();			/* time stamp counter, calibrated */
	platform->timer_init();		/* this CPU's timer */
	timeline_mark("clock calibrated");
	random_init();	      /* object ids must not be guessed */
	objects_init();	      /* the id table */
	views_init();	      /* address spaces */
	scheduler_init();     /* run queues */
	image_init();	      /* the initial image's objects */
	clock_publish();      /* the clock as programs read it */
	syscall_trace_init(); /* programs' calls told to the host, where it asks */
	timeline_mark("image read");
	if (kernel_thread_start("start", start, NULL))
		__builtin_trap();
	scheduler_idle(); /* this context is the boot CPU's idle thread */
}
