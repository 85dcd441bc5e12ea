/* SPDX-License-Identifier: BSD-2-Clause */
/* Console output, messages, and the queue of console input. */
#include <boot.h>
#include <console.h>
#include <log.h>
#include <platform.h>

static struct spinlock output_lock = SPINLOCK_INIT(LOCK_CONSOLE);

struct console_input console_input = {
	.lock = SPINLOCK_INIT(LOCK_DEVICE),
	.arrived = WAIT_QUEUE_INIT(console_input.arrived),
};

void console_write(const char *bytes, size_t length)
{
	uint64_t flags = spin_lock(&output_lock);

	platform->console_write(bytes, length);
	spin_unlock(&output_lock, flags);
}

void console_receive(uint8_t byte)
{
	uint64_t flags = spin_lock(&console_input.lock);

	if (console_input.tail - console_input.head < CONSOLE_INPUT_SIZE) {
		console_input.bytes[console_input.tail++ % CONSOLE_INPUT_SIZE] = byte;
		wait_wake_all(&console_input.arrived);
		if (console_input.notify)
			console_input.notify();
	}
	spin_unlock(&console_input.lock, flags);
}

static void write_line(const char *format, va_list arguments)
{
	char line[512];
	size_t length = (size_t)format_text_list(line, sizeof(line) - 2, format, arguments);

	if (length > sizeof(line) - 3)
		length = sizeof(line) - 3;
	line[length++] = '\r';
	line[length++] = '\n';
	console_write(line, length);
}

void log_line(const char *format, ...)
{
	va_list arguments;
	size_t length;

	if (!boot_info.command_line || !boot_option("verbose", &length))
		return;
	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
}

void log_alert(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
}
