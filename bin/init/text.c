/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings, words and the formats that init prints. */
#include "init.h"

size_t text_length(const char *text)
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return length;
}

bool text_equal(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

bool text_begins(const char *text, const char *start)
{
	while (*start != '\0')
		if (*text++ != *start++)
			return false;
	return true;
}

/* Where formatted bytes go; counted past the end, stored up to it. */
struct output {
	char *buffer;
	size_t size, length;
};

static void put(struct output *output, char byte)
{
	if (output->length + 1 < output->size)
		output->buffer[output->length] = byte;
	output->length++;
}

static void put_number(struct output *output, uint64_t value, unsigned base)
{
	char digits[20];
	unsigned count = 0;

	do
		digits[count++] = "0123456789abcdef"[value % base];
	while ((value /= base) != 0);
	while (count > 0)
		put(output, digits[--count]);
}

/* One conversion, behind its '%'; returns what follows it. */
static const char *convert(struct output *output, const char *format, va_list *arguments)
{
	bool wide = *format == 'l';

	if (wide)
		format++;
	switch (*format) {
	case 's':
		for (const char *text = va_arg(*arguments, const char *); *text != '\0'; text++)
			put(output, *text);
		break;
	case 'c':
		put(output, (char)va_arg(*arguments, int));
		break;
	case 'd': {
		int64_t value = wide ? va_arg(*arguments, long) : va_arg(*arguments, int);
		if (value < 0)
			put(output, '-');
		put_number(output, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, 10);
		break;
	}
	case 'u':
	case 'x':
		put_number(output,
			   wide ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned),
			   *format == 'u' ? 10 : 16);
		break;
	default:
		put(output, *format);
		break;
	}
	return format + 1;
}

static size_t format_list(char *buffer, size_t size, const char *format, va_list *arguments)
{
	struct output output = {buffer, size, 0};

	while (*format != '\0') {
		if (*format == '%' && format[1] != '\0')
			format = convert(&output, format + 1, arguments);
		else
			put(&output, *format++);
	}
	size_t length = output.length < size ? output.length : size - 1;
	buffer[length] = '\0';
	return length;
}

size_t format_text(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	size_t length = format_list(buffer, size, format, &arguments);
	va_end(arguments);
	return length;
}

void say(int fd, const char *format, ...)
{
	char buffer[512];
	va_list arguments;

	va_start(arguments, format);
	size_t length = format_list(buffer, sizeof(buffer), format, &arguments);
	va_end(arguments);
	twz_rt_fd_write(fd, buffer, length, TWZ_IO_AT_POSITION);
}

const char *signal_name(int number)
{
	static const char *const names[] = {
		[4] = "SIGILL",	  [5] = "SIGTRAP",  [6] = "SIGABRT",  [7] = "SIGBUS",
		[8] = "SIGFPE",	  [9] = "SIGKILL",  [11] = "SIGSEGV", [13] = "SIGPIPE",
		[14] = "SIGALRM", [15] = "SIGTERM", [2] = "SIGINT",
	};

	if (number > 0 && (size_t)number < sizeof(names) / sizeof(*names) && names[number] != NULL)
		return names[number];
	return "signal";
}

int split_words(char *line, char **words, int limit)
{
	char *to = line;
	int count = 0;

	for (;;) {
		char quote = 0;

		while (*line == ' ' || *line == '\t' || *line == '\n' || *line == '\r')
			line++;
		if (*line == '\0' || *line == '#')
			break;
		if (count < limit)
			words[count] = to;
		count++;
		for (; *line != '\0'; line++) {
			if (quote == 0 &&
			    (*line == ' ' || *line == '\t' || *line == '\n' || *line == '\r'))
				break;
			if (*line == '\\' && quote != '\'' && line[1] != '\0')
				*to++ = *++line;
			else if (quote == 0 && (*line == '\'' || *line == '"'))
				quote = *line;
			else if (quote != 0 && *line == quote)
				quote = 0;
			else
				*to++ = *line;
		}
		if (quote != 0)
			return -1;
		bool last = *line == '\0';
		*to++ = '\0';
		if (last)
			break;
		line++;
	}
	words[count < limit ? count : limit] = NULL;
	return count < limit ? count : limit;
}
