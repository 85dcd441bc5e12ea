/* SPDX-License-Identifier: BSD-2-Clause */
/* Security contexts: who may do what with which object. One default context so far. */
#ifndef KERNEL_SECURITY_H
#define KERNEL_SECURITY_H

#include <stdint.h>
#include <twizzler/types.h>

struct object;
struct view;

/* TWZ_RIGHT_* that the view's context grants on the object. Locks: none needed. */
uint32_t security_rights(const struct view *view, const struct object *object);

/* 0, or -ACCESS_DENIED when one of `needed` is missing. */
twz_result security_check(const struct view *view, const struct object *object, uint32_t needed);

#endif
