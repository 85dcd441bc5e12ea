/* SPDX-License-Identifier: BSD-2-Clause */
/* Globals over many pages, of which a run touches few: it commits only when all of them are as the
 * runs before left them. */
#include <stdlib.h>
#include <string.h>
#include <twizzler/handler.h>

TWZ_HANDLER("spread", .version = "1.0", .budget_ms = 1000, .memory_kb = 512);
TWZ_ON_EVENT(add, "spread.add");
TWZ_ON_EVENT(check, "spread.check");
TWZ_ON_BOOT(boot);
TWZ_MAY_APPEND("/var/spread/deep/er/log");

#define CELLS 40000

static uint32_t first[CELLS] = {[0] = 7, [CELLS - 1] = 9}; /* in the image */
static uint32_t second[CELLS];				   /* zero, so not in the image */
static uint64_t total = 16;
static unsigned int boots;

static uint64_t sum(void)
{
	uint64_t all = 0;

	for (int i = 0; i < CELLS; i++)
		all += first[i] + second[i];
	return all;
}

/* Payload: a cell's index. */
void add(const struct twz_event *event)
{
	char text[16] = {0};
	int cell;

	memcpy(text, twz_event_payload(event), event->size < 15 ? event->size : 15);
	cell = atoi(text);
	if (cell < 0 || cell >= CELLS)
		twz_discard();
	first[cell]++;
	second[CELLS - 1 - cell] += 2;
	total += 3;
}

/* Payload: the expected total. */
void check(const struct twz_event *event)
{
	char text[16] = {0};

	memcpy(text, twz_event_payload(event), event->size < 15 ? event->size : 15);
	if (sum() != total || total != (uint64_t)atoi(text))
		twz_discard();
	twz_append("/var/spread/deep/er/log", "total %lu\n", total);
}

void boot(const struct twz_event *event)
{
	(void)event;
	twz_append("/var/spread/deep/er/log", "boot %u\n", ++boots);
}
