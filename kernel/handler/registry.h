/* SPDX-License-Identifier: BSD-2-Clause */
/* Between persist.c and persist_run.c: the registry's place and its record of a handler. */
#ifndef KERNEL_HANDLER_REGISTRY_H
#define KERNEL_HANDLER_REGISTRY_H

#include <object.h>

#define REGISTRY_MAGIC	 0x47455248445a5754ull /* "TWZDHREG" */
#define REGISTRY_VERSION 1u
#define RECORD_MAGIC	 0x43455248445a5754ull /* "TWZDHREC" */

/* One raw object of the store: page 0 this header, page n the record of the handler in slot n. */
struct registry_header {
	uint64_t magic;
	uint32_t version;
	uint32_t reserved;
	uint64_t slots; /* records are in pages 1..slots; a page of zeros is free */
};

struct registry_version {
	struct twz_id image; /* the .twh, and from the next page on the ids of the outputs; none: no
				such version */
	struct twz_id state; /* or none: no globals */
	uint64_t sequence;   /* as of the change; the current one's is record.sequence */
};

struct registry_record {
	uint64_t magic;
	struct registry_version current, previous;
	uint64_t sequence;
};

/* The registry's object, or NULL: no store, or no handler in it. */
extern struct object *handler_registry;

#endif
