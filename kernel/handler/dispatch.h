/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of programs to the dispatcher. */
#ifndef KERNEL_HANDLER_DISPATCH_H
#define KERNEL_HANDLER_DISPATCH_H

#include "internal.h"

enum request_kind { REQUEST_REGISTER, REQUEST_REMOVE, REQUEST_ROLLBACK, REQUEST_EMIT };

/* Made by the caller with request_make; the dispatcher sets result. */
struct request {
	struct list node;
	enum request_kind kind;
	volatile uint32_t references; /* the caller's, the dispatcher's */
	bool done;
	twz_result result;
	char name[TWZ_HANDLER_NAME_MAX]; /* of the handler or event */
	struct handler_version *version; /* REGISTER; taken over when result is not negative */
	uint64_t size;			 /* EMIT: of payload */
	uint8_t payload[];
};

struct request *request_make(enum request_kind kind, uint64_t size);
void request_put(struct request *request);

/* Hand over to the dispatcher and wait; -INTERRUPTED when the caller is to die, the request goes
 * on. */
twz_result request_send(struct request *request);

#endif
