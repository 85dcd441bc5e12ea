/* SPDX-License-Identifier: BSD-2-Clause */
/* The formats of 9P2000.L requests and the check of a message against them. */
#include "host_message.h"

/* Longest answer of every type but the two that ask for a count: Rreadlink of a longest target. */
#define REPLY_SIZE_USUAL 8192u
#define REPLY_HEADER	 11u /* Rread and Rreaddir: header and count */
#define WALK_NAMES_MAX	 16u

/*
 * After the header: b w d q integers of 1, 2, 4, 8 bytes; f a fid; n a new fid; a HOST_NO_FID;
 * s a string; W a walk's names; D counted bytes; c the count of bytes wanted.
 */
static const char *const formats[256] = {
	[8] = "f",		  /* Tstatfs */
	[12] = "fd",		  /* Tlopen: flags */
	[14] = "fsddd",		  /* Tlcreate: name flags mode gid */
	[16] = "fssd",		  /* Tsymlink: name target gid */
	[20] = "ffs",		  /* Trename: directory name */
	[22] = "f",		  /* Treadlink */
	[24] = "fq",		  /* Tgetattr: mask */
	[26] = "fddddqqqqq",	  /* Tsetattr: valid mode uid gid size times */
	[40] = "fqc",		  /* Treaddir: offset count */
	[50] = "fd",		  /* Tfsync: data only */
	[52] = "fbdqqds",	  /* Tlock: type flags start length process client */
	[54] = "fbqqds",	  /* Tgetlock */
	[70] = "ffs",		  /* Tlink: directory, file, name */
	[72] = "fsdd",		  /* Tmkdir: name mode gid */
	[74] = "fsfs",		  /* Trenameat: old directory, name, new directory, name */
	[76] = "fsd",		  /* Tunlinkat: name flags */
	[HOST_TATTACH] = "nassd", /* user, tree, user's number */
	[HOST_TWALK] = "fnW",
	[116] = "fqc", /* Tread: offset count */
	[118] = "fqD", /* Twrite: offset data */
	[HOST_TCLUNK] = "f",
	[HOST_TREMOVE] = "f",
};

uint16_t host_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

uint32_t host_get32(const uint8_t *at)
{
	return host_get16(at) | (uint32_t)host_get16(at + 2) << 16;
}

void host_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

void host_put32(uint8_t *at, uint32_t value)
{
	host_put16(at, (uint16_t)value);
	host_put16(at + 2, (uint16_t)(value >> 16));
}

/* The place in a message, with what is left of it. */
struct cursor {
	const uint8_t *bytes;
	uint32_t at, length;
};

/* Takes `size` bytes; false when fewer are left. */
static bool take(struct cursor *cursor, uint32_t size)
{
	if (size > cursor->length - cursor->at)
		return false;
	cursor->at += size;
	return true;
}

static bool take_string(struct cursor *cursor)
{
	uint32_t start = cursor->at;

	return take(cursor, 2) && take(cursor, host_get16(cursor->bytes + start));
}

static bool take_names(struct cursor *cursor, struct host_message *out)
{
	uint32_t start = cursor->at;

	if (!take(cursor, 2))
		return false;
	out->walk_names = host_get16(cursor->bytes + start);
	if (out->walk_names > WALK_NAMES_MAX)
		return false;
	for (unsigned i = 0; i < out->walk_names; i++)
		if (!take_string(cursor))
			return false;
	return true;
}

static bool take_field(struct cursor *cursor, char kind, struct host_message *out)
{
	uint32_t start = cursor->at;
	const uint8_t *field = cursor->bytes + start;

	switch (kind) {
	case 'b':
		return take(cursor, 1);
	case 'w':
		return take(cursor, 2);
	case 'd':
		return take(cursor, 4);
	case 'q':
		return take(cursor, 8);
	case 'f':
		out->fid_offsets[out->fid_count++] = start;
		return take(cursor, 4);
	case 'n':
		out->new_fid_offset = start;
		return take(cursor, 4);
	case 'a':
		return take(cursor, 4) && host_get32(field) == HOST_NO_FID;
	case 's':
		return take_string(cursor);
	case 'W':
		return take_names(cursor, out);
	case 'D':
		return take(cursor, 4) && take(cursor, host_get32(field));
	case 'c':
		if (!take(cursor, 4) || host_get32(field) > UINT32_MAX - REPLY_HEADER)
			return false;
		out->reply_size = host_get32(field) + REPLY_HEADER;
		return true;
	default:
		return false;
	}
}

twz_result host_message_check(const uint8_t *bytes, uint32_t length, struct host_message *out)
{
	struct cursor cursor = {bytes, HOST_HEADER_SIZE, length};

	*out = (struct host_message){.reply_size = REPLY_SIZE_USUAL};
	if (length < HOST_HEADER_SIZE || host_get32(bytes) != length)
		return -TWZ_ERR_BAD_FORMAT;
	out->type = bytes[4];
	const char *format = formats[out->type];
	if (format == NULL)
		return -TWZ_ERR_NOT_SUPPORTED;
	for (; *format != '\0'; format++)
		if (!take_field(&cursor, *format, out))
			return -TWZ_ERR_BAD_FORMAT;
	if (cursor.at != length)
		return -TWZ_ERR_BAD_FORMAT;
	out->ends_fid = out->type == HOST_TCLUNK || out->type == HOST_TREMOVE;
	return 0;
}
