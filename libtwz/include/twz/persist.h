/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Durability on persistent memory: write lines back with the best instruction the processor has
 * (CLWB, else CLFLUSHOPT, else CLFLUSH), then SFENCE. Pure; shared with the kernel. On objects in
 * ordinary memory they are harmless.
 */
#ifndef TWZ_PERSIST_H
#define TWZ_PERSIST_H

#include <twizzler/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Starts writing the lines of [address, address + length) back. Not durable before twz_fence. */
void twz_flush(const void *address, size_t length);

/* Waits until every line flushed before is durable; orders later stores behind it. */
void twz_fence(void);

/* Returns when [address, address + length) is durable. */
void twz_persist(const void *address, size_t length);

/* The step by which a change becomes true: one 8-byte store, durable at return. */
void twz_commit_word(uint64_t *word, uint64_t value);

#ifdef __cplusplus
}
#endif
#endif
