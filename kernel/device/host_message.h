/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of 9P2000.L requests (https://github.com/chaos/diod/blob/master/protocol.md and Plan 9's
 * intro(5)), pure code: a malformed request must not reach the host, which gives up the whole
 * device at one.
 */
#ifndef KERNEL_DEVICE_HOST_MESSAGE_H
#define KERNEL_DEVICE_HOST_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <twizzler/types.h>

#define HOST_HEADER_SIZE 7u /* size[4] type[1] tag[2] */
#define HOST_NO_FID	 0xffffffffu

enum host_message_type {
	HOST_RLERROR = 7,
	HOST_TVERSION = 100,
	HOST_RVERSION = 101,
	HOST_TATTACH = 104,
	HOST_TWALK = 110,
	HOST_RWALK = 111,
	HOST_TCLUNK = 120,
	HOST_TREMOVE = 122,
};

#define HOST_MESSAGE_FIDS 2

struct host_message {
	uint8_t type;
	unsigned fid_count; /* fids that must exist */
	uint32_t fid_offsets[HOST_MESSAGE_FIDS];
	uint32_t new_fid_offset; /* of a fid that the message makes; 0: none */
	bool ends_fid;		 /* its first fid is gone afterwards, whatever the answer */
	uint16_t walk_names;	 /* Twalk: the new fid exists when all were walked */
	uint32_t reply_size;	 /* the longest answer to it */
};

/*
 * Check a whole request of `length` bytes against the formats that programs may send; nothing of it
 * is believed before. BAD_FORMAT, NOT_SUPPORTED (a type that only the kernel sends, or none).
 */
twz_result host_message_check(const uint8_t *bytes, uint32_t length, struct host_message *out);

uint16_t host_get16(const uint8_t *at);
uint32_t host_get32(const uint8_t *at);
void host_put16(uint8_t *at, uint16_t value);
void host_put32(uint8_t *at, uint32_t value);

#endif
