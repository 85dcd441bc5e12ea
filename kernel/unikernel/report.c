/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the program, as a message through a debug console port. */
#include <boot.h>
#include <log.h>
#include <twizzler/channel.h>
#include <x86.h>
#include "report.h"

/* The option's port, or 0. */
static uint16_t report_port(void)
{
	size_t length;
	const char *text = boot_option("report", &length);
	unsigned port = 0;

	if (!text || !length || length > 4)
		return 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		unsigned digit = c >= '0' && c <= '9'	? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
							: 16;

		if (digit == 16)
			return 0;
		port = port * 16 + digit;
	}
	return (uint16_t)port;
}

static void write_bytes(uint16_t port, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	while (length--)
		outb(port, *at++);
}

void report_end(const struct twz_channel_exit *end)
{
	const struct twz_channel_header header = {
		.magic = TWZ_CHANNEL_MAGIC,
		.kind = TWZ_CHANNEL_EXIT,
		.size = sizeof(*end),
	};
	uint16_t port = report_port();

	if (port) {
		write_bytes(port, &header, sizeof(header));
		write_bytes(port, end, sizeof(*end));
	} else if (end->state == TWZ_VIEW_KILLED) {
		log_alert("killed by signal %d: fault %u at %lx, rip %lx", end->code,
			  end->fault.kind, end->fault.address, end->fault.registers.rip);
	}
}
