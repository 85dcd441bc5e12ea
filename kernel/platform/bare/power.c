/* SPDX-License-Identifier: BSD-2-Clause */
/* Power-off, reset, and leaving a virtual machine with an exit code. */
#include <acpi.h>
#include <boot.h>
#include <string.h>
#include <twizzler/syscall.h>
#include <x86.h>
#include "bare.h"

#define DEBUG_EXIT_PORT 0xf4

/* The runner puts `exit=debug` on the command line when it gave the machine an isa-debug-exit
 * device. */
static bool debug_exit(void)
{
	size_t length;
	const char *value = boot_option("exit", &length);

	return value && length == 5 && !memcmp(value, "debug", 5);
}

void bare_shutdown(unsigned action, int code)
{
	if (action == TWZ_SHUTDOWN_POWEROFF) {
		if (debug_exit())
			outb(DEBUG_EXIT_PORT, (uint8_t)code); /* QEMU ends with 2 * code + 1 */
		acpi_poweroff();
		return;
	}
	acpi_reset();
	outb(0xcf9, 0x06); /* PCI reset control */
	outb(0x64, 0xfe);  /* keyboard controller */
}
