/* SPDX-License-Identifier: BSD-2-Clause */
/* The loader's messages: kept by thread for dl_error, or told and fatal while a program starts. */
#include <stdarg.h>

#include "loader.h"

static void put(struct loader_message *message, const char *text)
{
	size_t length = rt_string_length(text);
	if (message->length + length + 1 > message->size) {
		size_t size = (message->length + length + 1) * 2;
		char *larger = twz_rt_realloc(message->text, message->size, 1, size, 0);
		if (larger == NULL)
			return;
		message->text = larger;
		message->size = size;
	}
	memcpy(message->text + message->length, text, length + 1);
	message->length += length;
}

static void put_all(struct loader_message *message, const char *first, va_list parts)
{
	for (const char *part = first; part != NULL; part = va_arg(parts, const char *))
		put(message, part);
	message->unread = 1;
}

int loader_fail(const char *path, ...)
{
	struct loader_message *message = tls_thread_message();
	message->length = 0;
	put(message, "cannot load ");
	put(message, path);
	va_list parts;
	va_start(parts, path);
	put_all(message, ": ", parts);
	va_end(parts);
	return -1;
}

int loader_complain(const char *first, ...)
{
	struct loader_message *message = tls_thread_message();
	message->length = 0;
	va_list parts;
	va_start(parts, first);
	put_all(message, first, parts);
	va_end(parts);
	return -1;
}

const char *twz_rt_dl_error(void)
{
	struct loader_message *message = tls_thread_message();
	if (!message->unread || message->text == NULL)
		return NULL;
	message->unread = 0;
	return message->text;
}

void loader_die(void)
{
	static const char prefix[] = "libtwz_rt.so: ";
	struct loader_message *message = tls_thread_message();
	const char *text = message->text != NULL ? message->text : "out of memory";
	const struct twz_rt_iovec parts[3] = {{(void *)prefix, sizeof(prefix) - 1},
					      {(void *)text, rt_string_length(text)},
					      {"\n", 1}};
	twz_rt_fd_writev(2, parts, 3, TWZ_IO_AT_POSITION);
	twz_rt_exit(127);
}

static char *put_number(char *at, uint32_t value)
{
	char digits[10];
	size_t count = 0;
	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

const char *loader_version_text(struct twz_abi_version version, char *buffer)
{
	char *at = put_number(buffer, version.major);
	*at++ = '.';
	at = put_number(at, version.minor);
	*at++ = '.';
	at = put_number(at, version.patch);
	*at = '\0';
	return buffer;
}
