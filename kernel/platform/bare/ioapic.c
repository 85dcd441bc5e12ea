/* SPDX-License-Identifier: BSD-2-Clause */
/* I/O APICs and the vectors of device interrupts. */
#include <acpi.h>
#include <cpu.h>
#include <heap.h>
#include <interrupt.h>
#include <lock.h>
#include <log.h>
#include <twizzler/types.h>
#include "bare.h"
#include "madt.h"

#define REG_VERSION 0x01
#define REG_ENTRY   0x10
#define ENTRY_LEVEL 0x8000u
#define ENTRY_LOW   0x2000u

struct action {
	struct action *next;
	interrupt_handler handler;
	void *context;
};

struct ioapic {
	struct ioapic *next;
	volatile uint32_t *window;
	uint32_t first, count; /* global system interrupts */
	uint8_t vectors[];     /* by input; 0: not routed */
};

struct override {
	struct override *next;
	uint32_t irq, line;
	bool level, low;
};

static struct action *actions[256];
static struct ioapic *ioapics;
static struct override *overrides;
static struct spinlock routes_lock = SPINLOCK_INIT(LOCK_DEVICE);
static unsigned next_vector = VECTOR_FIRST_DEVICE;

static uint32_t ioapic_read(struct ioapic *io, uint32_t reg)
{
	io->window[0] = reg;
	return io->window[4];
}

static void ioapic_write(struct ioapic *io, uint32_t reg, uint32_t value)
{
	io->window[0] = reg;
	io->window[4] = value;
}

static void add_ioapic(physical_address address, uint32_t first)
{
	struct ioapic probe = {.window = map_device(address, PAGE_SIZE)};
	struct ioapic *io;
	uint32_t count;

	if (!probe.window)
		return;
	count = (ioapic_read(&probe, REG_VERSION) >> 16 & 0xff) + 1;
	io = kernel_alloc(sizeof(*io) + count);
	if (!io)
		return;
	io->window = probe.window;
	io->first = first;
	io->count = count;
	io->next = ioapics;
	ioapics = io;
}

static void add_override(const struct madt_override *entry)
{
	struct override *o = kernel_alloc(sizeof(*o));

	if (!o)
		return;
	o->irq = entry->irq;
	o->line = entry->line;
	o->low = (entry->flags & 3) == 3;
	o->level = (entry->flags >> 2 & 3) == 3;
	o->next = overrides;
	overrides = o;
}

static void visit(const struct madt_entry *entry, void *unused)
{
	(void)unused;
	if (entry->type == MADT_IOAPIC)
		add_ioapic(((const struct madt_ioapic *)entry)->address,
			   ((const struct madt_ioapic *)entry)->first);
	else if (entry->type == MADT_OVERRIDE)
		add_override((const struct madt_override *)entry);
}

void ioapic_init(void)
{
	madt_visit(visit, NULL);
	if (!ioapics)
		log_line("no I/O APIC: only message-signalled interrupts work");
}

/* Lock held. 0: none left. */
static unsigned take_vector(void)
{
	return next_vector <= VECTOR_LAST_DEVICE ? next_vector++ : 0;
}

static void add_action(unsigned vector, struct action *action)
{
	action->next = actions[vector];
	__atomic_store_n(&actions[vector], action, __ATOMIC_RELEASE);
}

static struct action *make_action(interrupt_handler handler, void *context)
{
	struct action *action = kernel_alloc(sizeof(*action));

	if (action) {
		action->handler = handler;
		action->context = context;
	}
	return action;
}

int64_t interrupt_register_message(interrupt_handler handler, void *context, uint64_t *address,
				   uint32_t *data)
{
	struct action *action = make_action(handler, context);
	uint64_t flags;
	unsigned vector;

	if (!action)
		return -TWZ_ERR_OUT_OF_MEMORY;
	flags = spin_lock(&routes_lock);
	vector = take_vector();
	if (vector)
		add_action(vector, action);
	spin_unlock(&routes_lock, flags);
	if (!vector) {
		kernel_free(action);
		return -TWZ_ERR_TOO_MANY;
	}
	*address = 0xfee00000u | cpus[0]->apic_id << 12;
	*data = vector;
	return TWZ_OK;
}

int64_t interrupt_register_line(uint32_t line, bool level, bool active_low,
				interrupt_handler handler, void *context)
{
	struct action *action = make_action(handler, context);
	struct ioapic *io = ioapics;
	int64_t result = TWZ_OK;
	uint64_t flags;

	if (!action)
		return -TWZ_ERR_OUT_OF_MEMORY;
	flags = spin_lock(&routes_lock);
	while (io && (line < io->first || line >= io->first + io->count))
		io = io->next;
	if (!io) {
		result = -TWZ_ERR_INVALID_ARGUMENT;
	} else if (io->vectors[line - io->first]) {
		add_action(io->vectors[line - io->first], action);
	} else {
		unsigned vector = take_vector();
		uint32_t reg = REG_ENTRY + 2 * (line - io->first);

		if (vector) {
			io->vectors[line - io->first] = (uint8_t)vector;
			add_action(vector, action);
			ioapic_write(io, reg + 1, cpus[0]->apic_id << 24);
			ioapic_write(io, reg,
				     vector | (level ? ENTRY_LEVEL : 0) |
					     (active_low ? ENTRY_LOW : 0));
		} else {
			result = -TWZ_ERR_TOO_MANY;
		}
	}
	spin_unlock(&routes_lock, flags);
	if (result < 0)
		kernel_free(action);
	return result;
}

int64_t interrupt_register_isa(uint32_t irq, interrupt_handler handler, void *context)
{
	for (struct override *o = overrides; o; o = o->next) {
		if (o->irq == irq)
			return interrupt_register_line(o->line, o->level, o->low, handler, context);
	}
	return interrupt_register_line(irq, false, false, handler, context);
}

void interrupt_run_actions(unsigned vector)
{
	for (struct action *a = __atomic_load_n(&actions[vector], __ATOMIC_ACQUIRE); a; a = a->next)
		a->handler(a->context);
}
