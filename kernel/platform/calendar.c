/* SPDX-License-Identifier: BSD-2-Clause */
/* The battery-backed calendar of a PC: the CMOS clock (Motorola MC146818). */
#include <string.h>
#include <x86.h>
#include "clock.h"

static unsigned read_cmos(unsigned reg)
{
	outb(0x70, (uint8_t)reg);
	return inb(0x71);
}

static unsigned from_bcd(unsigned value, unsigned format)
{
	return format & 4 ? value : (value >> 4) * 10 + (value & 15);
}

/* Days since 1970-01-01 of a Gregorian date. */
static uint64_t days_from_date(uint64_t year, unsigned month, unsigned day)
{
	static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	uint64_t past = year - 1;
	uint64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162;

	days += before[month - 1] + day - 1;
	if (month > 2 && year % 4 == 0 && (year % 100 || year % 400 == 0))
		days++;
	return days;
}

uint64_t calendar_read(void)
{
	unsigned now[7] = {0}, again[7], format;
	static const uint8_t regs[7] = {0, 2, 4, 7, 8, 9, 0x32};
	unsigned hour;
	uint64_t year;

	for (unsigned tries = 0; tries < 100; tries++) {
		if (read_cmos(0x0a) & 0x80)
			continue;
		for (unsigned i = 0; i < 7; i++)
			now[i] = read_cmos(regs[i]);
		for (unsigned i = 0; i < 7; i++)
			again[i] = read_cmos(regs[i]);
		if (!memcmp(now, again, sizeof(now)))
			break;
	}
	format = read_cmos(0x0b);
	hour = from_bcd(now[2] & 0x7f, format);
	if (!(format & 2))
		hour = hour % 12 + (now[2] & 0x80 ? 12 : 0);
	year = from_bcd(now[5], format);
	now[6] = from_bcd(now[6], format);
	year += now[6] >= 19 && now[6] < 30 ? now[6] * 100 : 2000;
	now[4] = from_bcd(now[4], format);
	if (now[4] < 1 || now[4] > 12)
		return 0;
	return days_from_date(year, now[4], from_bcd(now[3], format)) * 86400 + hour * 3600 +
	       from_bcd(now[1], format) * 60 + from_bcd(now[0], format);
}
