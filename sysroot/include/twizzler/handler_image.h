/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handler image (.twh): what handlerc writes and handler_register takes. Little-endian; hostile
 * until checked. Header, tables and strings stand in the first pages; the segments are page-aligned.
 * It is linked for TWZ_HANDLER_SLOT: text and read-only data, then the globals.
 */
#ifndef TWIZZLER_HANDLER_IMAGE_H
#define TWIZZLER_HANDLER_IMAGE_H

#include <twizzler/types.h>
#include <twizzler/version.h>

#define TWZ_HANDLER_MAGIC   0x4c444e485a5754ull /* "TWZHNDL" */
#define TWZ_HANDLER_FORMAT  1

#define TWZ_HANDLER_TEXT    0x40000000ull /* slot 1: the image's text and read-only data */
#define TWZ_HANDLER_DATA    0x80000000ull /* slot 2: globals, the snapshot */
#define TWZ_HANDLER_RUN     0xc0000000ull /* slot 3: of one run: stack, event, output buffer */

#define TWZ_OUTPUT_APPEND 1u

struct twz_handler_segment {
	uint64_t file_offset; /* page-aligned */
	uint64_t file_size;
	uint64_t address;     /* page-aligned, within its slot */
	uint64_t memory_size; /* >= file_size; the rest is zero */
};

struct twz_handler_image {
	uint64_t magic;
	uint32_t format;          /* TWZ_HANDLER_FORMAT */
	uint32_t header_size;     /* bytes of header, tables and strings */
	struct twz_abi_version abi;
	uint32_t reserved;        /* 0 */
	uint64_t image_size;      /* bytes of the file */
	uint64_t checksum;        /* FNV-1a 64 of the file with this field 0 */
	char name[64];            /* NUL-ended: letters, digits, '.', '-', '_' */
	char version[32];
	uint32_t budget_ms;
	uint32_t memory_kb;
	uint64_t entry;           /* entered with rdi = struct twz_handler_entry * */
	struct twz_handler_segment text;   /* read, execute */
	struct twz_handler_segment rodata; /* read */
	struct twz_handler_segment data;   /* read, write: the persistent globals */
	uint32_t events_offset;   /* struct twz_handler_image_event[] */
	uint32_t event_count;
	uint32_t outputs_offset;  /* struct twz_handler_image_output[] */
	uint32_t output_count;
};

struct twz_handler_image_event {
	uint32_t kind;        /* TWZ_EVENT_* */
	uint32_t name;        /* offset of a NUL-ended string; application events */
	uint64_t period_ms;   /* timers */
	uint64_t function;    /* address in text */
};

struct twz_handler_image_output {
	uint32_t kind;        /* TWZ_OUTPUT_* */
	uint32_t path;        /* offset of a NUL-ended string */
};

/* What a run's entry receives, in the run slot. */
struct twz_handler_entry {
	uint64_t event;         /* struct twz_event, payload behind it */
	uint64_t function;      /* the event function */
	uint64_t output;        /* buffer for struct twz_handler_append records */
	uint64_t output_size;
	uint64_t outputs;       /* the image's outputs as mapped: struct twz_handler_image_output[], or 0 */
	uint64_t output_count;
};

/* One append in the output buffer that handler_return commits; followed by `length` bytes, padded to 8. */
struct twz_handler_append {
	uint32_t output;      /* index in the manifest */
	uint32_t length;
};

#endif
