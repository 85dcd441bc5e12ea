/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Access to the calling program's memory. Every pointer from a program is checked here; page faults
 * are resolved on the way. No lock held.
 */
#ifndef KERNEL_USER_H
#define KERNEL_USER_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/types.h>

#define USER_END 0x800000000000ull /* first address that is not a program's */

/* 0, -BAD_ADDRESS, or -OUT_OF_MEMORY for a page that could not be had. `user` may be any value. */
twz_result copy_from_user(void *to, const void *user, uint64_t length);
twz_result copy_to_user(void *user, const void *from, uint64_t length);

/* A string of exactly `length` bytes into buffer, NUL added; -NAME_TOO_LONG when length >= size. */
twz_result copy_name_from_user(char *buffer, uint64_t size, const char *user, uint64_t length);

/* [user, user + length) lies in the program's half. */
bool user_range_valid(const void *user, uint64_t length);

/* Make every page of the range present and writable (or readable) before a device or a lock needs
 * it. */
twz_result user_prefault(const void *user, uint64_t length, bool write);

/* Read a word without resolving faults, under a lock: false when it is not there. */
bool user_read32_locked(const uint32_t *user, uint32_t *value);
bool user_read64_locked(const uint64_t *user, uint64_t *value);

/* Compare and swap a user word; an error as above, or 0 with the old value in *old. */
twz_result user_exchange32(uint32_t *user, uint32_t expected, uint32_t desired, uint32_t *old);

#endif
