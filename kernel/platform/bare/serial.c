/* SPDX-License-Identifier: BSD-2-Clause */
/* The first serial port, a 16550 at 0x3f8: polled output, input by interrupt 4. */
#include <console.h>
#include <interrupt.h>
#include <log.h>
#include <x86.h>
#include "bare.h"

#define PORT		 0x3f8
#define DATA		 (PORT + 0)
#define INTERRUPT_ENABLE (PORT + 1)
#define FIFO_CONTROL	 (PORT + 2)
#define LINE_CONTROL	 (PORT + 3)
#define MODEM_CONTROL	 (PORT + 4)
#define LINE_STATUS	 (PORT + 5)
#define SCRATCH		 (PORT + 7)

static bool present;

void serial_init(void)
{
	outb(SCRATCH, 0x5a);
	present = inb(SCRATCH) == 0x5a;
	if (!present)
		return;
	outb(INTERRUPT_ENABLE, 0);
	outb(LINE_CONTROL, 0x80); /* divisor latch */
	outb(DATA, 1);		  /* 115200 baud */
	outb(INTERRUPT_ENABLE, 0);
	outb(LINE_CONTROL, 0x03); /* 8n1 */
	outb(FIFO_CONTROL, 0x07); /* on, cleared */
	outb(MODEM_CONTROL, 0x0b);
}

void serial_write(const char *bytes, size_t length)
{
	if (!present)
		return;
	for (size_t i = 0; i < length; i++) {
		/* a port whose other end is stuck must not stop the kernel for ever */
		for (unsigned tries = 0; tries < 1000000 && !(inb(LINE_STATUS) & 0x20); tries++)
			cpu_pause();
		outb(DATA, (uint8_t)bytes[i]);
	}
}

static void receive(void *unused)
{
	(void)unused;
	while (inb(LINE_STATUS) & 0x01)
		console_receive(inb(DATA));
}

void serial_input_init(void)
{
	if (!present)
		return;
	if (interrupt_register_isa(4, receive, NULL) < 0) {
		log_line("serial: no interrupt line for input");
		return;
	}
	outb(INTERRUPT_ENABLE, 1);
}
