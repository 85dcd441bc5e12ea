/* SPDX-License-Identifier: BSD-2-Clause */
/* Text formatting for messages. */
#include <stdbool.h>
#include <log.h>
#include <string.h>

struct output {
	char *buffer;
	size_t size, length;
};

static void put(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length] = c;
	out->length++;
}

struct conversion {
	bool left, zero;
	int width;
};

static void put_padded(struct output *out, const char *text, size_t length, struct conversion how)
{
	size_t pad = how.width > 0 && (size_t)how.width > length ? (size_t)how.width - length : 0;

	if (how.zero && length && *text == '-') {
		put(out, *text++);
		length--;
	}
	for (; pad && !how.left; pad--)
		put(out, how.zero ? '0' : ' ');
	for (size_t i = 0; i < length; i++)
		put(out, text[i]);
	for (; pad; pad--)
		put(out, ' ');
}

static void put_number(struct output *out, uint64_t value, bool negative, unsigned base,
		       struct conversion how)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative)
		digits[--at] = '-';
	put_padded(out, digits + at, sizeof(digits) - at, how);
}

static const char *parse_flags(const char *f, struct conversion *how, bool *wide)
{
	for (; *f == '-' || *f == '0'; f++) {
		if (*f == '-')
			how->left = true;
		else
			how->zero = true;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		how->width = how->width * 10 + (*f - '0');
	for (; *f == 'l' || *f == 'z'; f++)
		*wide = true;
	return f;
}

int format_text_list(char *buffer, size_t size, const char *f, va_list arguments)
{
	struct output out = {buffer, size, 0};

	for (; *f; f++) {
		struct conversion how = {0};
		bool wide = false;
		const char *text;
		int64_t number;

		if (*f != '%') {
			put(&out, *f);
			continue;
		}
		f = parse_flags(f + 1, &how, &wide);
		switch (*f) {
		case 'd':
			number = wide ? va_arg(arguments, int64_t) : va_arg(arguments, int);
			put_number(&out, number < 0 ? -(uint64_t)number : (uint64_t)number,
				   number < 0, 10, how);
			break;
		case 'u':
		case 'x':
			put_number(&out,
				   wide ? va_arg(arguments, uint64_t) : va_arg(arguments, unsigned),
				   false, *f == 'u' ? 10 : 16, how);
			break;
		case 'p':
			put(&out, '0');
			put(&out, 'x');
			put_number(&out, (uint64_t)va_arg(arguments, void *), false, 16, how);
			break;
		case 's':
			text = va_arg(arguments, const char *);
			if (!text)
				text = "(null)";
			put_padded(&out, text, strlen(text), how);
			break;
		case 'c':
			put(&out, (char)va_arg(arguments, int));
			break;
		default:
			put(&out, *f);
			if (!*f)
				f--;
			break;
		}
	}
	if (size)
		buffer[out.length < size ? out.length : size - 1] = 0;
	return (int)out.length;
}

int format_text(char *buffer, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = format_text_list(buffer, size, format, arguments);
	va_end(arguments);
	return length;
}
