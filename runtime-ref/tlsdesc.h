/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions that TLS descriptors name ("Thread-Local Storage Descriptors for IA32 and AMD64").
 */
#ifndef RUNTIME_REF_TLSDESC_H
#define RUNTIME_REF_TLSDESC_H

/*
 * Entered with rax = the descriptor; return the distance from the thread pointer in rax and keep
 * every other register. Not to be called from C.
 */
void tlsdesc_static(void) __attribute__((visibility("hidden")));
void tlsdesc_dynamic(void) __attribute__((visibility("hidden")));
void tlsdesc_nothing(void) __attribute__((visibility("hidden")));

#endif
