/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk in memory, of which every write and flush can be recorded: what the tests of the store on
 * disks share. */
#ifndef RECORDED_DISK_H
#define RECORDED_DISK_H

#include "store_state.h"

#define SIZE   (3u << 20) /* of a small one, in bytes */
#define BLOCK  4096u
#define SECTOR 512u

enum { WRITE, FLUSH, ACKNOWLEDGED };

struct event {
	int kind;
	uint64_t block; /* ACKNOWLEDGED: the digest */
	uint8_t *bytes;
};

struct recorded_disk {
	uint8_t *bytes;
	uint64_t size;
	bool record;
	struct event *events;
	size_t count, room;
	uint64_t reads; /* blocks */
};

extern struct recorded_disk disk;
extern struct store store;
extern const char *message; /* why the store was refused */

/* Enter what has happened, with a copy of the block's bytes unless they are NULL, while it records.
 */
void note(int kind, uint64_t block, const void *bytes);
void forget_events(void);
/* Open a store on bytes of the caller's, which become the disk. */
twz_result open_disk(struct store *to, uint8_t *bytes, uint64_t size);
/* Fill a page by a value. */
void fill(uint64_t *page, uint64_t value);

#endif
