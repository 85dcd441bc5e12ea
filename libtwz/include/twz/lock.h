/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks that lie in objects and outlive their holders: the word names the program (its view), so
 * that a lock whose holder has ended, by a kill or a power loss, is taken over. What it guards must
 * be consistent at every instant, and what the last holder stored before a kill need not be
 * durable. Threads of one program exclude each other too; not recursive.
 */
#ifndef TWZ_LOCK_H
#define TWZ_LOCK_H

#include <stdbool.h>
#include <twizzler/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* holder: none when free, 16-byte aligned; waiters: a hint, how many sleep. Returns 1 when it was
 * taken over. */
twz_result twz_lock_take(struct twz_id *holder, uint32_t *waiters);
void twz_lock_release(struct twz_id *holder, uint32_t *waiters);

/* Whether the program that a view's id names has ended: what it held is nobody's. */
bool twz_lock_holder_ended(struct twz_id view);

#ifdef __cplusplus
}
#endif
#endif
