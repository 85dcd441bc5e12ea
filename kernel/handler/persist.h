/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers in the store: image, snapshot and registry. Without a store every call succeeds and
 * changes nothing: handlers then live until the next boot. In the dispatcher; sleeps.
 */
#ifndef KERNEL_HANDLER_PERSIST_H
#define KERNEL_HANDLER_PERSIST_H

#include "apply.h"

/* Make a new handler durable and set its slot. An error: nothing has changed. */
twz_result persist_add(struct handler *handler, struct handler_version *version);

/* Put `version` with `previous` (or NULL) in the place of what the handler has, in one step. */
twz_result persist_replace(struct handler *handler, struct handler_version *version,
			   struct handler_version *previous);
twz_result persist_remove(struct handler *handler);

/* A run's globals, outputs and sequence number become true by one record of the journal. */
twz_result persist_apply(struct handler *handler, struct handler_run *run,
			 const struct file_growth *growths, uint64_t sequence);

/*
 * The next handler of the store behind slot *slot, which moves on; false: no more. One that cannot
 * be loaded is told on the console and left as it is.
 */
bool persist_load(uint64_t *slot, struct handler_version **version,
		  struct handler_version **previous);

#endif
