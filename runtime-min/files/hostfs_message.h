/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 9P2000.L messages (Linux, Documentation/filesystems/9p; diod's protocol.md): written and read
 * field by field with every length checked. Pure.
 */
#ifndef RT_HOSTFS_MESSAGE_H
#define RT_HOSTFS_MESSAGE_H

#include "internal.h"

RT_BEGIN

enum rt_9p_type {
	RT_9P_RLERROR = 7,
	RT_9P_TLOPEN = 12,
	RT_9P_TLCREATE = 14,
	RT_9P_TSYMLINK = 16,
	RT_9P_TREADLINK = 22,
	RT_9P_TGETATTR = 24,
	RT_9P_TSETATTR = 26,
	RT_9P_TREADDIR = 40,
	RT_9P_TFSYNC = 50,
	RT_9P_TLINK = 70,
	RT_9P_TMKDIR = 72,
	RT_9P_TRENAMEAT = 74,
	RT_9P_TUNLINKAT = 76,
	RT_9P_TATTACH = 104,
	RT_9P_TWALK = 110,
	RT_9P_TREAD = 116,
	RT_9P_TWRITE = 118,
	RT_9P_TCLUNK = 120,
};

#define RT_9P_HEADER	   7u
#define RT_9P_READ_HEADER  11u /* Rread and Rreaddir before their data */
#define RT_9P_WRITE_HEADER 23u /* Twrite before its data */
#define RT_9P_NO_FID	   0xffffffffu
#define RT_9P_MAX_NAMES	   16u /* of one Twalk */

#define RT_9P_QID_DIRECTORY 0x80u
#define RT_9P_QID_LINK	    0x02u

/* A message being written, or one being read. `bad` once something did not fit. */
struct rt_9p {
	uint8_t *bytes;
	uint32_t at, size;
	bool bad;
};

void rt_9p_begin(struct rt_9p *message, void *memory, uint32_t size, uint8_t type);
void rt_9p_put8(struct rt_9p *message, uint8_t value);
void rt_9p_put16(struct rt_9p *message, uint16_t value);
void rt_9p_put32(struct rt_9p *message, uint32_t value);
void rt_9p_put64(struct rt_9p *message, uint64_t value);
void rt_9p_put_string(struct rt_9p *message, const char *text, size_t length);
/* Writes the length into the header; BAD_FORMAT when something had not fitted. */
twz_result rt_9p_end(struct rt_9p *message);

/*
 * Begins to read an answer of `size` bytes to a request of `type`: 0, the error of an Rlerror, or
 * IO where it is no such answer.
 */
twz_result rt_9p_answer(struct rt_9p *message, void *memory, uint64_t size, uint8_t type);
uint8_t rt_9p_get8(struct rt_9p *message);
uint16_t rt_9p_get16(struct rt_9p *message);
uint32_t rt_9p_get32(struct rt_9p *message);
uint64_t rt_9p_get64(struct rt_9p *message);
/* Bytes within the message, or NULL and `bad`. */
const uint8_t *rt_9p_get_bytes(struct rt_9p *message, uint32_t length);
const char *rt_9p_get_string(struct rt_9p *message, uint32_t *length);

struct rt_9p_qid {
	uint8_t type;
	uint32_t version;
	uint64_t path;
};
struct rt_9p_qid rt_9p_get_qid(struct rt_9p *message);

/* The error of the Runtime ABI for a Linux errno. */
twz_result rt_9p_error(uint32_t number);

/* The kind of file that a qid or a Linux d_type tells. */
uint32_t rt_9p_kind(uint8_t qid_type);

RT_END

#endif
