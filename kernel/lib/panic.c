/* SPDX-License-Identifier: BSD-2-Clause */
/* The end: registers, a symbolised backtrace, and out. */
#include <console.h>
#include <cpu.h>
#include <interrupt.h>
#include <log.h>
#include <platform.h>
#include <string.h>
#include <thread.h>
#include <twizzler/syscall.h>
#include <x86.h>

#define EXIT_CODE 127
#define DEPTH	  24

/* Made from the linked kernel (kernel/symbols.py): sorted addresses, relative to the image's start,
 * and names. */
extern const uint32_t kernel_symbol_count;
extern const uint32_t kernel_symbol_offsets[], kernel_symbol_names[];
extern const char kernel_symbol_text[];
extern char kernel_image_start[], kernel_text_end[];

static volatile uint32_t panicking;

static void line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Straight to the hardware: the console's lock may be held. */
static void line(const char *format, ...)
{
	char text[256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = format_text_list(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length > (int)sizeof(text) - 1)
		length = sizeof(text) - 1;
	platform->console_write(text, (size_t)length);
	platform->console_write("\r\n", 2);
}

/* `back`: 1 for a return address, whose call may be the last instruction of its function, else 0.
 */
static void print_address(uint64_t address, uint64_t back)
{
	uint64_t offset = address - back - (uint64_t)kernel_image_start;
	uint32_t low = 0, high = kernel_symbol_count;

	if (address < (uint64_t)kernel_image_start || address >= (uint64_t)kernel_text_end) {
		line("  %016lx", address);
		return;
	}
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (kernel_symbol_offsets[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	if (kernel_symbol_count)
		line("  %016lx %s+%lx", address, kernel_symbol_text + kernel_symbol_names[low],
		     offset + back - kernel_symbol_offsets[low]);
	else
		line("  %016lx", address);
}

/* Frame pointers lead up the stack; each must lie above the last and near it. */
static void backtrace(uint64_t rip, uint64_t back, uint64_t rbp)
{
	print_address(rip, back);
	for (unsigned depth = 0; depth < DEPTH && rbp && rbp % 8 == 0 && rbp >= STACK_AREA_START;
	     depth++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		if (!frame[1])
			break;
		print_address(frame[1], 1);
		if (frame[0] <= rbp || frame[0] - rbp > KERNEL_STACK_SIZE)
			break;
		rbp = frame[0];
	}
}

static void print_registers(const struct trap_frame *f)
{
	line("rax %016lx rbx %016lx rcx %016lx rdx %016lx", f->rax, f->rbx, f->rcx, f->rdx);
	line("rsi %016lx rdi %016lx rbp %016lx rsp %016lx", f->rsi, f->rdi, f->rbp, f->rsp);
	line("r8  %016lx r9  %016lx r10 %016lx r11 %016lx", f->r8, f->r9, f->r10, f->r11);
	line("r12 %016lx r13 %016lx r14 %016lx r15 %016lx", f->r12, f->r13, f->r14, f->r15);
	line("rip %016lx flags %08lx cs %lx vector %lu error %lx", f->rip, f->rflags, f->cs,
	     f->vector, f->error);
}

static void begin(const char *format, va_list arguments)
{
	char text[256];
	struct cpu *self;

	platform->interrupts_save();
	/* one at a time; a panic in a panic just stops */
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST))
		for (;;)
			__asm__ volatile("cli; hlt");
	self = this_cpu();
	for (uint32_t i = 0; i < CPU_MAX && cpus[i]; i++) {
		if (cpus[i] != self && cpus[i]->online)
			platform->send_interrupt(cpus[i], VECTOR_STOP);
	}
	format_text_list(text, sizeof(text), format, arguments);
	line("kernel panic: %s", text);
	line("CPU %u, thread \"%s\"", self->number, self->current ? self->current->name : "boot");
}

static _Noreturn void finish(void)
{
	platform->shutdown(TWZ_SHUTDOWN_POWEROFF, EXIT_CODE);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* The registers that a call keeps, as they were in the caller; the others it has lost already. */
static void print_kept_registers(const uint64_t *frame)
{
	uint64_t rbx, r12, r13, r14, r15;

	__asm__ volatile("movq %%rbx, %0\n\tmovq %%r12, %1\n\tmovq %%r13, %2\n\t"
			 "movq %%r14, %3\n\tmovq %%r15, %4"
			 : "=m"(rbx), "=m"(r12), "=m"(r13), "=m"(r14), "=m"(r15));
	line("rbx %016lx rbp %016lx rsp %016lx rip %016lx", rbx, frame[0], (uint64_t)(frame + 2),
	     frame[1]);
	line("r12 %016lx r13 %016lx r14 %016lx r15 %016lx", r12, r13, r14, r15);
	line("cr2 %016lx cr3 %016lx flags %08lx", read_cr2(), read_cr3(), read_rflags());
}

void panic(const char *format, ...)
{
	const uint64_t *frame = __builtin_frame_address(0);
	va_list arguments;

	va_start(arguments, format);
	begin(format, arguments);
	va_end(arguments);
	print_kept_registers(frame);
	line("backtrace:");
	backtrace(frame[1], 1, frame[0]);
	finish();
}

void panic_frame(const struct trap_frame *frame, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	begin(format, arguments);
	va_end(arguments);
	print_registers(frame);
	line("backtrace:");
	backtrace(frame->rip, 0, frame->rbp);
	finish();
}
