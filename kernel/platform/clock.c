/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks: the time stamp counter, calibrated against the best counter there is in under a
 * millisecond. */
#include <acpi.h>
#include <boot.h>
#include <log.h>
#include <page.h>
#include <string.h>
#include <timer.h>
#include <x86.h>
#include "bare/bare.h"
#include "xen/xen.h"

#define CALIBRATION_NS 300000ull
#define SECOND	       1000000000ull

static uint64_t base_tsc;
static uint64_t ns_per_2_32_ticks;	  /* nanoseconds a tick, 32.32 fixed point */
static volatile uint64_t realtime_offset; /* epoch minus monotonic zero; 0: not read yet */

/* A counter of known frequency: bits wide, ticks a second. */
struct reference {
	const char *name;
	uint64_t (*read)(void);
	uint64_t mask, frequency;
};

static volatile uint64_t *hpet;
static uint16_t power_timer;

static uint64_t read_hpet(void)
{
	return *(volatile uint32_t *)(hpet + 0xf0 / 8);
}

static uint64_t read_power_timer(void)
{
	return inl(power_timer);
}

static bool find_hpet(struct reference *reference)
{
	const struct acpi_header *table = acpi_find("HPET", 0);
	uint64_t address, period;

	if (!table || table->length < 52)
		return false;
	memcpy(&address, (const char *)table + 44, 8);
	hpet = map_device(address, 0x400);
	if (!hpet)
		return false;
	period = hpet[0] >> 32; /* femtoseconds */
	if (!period || period > 100000000)
		return false;
	hpet[0x10 / 8] |= 1; /* count */
	*reference =
		(struct reference){"HPET", read_hpet, 0xffffffff, 1000000000000000ull / period};
	return true;
}

static bool find_power_timer(struct reference *reference)
{
	const struct acpi_header *table = acpi_find("FACP", 0);
	uint32_t port;

	if (!table || table->length < 80)
		return false;
	memcpy(&port, (const char *)table + 76, 4);
	if (!port)
		return false;
	power_timer = (uint16_t)port;
	*reference = (struct reference){"ACPI timer", read_power_timer, 0xffffff, 3579545};
	return true;
}

/* The 8254's channel 2, latched; counts down from 65536. */
static uint64_t read_pit(void)
{
	uint32_t low;

	outb(0x43, 0x80);
	low = inb(0x42);
	return 0xffff - (low | (uint32_t)inb(0x42) << 8);
}

static bool find_pit(struct reference *reference)
{
	outb(0x61, (uint8_t)((inb(0x61) & ~2) | 1));
	outb(0x43, 0xb4); /* channel 2, both bytes, rate generator */
	outb(0x42, 0xff);
	outb(0x42, 0xff);
	*reference = (struct reference){"8254", read_pit, 0xffff, 1193182};
	return true;
}

/* Frequency in kHz as the hypervisor tells (VMware's leaf, which KVM and others offer), or 0. */
static uint64_t hypervisor_frequency(void)
{
	if (xen_tsc_khz())
		return xen_tsc_khz();
	if (!(cpuid(1, 0).ecx >> 31) || cpuid(0x40000000, 0).eax < 0x40000010)
		return 0;
	return cpuid(0x40000010, 0).eax;
}

/* The time stamp counter itself, where its rate is known: then only the APIC's timer is measured.
 */
static bool find_known_rate(struct reference *reference)
{
	uint64_t khz = hypervisor_frequency();

	*reference = (struct reference){"the hypervisor", rdtsc, ~0ull, khz * 1000};
	return khz != 0;
}

/* Whether the counter counts: firmware tables may name one that a hypervisor hides. */
static bool counts(const struct reference *reference)
{
	uint64_t first = reference->read();

	for (unsigned i = 0; i < 10000; i++) {
		if (reference->read() != first)
			return true;
	}
	return false;
}

static bool find_reference(struct reference *reference)
{
	return (find_known_rate(reference) && counts(reference)) ||
	       (find_hpet(reference) && counts(reference)) ||
	       (find_power_timer(reference) && counts(reference)) ||
	       (find_pit(reference) && counts(reference));
}

/*
 * The counter and the time stamp between two reads of it that lie close together: the sample with
 * the smallest uncertainty of eight.
 */
static void sample(const struct reference *reference, uint64_t *ticks, uint64_t *tsc,
		   uint32_t *timer)
{
	uint64_t best = ~0ull;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t before = rdtsc();
		uint64_t now = reference->read();
		uint64_t after = rdtsc();

		if (after - before < best) {
			best = after - before;
			*ticks = now;
			*tsc = before + (after - before) / 2;
			*timer = apic_timer_counted();
		}
	}
}

void clock_init(void)
{
	struct reference reference;
	uint64_t ticks, ticks_end, tsc, tsc_end, elapsed;
	uint32_t timer, timer_end;

	if (!find_reference(&reference))
		panic("no counter to calibrate the clock with");
	apic_timer_start_counting();
	sample(&reference, &ticks, &tsc, &timer);
	do {
		elapsed = ((reference.read() - ticks) & reference.mask) * SECOND /
			  reference.frequency;
	} while (elapsed < CALIBRATION_NS);
	sample(&reference, &ticks_end, &tsc_end, &timer_end);
	elapsed = ((ticks_end - ticks) & reference.mask) * SECOND / reference.frequency;
	if (tsc_end <= tsc)
		panic("the time stamp counter does not count");
	ns_per_2_32_ticks = (elapsed << 32) / (tsc_end - tsc); /* elapsed is below a second */
	base_tsc = boot_info.entry_tsc;
	apic_timer_calibrate(elapsed, timer_end - timer);
	log_line("clock: %lu MHz by %s", (tsc_end - tsc) * 1000 / elapsed, reference.name);
}

uint64_t clock_from_tsc(uint64_t tsc)
{
	if ((int64_t)(tsc - base_tsc) < 0)
		return 0;
	return (uint64_t)((unsigned __int128)(tsc - base_tsc) * ns_per_2_32_ticks >> 32);
}

uint64_t clock_monotonic(void)
{
	return clock_from_tsc(rdtsc());
}

void clock_delay(uint64_t nanoseconds)
{
	uint64_t end = clock_monotonic() + nanoseconds;

	while (clock_monotonic() < end)
		cpu_pause();
}

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

/* Seconds since the epoch from the CMOS clock, read twice alike. */
static uint64_t read_calendar(void)
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

uint64_t clock_realtime(void)
{
	if (!realtime_offset) {
		/* two CPUs may both read it; the first to store wins */
		uint64_t offset = read_calendar() * SECOND - clock_monotonic(), none = 0;

		__atomic_compare_exchange_n(&realtime_offset, &none, offset, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED);
	}
	return realtime_offset + clock_monotonic();
}
