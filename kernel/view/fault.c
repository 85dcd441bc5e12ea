/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults of programs, from the address to the object's page. */
#include <cpu.h>
#include <object.h>
#include <platform.h>
#include <user.h>
#include "internal.h"

static void describe(struct twz_fault *fault, twz_result error)
{
	switch (-error) {
	case TWZ_ERR_ACCESS_DENIED:
	case TWZ_ERR_READ_ONLY:
		fault->kind = TWZ_FAULT_PROTECTION;
		return;
	case TWZ_ERR_OUT_OF_MEMORY:
		fault->kind = TWZ_FAULT_MEMORY;
		break;
	default:
		fault->kind = TWZ_FAULT_OBJECT;
		break;
	}
	fault->error = (uint16_t)-error;
}

twz_result view_fault(struct view *view, uint64_t address, uint32_t access, struct twz_fault *fault)
{
	uint64_t offset;
	uint32_t rights;
	struct object *object;
	twz_result result;

	fault->kind = TWZ_FAULT_PAGE;
	if (address >= USER_END)
		return -TWZ_ERR_BAD_ADDRESS;
	if (address < PAGE_SIZE) /* a null pointer, whatever slot 0 maps */
		return -TWZ_ERR_BAD_ADDRESS;
	object = view_object_at(view, address, &offset, &rights);
	if (!object)
		return -TWZ_ERR_BAD_ADDRESS;
	result = access & ~rights ? -TWZ_ERR_ACCESS_DENIED : object_fault(object, offset, access);
	object_put(object);
	if (result < 0) {
		describe(fault, result);
		return result;
	}
	/*
	 * No flush: absent entries are not cached, and the fault itself has made the processor
	 * forget a narrower one (SDM volume 3, 4.10.4.1); a frame that was exchanged is flushed
	 * where that is done.
	 */
	return TWZ_OK;
}
