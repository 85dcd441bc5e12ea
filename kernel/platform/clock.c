/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clocks: the time stamp counter, measured against the best counter there is in under a
 * millisecond at the start, and again over longer and longer spans while the system runs.
 */
#include <boot.h>
#include <log.h>
#include <object.h>
#include <page.h>
#include <timer.h>
#include <twizzler/clock.h>
#include <x86.h>
#include "bare/bare.h"
#include "clock.h"

#define SECOND	       1000000000ull
#define CALIBRATION_NS 300000ull
/* Where the first measure was a few thousandths off, the last is a tenth of a millionth. */
static const uint64_t refine_at[] = {SECOND / 20, SECOND, 10 * SECOND};

static struct twz_clock_page early_page;
static struct twz_clock_page *page = &early_page; /* a frame of its own after clock_init */
static struct spinlock page_lock = SPINLOCK_INIT(LOCK_CLOCK); /* who changes the page */
static volatile uint64_t last_time;			      /* without TWZ_CLOCK_PAGE_VALID */

static struct reference reference;
static uint64_t first_ticks, first_tsc; /* the reference and the counter at the first measure */
static struct timer refine_timer;
static unsigned refinements;

/*
 * The counter and the time stamp between two reads of it that lie close together: the sample with
 * the smallest uncertainty of eight.
 */
static void sample(uint64_t *ticks, uint64_t *tsc, uint32_t *timer)
{
	uint64_t best = ~0ull;

	for (unsigned i = 0; i < 8; i++) {
		uint64_t before = rdtsc();
		uint64_t now = reference.read();
		uint64_t after = rdtsc();

		if (after - before < best) {
			best = after - before;
			*ticks = now;
			*tsc = before + (after - before) / 2;
			if (timer)
				*timer = apic_timer_counted();
		}
	}
}

static void page_begin(void)
{
	__atomic_store_n(&page->sequence, page->sequence + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void page_end(void)
{
	__atomic_store_n(&page->sequence, page->sequence + 1, __ATOMIC_RELEASE);
}

void clock_init(void)
{
	uint64_t ticks, tsc, elapsed;
	uint32_t timer, timer_end;
	physical_address frame = frame_alloc_zeroed();

	if (!reference_find(&reference))
		panic("no counter to calibrate the clock with");
	if (!frame)
		panic("out of memory for the clock");
	apic_timer_start_counting();
	sample(&first_ticks, &first_tsc, &timer);
	do {
		elapsed = ((reference.read() - first_ticks) & reference.mask) * SECOND /
			  reference.frequency;
	} while (elapsed < CALIBRATION_NS);
	sample(&ticks, &tsc, &timer_end);
	elapsed = ((ticks - first_ticks) & reference.mask) * SECOND / reference.frequency;
	if (tsc <= first_tsc)
		panic("the time stamp counter does not count");
	page = phys_to_virt(frame);
	page->rate = (elapsed << 32) / (tsc - first_tsc); /* elapsed is below a second */
	page->base_ticks = boot_info.entry_tsc;
	page->flags = tsc_promised() ? TWZ_CLOCK_PAGE_VALID : 0;
	apic_timer_calibrate(elapsed, timer_end - timer);
	log_line("clock: %lu MHz by %s", (tsc - first_tsc) * 1000 / elapsed, reference.name);
}

void clock_distrust(const char *why)
{
	uint64_t flags = spin_lock(&page_lock);

	log_alert("clock: the time stamp counter is not to be trusted: %s", why);
	page_begin();
	page->flags &= ~TWZ_CLOCK_PAGE_VALID;
	page_end();
	spin_unlock(&page_lock, flags);
}

/* The rate measured since the start, from here on; the time itself goes on without a step. */
static void refine(struct timer *timer)
{
	uint64_t ticks, tsc, elapsed, rate, old = page->rate, flags, now;

	sample(&ticks, &tsc, NULL);
	elapsed = (uint64_t)((unsigned __int128)((ticks - first_ticks) & reference.mask) * SECOND /
			     reference.frequency);
	rate = (uint64_t)(((unsigned __int128)elapsed << 32) / (tsc - first_tsc));
	/* a machine that stood still, or a counter that came round: no measure at all */
	if (rate > old - old / 64 && rate < old + old / 64) {
		flags = spin_lock(&page_lock);
		page_begin();
		now = rdtsc();
		page->base_time +=
			(uint64_t)((unsigned __int128)(now - page->base_ticks) * old >> 32);
		page->base_ticks = now;
		page->rate = rate;
		page_end();
		spin_unlock(&page_lock, flags);
	}
	/* as long as the reference has not come round */
	if (++refinements < sizeof(refine_at) / sizeof(refine_at[0]) &&
	    refine_at[refinements] / SECOND * reference.frequency < reference.mask / 2)
		timer->deadline = refine_at[refinements];
}

static twz_result fetch(struct object *object, uint64_t number, bool write, struct object_page *out)
{
	(void)write;
	if (number)
		return -TWZ_ERR_BAD_ADDRESS;
	out->frame = virt_to_phys(object->pager_data);
	frame_ref(out->frame);
	out->flags = OBJECT_PAGE_READONLY;
	return TWZ_OK;
}

void clock_publish(void)
{
	static const struct object_pager pager = {.fetch = fetch};
	struct object *object;

	if (object_make_paged((struct twz_id){TWZ_ID_CLOCK_HI, TWZ_ID_CLOCK_LO}, TWZ_OBJECT_RAW, 0,
			      TWZ_RIGHT_READ, &pager, page, &object) < 0)
		panic("out of memory for the clock");
	/* where the rate is known it is not measured; the 8254 comes round too soon */
	if (reference.read != rdtsc && reference.mask > 0xffff)
		timer_arm(&refine_timer, refine_at[0], refine);
}

/* As the page says, and where it says nothing, at least never back. */
static uint64_t time_of(const struct twz_clock_page *at, uint64_t tsc)
{
	uint64_t ticks = tsc - at->base_ticks;

	if ((int64_t)ticks < 0)
		ticks = 0;
	return at->base_time + (uint64_t)((unsigned __int128)ticks * at->rate >> 32);
}

static uint64_t monotonic_untrusted(void)
{
	uint64_t now, last = last_time;

	do {
		now = time_of(page, rdtsc());
		if (now < last)
			return last;
	} while (!__atomic_compare_exchange_n(&last_time, &last, now, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_SEQ_CST));
	return now;
}

uint64_t clock_monotonic(void)
{
	uint64_t now = twz_clock_page_read(page, TWZ_CLOCK_MONOTONIC);

	return now ? now : monotonic_untrusted();
}

uint64_t clock_from_tsc(uint64_t tsc)
{
	uint64_t back = page->base_ticks - tsc;

	if ((int64_t)back <= 0)
		return time_of(page, tsc);
	/* the rate has been measured again since */
	back = (uint64_t)((unsigned __int128)back * page->rate >> 32);
	return page->base_time > back ? page->base_time - back : 0;
}

void clock_delay(uint64_t nanoseconds)
{
	uint64_t end = clock_monotonic() + nanoseconds;

	while (clock_monotonic() < end)
		cpu_pause();
}

uint64_t clock_realtime(void)
{
	if (!page->realtime_offset) {
		uint64_t offset = calendar_read() * SECOND - clock_monotonic();
		uint64_t flags = spin_lock(&page_lock);

		/* two CPUs may both have read the calendar; the first to store wins */
		if (!page->realtime_offset) {
			page_begin();
			page->realtime_offset = offset;
			page_end();
		}
		spin_unlock(&page_lock, flags);
	}
	return page->realtime_offset + clock_monotonic();
}
