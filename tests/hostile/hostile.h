/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets of hostile objects share. An input is 8 bytes that draw the operations,
 * then 12-byte patches of something valid: where (4 bytes) and what (8 bytes). */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target {
	const char *name;
	void (*run)(const uint8_t *data, size_t size);
};

extern const struct target object_targets[], collection_targets[], store_targets[];

struct patch {
	uint32_t where;
	uint64_t value;
};

/* The draw of operations that an input asks for. */
extern uint64_t hostile_random;
uint64_t hostile_draw(uint64_t below);
/* Starts with an input; then its patches, one after the other; false behind the last. */
void hostile_begin(const uint8_t *data, size_t size);
bool hostile_patch(struct patch *patch);

/* What must hold whatever the bytes are; ends the program. */
#define HOSTILE_MUST(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
