/* SPDX-License-Identifier: BSD-2-Clause */
/* Every way to have a run discarded, one event each; `good` shows that the globals have stayed. */
#include <twizzler/handler.h>

TWZ_HANDLER("discard", .version = "1.0", .budget_ms = 50);
TWZ_ON_EVENT(good, "discard.good");
TWZ_ON_EVENT(overrun, "discard.overrun");
TWZ_ON_EVENT(fault, "discard.fault");
TWZ_ON_EVENT(call, "discard.call");
TWZ_ON_EVENT(unknown, "discard.unknown");
TWZ_ON_EVENT(stack, "discard.stack");
TWZ_ON_EVENT(past, "discard.past");
TWZ_ON_EVENT(text, "discard.text");
TWZ_ON_EVENT(execute, "discard.execute");
TWZ_ON_EVENT(self, "discard.self");

static volatile uint64_t value = 1;
static uint64_t wanted = 1;

static void issue(uint64_t number)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(0l) : "rcx", "r11", "memory");
}

/* Commits when the globals are what the last committed run left. */
void good(const struct twz_event *event)
{
	if (value != wanted || event->sequence != wanted)
		twz_discard();
	value++;
	wanted++;
}

void overrun(const struct twz_event *event)
{
	(void)event;
	for (;;)
		value = 1000;
}

void fault(const struct twz_event *event)
{
	(void)event;
	value = 2000;
	*(volatile int *)16 = 1;
}

void call(const struct twz_event *event)
{
	(void)event;
	value = 3000;
	issue(TWZ_SYS_stream_write);
	value = 3001;
}

void unknown(const struct twz_event *event)
{
	(void)event;
	value = 4000;
	issue(1); /* Linux's write */
}

__attribute__((noinline)) static int deeper(volatile char *from)
{
	volatile char here[4096];

	here[0] = *from;
	return deeper(here) + here[0];
}

void stack(const struct twz_event *event)
{
	value = (uint64_t)deeper((volatile char *)event);
}

/* Beyond the globals there is nothing, whatever memory_kb says. */
void past(const struct twz_event *event)
{
	(void)event;
	for (volatile uint64_t *at = &value;; at++)
		*at = 5000;
}

void text(const struct twz_event *event)
{
	(void)event;
	value = 6000;
	*(volatile char *)(uintptr_t)good = 0;
}

void execute(const struct twz_event *event)
{
	static unsigned char code[] = {0xc3};

	(void)event;
	value = 7000;
	((void (*)(void))(uintptr_t)code)();
}

void self(const struct twz_event *event)
{
	(void)event;
	value = 8000;
	twz_discard();
}
