/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handler image (.twh): what handlerc writes and handler_register takes. Little-endian; hostile
 * until checked. Header, tables and strings stand in the first pages; the segments are page-aligned
 * and follow in the order read-only data, text, globals.
 *
 * Each segment has a slot of its own, so that a view entry's rights are all the protection there is
 * to set up for a run; read-only data and globals both lie within 1 GiB of the text, so that code
 * is ordinary position-independent code of the small model.
 */
#ifndef TWIZZLER_HANDLER_IMAGE_H
#define TWIZZLER_HANDLER_IMAGE_H

#include <twizzler/types.h>
#include <twizzler/version.h>

#define TWZ_HANDLER_MAGIC  0x4c444e485a5754ull /* "TWZHNDL" */
#define TWZ_HANDLER_FORMAT 1

#define TWZ_HANDLER_RODATA 0x40000000ull /* slot 1: read-only data */
#define TWZ_HANDLER_TEXT   0x80000000ull /* slot 2: text */
#define TWZ_HANDLER_DATA   0xc0000000ull /* slot 3: globals, the snapshot */
#define TWZ_HANDLER_RUN \
	0x140000000ull /* slot 5: one run's event, outputs and stack; 4 is a guard */

/* Bounds of the manifest, checked by handlerc and by the kernel. */
#define TWZ_HANDLER_BUDGET_MAX	60000u	    /* ms of CPU time */
#define TWZ_HANDLER_MEMORY_MAX	(1u << 20)  /* KiB: one slot */
#define TWZ_HANDLER_RUN_MIN	(32u << 10) /* bytes of memory_kb that globals must leave to a run */
#define TWZ_HANDLER_PERIOD_MAX	31536000000ull /* ms: a year */
#define TWZ_HANDLER_HEADER_MAX	(1u << 20)     /* bytes of header, tables and strings */
#define TWZ_HANDLER_PATH_MAX	1024u	       /* bytes of an output's path, NUL counted */
#define TWZ_HANDLER_NAME_MAX	64u	    /* bytes of a handler's or event's name, NUL counted */
#define TWZ_HANDLER_PAYLOAD_MAX (64u << 10) /* bytes of an application event's payload */

#define TWZ_OUTPUT_APPEND 1u

struct twz_handler_segment {
	uint64_t file_offset; /* page-aligned; 0 when file_size is 0 */
	uint64_t file_size;
	uint64_t address;     /* the start of its slot */
	uint64_t memory_size; /* >= file_size; the rest is zero */
};

struct twz_handler_image {
	uint64_t magic;
	uint32_t format;      /* TWZ_HANDLER_FORMAT */
	uint32_t header_size; /* bytes of header, tables and strings */
	struct twz_abi_version abi;
	uint32_t reserved;		 /* 0 */
	uint64_t image_size;		 /* bytes of the file */
	uint64_t checksum;		 /* FNV-1a 64 of the file with this field 0 */
	char name[TWZ_HANDLER_NAME_MAX]; /* NUL-padded: letters, digits, '.', '-', '_' */
	char version[32];		 /* NUL-padded: printable, no space */
	uint32_t budget_ms;
	uint32_t memory_kb;
	uint64_t entry; /* in text; entered with rsp = the run's stack, see twz_handler_entry */
	struct twz_handler_segment rodata; /* read */
	struct twz_handler_segment text;   /* read, execute */
	struct twz_handler_segment data;   /* read, write: the persistent globals */
	uint32_t events_offset;		   /* struct twz_handler_image_event[] */
	uint32_t event_count;
	uint32_t outputs_offset; /* struct twz_handler_image_output[] */
	uint32_t output_count;
};

struct twz_handler_image_event {
	uint32_t kind;	    /* TWZ_EVENT_* */
	uint32_t name;	    /* offset of a NUL-ended string; application events */
	uint64_t period_ms; /* timers */
	uint64_t function;  /* address in text */
};

struct twz_handler_image_output {
	uint32_t kind; /* TWZ_OUTPUT_* */
	uint32_t path; /* offset of a NUL-ended string */
};

/*
 * What a run's entry receives, at TWZ_HANDLER_RUN. The event with its payload and the output buffer
 * follow; then an unmapped page; then the stack. Only these pages, the globals' and the image's
 * exist in a run: whatever lies elsewhere faults. Nothing of the run slot persists.
 */
struct twz_handler_entry {
	uint64_t event;	   /* struct twz_event, payload behind it */
	uint64_t function; /* the event function */
	uint64_t output;   /* buffer for struct twz_handler_append records */
	uint64_t output_size;
	uint64_t output_used; /* bytes of records so far; the library's */
	int32_t error;	      /* errno of libstd-c's pure functions; the library's */
	uint32_t reserved;
};

/* handler_return's length for "leave everything as before the event". */
#define TWZ_HANDLER_DISCARD (~0ull)

/* One append in the output buffer that handler_return commits; followed by `length` bytes, padded
 * to 8. */
struct twz_handler_append {
	uint32_t output; /* index in the manifest */
	uint32_t length;
};

#endif
