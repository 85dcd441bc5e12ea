/* SPDX-License-Identifier: BSD-2-Clause */
/* The formatter of twz_append and twz_format: printf's integer, character and string conversions.
 */
#include <stdbool.h>
#include "run.h"

struct sink {
	char *buffer;
	uint64_t size;
	uint64_t length;
};

struct conversion {
	bool left, zero, plus, space, alternate;
	int64_t width;
	int64_t precision; /* -1: none given */
	unsigned int size; /* of the argument in bytes: 1, 2, 4 or 8 */
};

static void put(struct sink *sink, char c)
{
	if (sink->length < sink->size)
		sink->buffer[sink->length] = c;
	sink->length++;
}

/* A huge width costs its length, not the time to count it out where nothing is stored. */
static void pad(struct sink *sink, char c, int64_t count)
{
	while (count > 0 && sink->length < sink->size)
		put(sink, c), count--;
	if (count > 0)
		sink->length += (uint64_t)count;
}

/* `prefix` (sign or 0x), zeros up to the precision or width, then the digits. */
static void put_number(struct sink *sink, const struct conversion *c, uint64_t value,
		       unsigned int base, bool upper, const char *prefix)
{
	const char *letters = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[24];
	int64_t count = 0, zeros, prefix_length = 0, fill;

	for (uint64_t rest = value; rest; rest /= base)
		digits[count++] = letters[rest % base];
	if (count == 0 && c->precision != 0)
		digits[count++] = '0';
	while (prefix[prefix_length])
		prefix_length++;
	zeros = c->precision > count ? c->precision - count : 0;
	if (c->precision < 0 && c->zero && !c->left && c->width > count + prefix_length)
		zeros = c->width - count - prefix_length;
	fill = c->width - count - zeros - prefix_length;
	if (!c->left)
		pad(sink, ' ', fill);
	while (*prefix)
		put(sink, *prefix++);
	pad(sink, '0', zeros);
	while (count)
		put(sink, digits[--count]);
	if (c->left)
		pad(sink, ' ', fill);
}

static void put_string(struct sink *sink, const struct conversion *c, const char *string)
{
	int64_t length = 0;

	if (!string)
		string = "(null)";
	while ((c->precision < 0 || length < c->precision) && string[length])
		length++;
	if (!c->left)
		pad(sink, ' ', c->width - length);
	for (int64_t i = 0; i < length; i++)
		put(sink, string[i]);
	if (c->left)
		pad(sink, ' ', c->width - length);
}

static int64_t number(const char **at)
{
	int64_t value = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++)
		if (value < INT32_MAX)
			value = value * 10 + (**at - '0');
	return value < INT32_MAX ? value : INT32_MAX;
}

/* Flags, width, precision and length; the conversion's letter is left at *at. */
static struct conversion parse(const char **at, va_list *arguments)
{
	struct conversion c = {.precision = -1, .size = 4};

	for (;; (*at)++) {
		if (**at == '-')
			c.left = true;
		else if (**at == '0')
			c.zero = true;
		else if (**at == '+')
			c.plus = true;
		else if (**at == ' ')
			c.space = true;
		else if (**at == '#')
			c.alternate = true;
		else
			break;
	}
	if (**at == '*') {
		(*at)++;
		c.width = va_arg(*arguments, int);
		if (c.width < 0) {
			c.left = true;
			c.width = -c.width;
		}
	} else {
		c.width = number(at);
	}
	if (**at == '.') {
		(*at)++;
		if (**at == '*') {
			(*at)++;
			c.precision = va_arg(*arguments, int);
		} else {
			c.precision = number(at);
		}
	}
	for (;; (*at)++) {
		if (**at == 'h')
			c.size = c.size == 2 ? 1 : 2;
		else if (**at == 'l' || **at == 'z' || **at == 'j' || **at == 't')
			c.size = 8;
		else
			return c;
	}
}

static uint64_t narrow(uint64_t value, unsigned int size)
{
	return size == 8 ? value : value & ((1ull << size * 8) - 1);
}

static void put_signed(struct sink *sink, const struct conversion *c, va_list *arguments)
{
	int64_t value = c->size == 8 ? va_arg(*arguments, int64_t) : va_arg(*arguments, int);

	if (c->size == 2)
		value = (int16_t)value;
	else if (c->size == 1)
		value = (int8_t)value;
	put_number(sink, c, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, false,
		   value < 0  ? "-"
		   : c->plus  ? "+"
		   : c->space ? " "
			      : "");
}

static void put_unsigned(struct sink *sink, const struct conversion *c, char letter,
			 va_list *arguments)
{
	uint64_t value =
		c->size == 8 ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned int);
	unsigned int base = letter == 'o' ? 8 : letter == 'u' ? 10 : 16;
	const char *prefix = "";

	value = narrow(value, c->size);
	if (c->alternate && value && letter != 'u')
		prefix = letter == 'o' ? "0" : letter == 'X' ? "0X" : "0x";
	put_number(sink, c, value, base, letter == 'X', prefix);
}

int64_t format_bytes(char *buffer, size_t size, const char *format, va_list arguments)
{
	struct sink sink = {.buffer = buffer, .size = size};
	struct conversion c;
	va_list rest;
	int64_t result = 0;

	va_copy(rest, arguments);
	for (const char *at = format; *at && !result; at++) {
		if (*at != '%') {
			put(&sink, *at);
			continue;
		}
		at++;
		c = parse(&at, &rest);
		switch (*at) {
		case 'd':
		case 'i':
			put_signed(&sink, &c, &rest);
			break;
		case 'u':
		case 'x':
		case 'X':
		case 'o':
			put_unsigned(&sink, &c, *at, &rest);
			break;
		case 'p':
			c.precision = -1;
			put_number(&sink, &c, (uint64_t)va_arg(rest, void *), 16, false, "0x");
			break;
		case 's':
			put_string(&sink, &c, va_arg(rest, const char *));
			break;
		case 'c':
			pad(&sink, ' ', c.left ? 0 : c.width - 1);
			put(&sink, (char)va_arg(rest, int));
			pad(&sink, ' ', c.left ? c.width - 1 : 0);
			break;
		case '%':
			put(&sink, '%');
			break;
		default: /* the compiler's -Wformat has said so already */
			result = -TWZ_ERR_INVALID_ARGUMENT;
		}
	}
	va_end(rest);
	return result ? result : (int64_t)sink.length;
}
