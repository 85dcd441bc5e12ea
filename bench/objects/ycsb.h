/* SPDX-License-Identifier: BSD-2-Clause */
/* What a store offers to the YCSB driver, ycsb.c. Each change is durable when its call returns. */
#ifndef YCSB_H
#define YCSB_H

#include "measure.h"
#include <stddef.h>
#include <string.h>

#define KEY_SIZE   23 /* "user" and 19 digits */
#define VALUE_SIZE 1000

void store_open(const char *directory);
void store_close(void);
/* New or not. */
void store_put(const char *key, const uint8_t *value);
/* Copies the value out. */
void store_get(const char *key, uint8_t *value);
/* Copies up to `count` values from the key on into the buffer, one over the other; returns how
 * many. */
int store_scan(const char *key, int count, uint8_t *value);

#endif
