/* SPDX-License-Identifier: BSD-2-Clause */
/* 9P2000.L messages: fields, answers, errors. */
#include "files/hostfs_message.h"

/* Little-endian on every host of ours; memcpy because fields have any alignment. */
static void put(struct rt_9p *message, const void *from, uint32_t length)
{
	if (message->bad || length > message->size - message->at) {
		message->bad = true;
		return;
	}
	memcpy(message->bytes + message->at, from, length);
	message->at += length;
}

static void get(struct rt_9p *message, void *to, uint32_t length)
{
	if (message->bad || length > message->size - message->at) {
		message->bad = true;
		memset(to, 0, length);
		return;
	}
	memcpy(to, message->bytes + message->at, length);
	message->at += length;
}

void rt_9p_begin(struct rt_9p *message, void *memory, uint32_t size, uint8_t type)
{
	*message = (struct rt_9p){.bytes = memory, .size = size};
	rt_9p_put32(message, 0);
	rt_9p_put8(message, type);
	rt_9p_put16(message, 0); /* the kernel numbers the messages */
}

void rt_9p_put8(struct rt_9p *message, uint8_t value)
{
	put(message, &value, sizeof(value));
}

void rt_9p_put16(struct rt_9p *message, uint16_t value)
{
	put(message, &value, sizeof(value));
}

void rt_9p_put32(struct rt_9p *message, uint32_t value)
{
	put(message, &value, sizeof(value));
}

void rt_9p_put64(struct rt_9p *message, uint64_t value)
{
	put(message, &value, sizeof(value));
}

void rt_9p_put_string(struct rt_9p *message, const char *text, size_t length)
{
	if (length > UINT16_MAX) {
		message->bad = true;
		return;
	}
	rt_9p_put16(message, (uint16_t)length);
	put(message, text, (uint32_t)length);
}

twz_result rt_9p_end(struct rt_9p *message)
{
	if (message->bad)
		return RT_ERROR(BAD_FORMAT);
	memcpy(message->bytes, &message->at, 4);
	return 0;
}

twz_result rt_9p_answer(struct rt_9p *message, void *memory, uint64_t size, uint8_t type)
{
	*message = (struct rt_9p){.bytes = memory, .size = (uint32_t)size};
	if (size > UINT32_MAX || rt_9p_get32(message) != size)
		return RT_ERROR(IO);
	uint8_t got = rt_9p_get8(message);
	rt_9p_get16(message);
	if (!message->bad && got == RT_9P_RLERROR) {
		uint32_t number = rt_9p_get32(message);
		return message->bad ? RT_ERROR(IO) : rt_9p_error(number);
	}
	return message->bad || got != type + 1 ? RT_ERROR(IO) : 0;
}

uint8_t rt_9p_get8(struct rt_9p *message)
{
	uint8_t value;
	get(message, &value, sizeof(value));
	return value;
}

uint16_t rt_9p_get16(struct rt_9p *message)
{
	uint16_t value;
	get(message, &value, sizeof(value));
	return value;
}

uint32_t rt_9p_get32(struct rt_9p *message)
{
	uint32_t value;
	get(message, &value, sizeof(value));
	return value;
}

uint64_t rt_9p_get64(struct rt_9p *message)
{
	uint64_t value;
	get(message, &value, sizeof(value));
	return value;
}

const uint8_t *rt_9p_get_bytes(struct rt_9p *message, uint32_t length)
{
	if (message->bad || length > message->size - message->at) {
		message->bad = true;
		return NULL;
	}
	const uint8_t *bytes = message->bytes + message->at;
	message->at += length;
	return bytes;
}

const char *rt_9p_get_string(struct rt_9p *message, uint32_t *length)
{
	*length = rt_9p_get16(message);
	return (const char *)rt_9p_get_bytes(message, *length);
}

struct rt_9p_qid rt_9p_get_qid(struct rt_9p *message)
{
	struct rt_9p_qid qid;
	qid.type = rt_9p_get8(message);
	qid.version = rt_9p_get32(message);
	qid.path = rt_9p_get64(message);
	return qid;
}

uint32_t rt_9p_kind(uint8_t qid_type)
{
	if (qid_type & RT_9P_QID_DIRECTORY)
		return TWZ_FILE_DIRECTORY;
	return (qid_type & RT_9P_QID_LINK) ? TWZ_FILE_SYMLINK : TWZ_FILE_REGULAR;
}

twz_result rt_9p_error(uint32_t number)
{
	/* Linux, include/uapi/asm-generic/errno-base.h and errno.h */
	switch (number) {
	case 1:	 /* EPERM */
	case 13: /* EACCES */
		return RT_ERROR(ACCESS_DENIED);
	case 2: /* ENOENT */
		return RT_ERROR(NOT_FOUND);
	case 4: /* EINTR */
		return RT_ERROR(INTERRUPTED);
	case 9: /* EBADF */
		return RT_ERROR(BAD_HANDLE);
	case 11: /* EAGAIN */
		return RT_ERROR(WOULD_BLOCK);
	case 12: /* ENOMEM */
		return RT_ERROR(OUT_OF_MEMORY);
	case 16: /* EBUSY */
	case 26: /* ETXTBSY */
		return RT_ERROR(BUSY);
	case 17: /* EEXIST */
		return RT_ERROR(EXISTS);
	case 18: /* EXDEV */
		return RT_ERROR(CROSS_DEVICE);
	case 20: /* ENOTDIR */
		return RT_ERROR(NOT_A_DIRECTORY);
	case 21: /* EISDIR */
		return RT_ERROR(IS_A_DIRECTORY);
	case 22: /* EINVAL */
		return RT_ERROR(INVALID_ARGUMENT);
	case 23: /* ENFILE */
	case 24: /* EMFILE */
	case 31: /* EMLINK */
		return RT_ERROR(TOO_MANY);
	case 27: /* EFBIG */
		return RT_ERROR(TOO_LARGE);
	case 28:  /* ENOSPC */
	case 122: /* EDQUOT */
		return RT_ERROR(NO_SPACE);
	case 29: /* ESPIPE */
		return RT_ERROR(NOT_SEEKABLE);
	case 30: /* EROFS */
		return RT_ERROR(READ_ONLY);
	case 36: /* ENAMETOOLONG */
		return RT_ERROR(NAME_TOO_LONG);
	case 39: /* ENOTEMPTY */
		return RT_ERROR(NOT_EMPTY);
	case 40: /* ELOOP */
		return RT_ERROR(LOOP);
	case 95: /* EOPNOTSUPP */
		return RT_ERROR(NOT_SUPPORTED);
	}
	return RT_ERROR(IO);
}
