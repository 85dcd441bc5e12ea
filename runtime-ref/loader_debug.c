/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells a debugger which libraries are loaded, by the protocol of SVR4's <link.h>. */
#include "loader.h"

struct debug_map {
	int version;
	struct link_map *map;
	uintptr_t breakpoint; /* called at every change */
	enum debug_state state;
	uintptr_t loader_base;
};

static struct debug_map debug_map;

static void __attribute__((noinline)) debug_breakpoint(void)
{
	__asm__ volatile("" : : : "memory");
}

void debug_changed(enum debug_state state)
{
	debug_map.state = state;
	if (state == DEBUG_CONSISTENT) {
		struct link_map *previous = NULL;
		for (struct library *library = libraries; library != NULL;
		     library = library->next) {
			library->map.previous = previous;
			library->map.next = library->next != NULL ? &library->next->map : NULL;
			previous = &library->map;
		}
		debug_map.map = libraries != NULL ? &libraries->map : NULL;
	}
	debug_breakpoint();
}

void debug_start(void)
{
	static const int64_t tag_debug = 21;
	debug_map = (struct debug_map){
		.version = 1, .breakpoint = (uintptr_t)debug_breakpoint, .loader_base = self->bias};
	for (size_t i = 0; i < program->dynamic_count; i++) {
		struct elf_dynamic *entry = (struct elf_dynamic *)&program->dynamic[i];
		const struct elf_segment *segment = elf_segment_holding(
			&program->elf, (uintptr_t)entry - program->bias, sizeof(*entry));
		if (entry->tag == tag_debug && segment != NULL && (segment->flags & ELF_PF_W))
			entry->value = (uintptr_t)&debug_map;
	}
}
