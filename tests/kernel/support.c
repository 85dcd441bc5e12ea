/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's tests share. */
#include "test.h"

bool test_failed;

extern char worker_entry[], clone_entry[], upcall_entry[];
extern char tried_read[], tried_write[], tried_failed[], survive_fault[];
extern uint64_t try_stack;

struct twz_fault last_fault;
bool (*unexpected_fault)(const struct twz_fault *fault);
uint64_t last_extended_size;
volatile uint32_t interrupts_seen;
volatile uint64_t last_interrupt, last_interrupt_codes;

void failed(const char *file, int line, const char *what, long got)
{
	test_failed = true;
	print("FAILED ");
	print(file);
	print(":");
	print_number(line);
	print(": ");
	print(what);
	print(" (got ");
	print_number(got);
	print(")\n");
}

void map_at(struct twz_id object, uint64_t slot, uint32_t rights, enum twz_inherit inherit)
{
	struct twz_map map = {.object = object, .slot = slot, .rights = rights, .inherit = inherit};

	EQUAL(twz_sys_view_map(&map), slot);
}

struct twz_id raw_at(uint64_t slot, uint32_t rights, enum twz_inherit inherit)
{
	struct twz_object_spec spec = {.flags = TWZ_OBJECT_RAW};
	struct twz_id id = OWN;

	EQUAL(twz_sys_object_create(&spec, &id), 0);
	map_at(id, slot, rights, inherit);
	return id;
}

void drop(struct twz_id object, uint64_t slot)
{
	EQUAL(twz_sys_view_unmap(0, 0, slot), 0);
	EQUAL(twz_sys_object_delete(object.hi, object.lo), 0);
}

void wait_word(volatile uint32_t *word, uint32_t value)
{
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) {
		struct twz_sync_op op = {.word = (uint32_t *)word, .value = value};

		twz_sys_thread_sync(&op, 1, TWZ_FOREVER);
	}
}

void wake_word(volatile uint32_t *word, uint32_t count)
{
	struct twz_sync_op op = {.word = (uint32_t *)word, .value = count, .kind = TWZ_SYNC_WAKE};

	twz_sys_thread_sync(&op, 1, 0);
}

/* Stacks of workers: 64 KiB each in one raw object. */
#define STACK_SLOT 600
#define STACK_SIZE 0x10000ull
#define STACKS	   256
static volatile uint8_t stack_used[STACKS];
static struct twz_id stack_object;

void worker_main(struct worker *worker)
{
	worker->function(worker->argument);
	stack_used[(worker->stack - (uint64_t)SLOT(STACK_SLOT)) / STACK_SIZE] = 2;
	twz_sys_thread_exit((uint32_t *)&worker->running, 0, 0);
}

static void start(struct worker *worker, void (*function)(void *), void *argument,
		  struct twz_thread_spec spec)
{
	unsigned i = 0;
	long number;

	if (!stack_object.hi && !stack_object.lo)
		stack_object =
			raw_at(STACK_SLOT, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, TWZ_INHERIT_PRIVATE);
	while (stack_used[i])
		i++;
	stack_used[i] = 1;
	worker->stack = (uint64_t)SLOT(STACK_SLOT) + i * STACK_SIZE;
	worker->running = 1;
	worker->function = function;
	worker->argument = argument;
	spec.entry = (uint64_t)worker_entry;
	spec.argument = (uint64_t)worker;
	spec.stack = worker->stack + STACK_SIZE;
	number = twz_sys_thread_spawn(&spec, &worker->id);
	CHECK(number > 0);
	worker->number = (uint64_t)number;
}

void worker_start(struct worker *worker, void (*function)(void *), void *argument)
{
	start(worker, function, argument, (struct twz_thread_spec){0});
}

void worker_start_at(struct worker *worker, void (*function)(void *), void *argument,
		     uint32_t priority)
{
	start(worker, function, argument,
	      (struct twz_thread_spec){.flags = TWZ_THREAD_SPEC_PRIORITY, .priority = priority});
}

void worker_join(struct worker *worker)
{
	wait_word(&worker->running, 1);
	stack_used[(worker->stack - (uint64_t)SLOT(STACK_SLOT)) / STACK_SIZE] = 0;
}

static char clone_stack[16384] __attribute__((aligned(16)));

const struct twz_view_control *run_clone(void (*function)(void), struct twz_id *id, uint64_t *slot)
{
	struct twz_view_clone clone = {
		.entry = (uint64_t)clone_entry,
		.stack = (uint64_t)(clone_stack + sizeof(clone_stack)),
		.argument = (uint64_t)function,
	};
	const struct twz_view_control *control;
	struct twz_map map = {
		.slot = TWZ_SLOT_ANY, .rights = TWZ_RIGHT_READ, .inherit = TWZ_INHERIT_NONE};
	long number = twz_sys_view_clone(&clone, id), at;

	CHECK(number > 0);
	map.object = *id;
	at = twz_sys_view_map(&map);
	CHECK(at >= 0);
	control = (const struct twz_view_control *)SLOT(at);
	wait_word((volatile uint32_t *)&control->state, TWZ_VIEW_RUNNING);
	*slot = (uint64_t)at;
	return control;
}

void upcall_main(struct twz_upcall_frame *frame)
{
	struct twz_registers *r = &frame->fault.registers;

	if (frame->fault.kind == TWZ_FAULT_INTERRUPT) {
		interrupts_seen++;
		last_interrupt = frame->fault.code;
		last_interrupt_codes = frame->fault.address;
	} else if (r->rip == (uint64_t)survive_fault) {
		/* the handler may use what it likes */
		__asm__ volatile("pxor %%xmm0, %%xmm0; pxor %%xmm15, %%xmm15" ::: "xmm0", "xmm15");
		r->rip += 2;
	} else if (unexpected_fault && unexpected_fault(&frame->fault)) {
		/* as it was */
	} else if (!try_stack) {
		failed("a fault that nothing waits for: kind", (int)frame->fault.kind, "at rip",
		       (long)r->rip);
		twz_sys_system_shutdown(TWZ_SHUTDOWN_POWEROFF, 1);
	} else {
		last_fault = frame->fault;
		last_extended_size = frame->extended_size;
		r->rip = (uint64_t)tried_failed;
		r->rax = frame->fault.kind;
		r->rsp = try_stack;
	}
	twz_sys_upcall_return(frame);
	print("upcall_return returned\n");
	twz_sys_view_exit(99);
}

void faults_init(void)
{
	const struct twz_upcall_target target = {.entry = (uint64_t)upcall_entry};
	static char stack[16384] __attribute__((aligned(64)));
	const uint64_t range[2] = {(uint64_t)stack, sizeof(stack)};

	EQUAL(twz_sys_view_set_upcall(&target), 0);
	EQUAL(twz_sys_thread_control(TWZ_THREAD_UPCALL_STACK, (uint64_t)range), 0);
}
