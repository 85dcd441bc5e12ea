/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the program, as a message through a debug console port. */
#include <boot.h>
#include <log.h>
#include <twizzler/channel.h>
#include <x86.h>
#include "report.h"

static void write_bytes(uint16_t port, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	while (length--)
		outb(port, *at++);
}

static void write_message(uint16_t port, uint32_t kind, const void *payload, uint64_t size)
{
	const struct twz_channel_header header = {
		.magic = TWZ_CHANNEL_MAGIC,
		.kind = kind,
		.size = (uint32_t)size,
	};

	write_bytes(port, &header, sizeof(header));
	write_bytes(port, payload, size);
}

void report_end(const struct twz_channel_exit *end, const struct twz_crash *crash,
		uint64_t crash_size)
{
	uint16_t port = boot_option_port("report");

	if (port) {
		if (crash)
			write_message(port, TWZ_CHANNEL_CRASH, crash, crash_size);
		write_message(port, TWZ_CHANNEL_EXIT, end, sizeof(*end));
	} else if (end->state == TWZ_VIEW_KILLED) {
		log_alert("killed by signal %d: fault %u at %lx, rip %lx", end->code,
			  end->fault.kind, end->fault.address, end->fault.registers.rip);
	}
}
