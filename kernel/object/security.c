/* SPDX-License-Identifier: BSD-2-Clause */
/* The default security context: everyone has the rights that an object's protections name. */
#include <object.h>
#include <security.h>

uint32_t security_rights(const struct view *view, const struct object *object)
{
	uint32_t rights = object->protections & TWZ_RIGHTS_ALL;

	(void)view; /* one context so far: every view's */
	if (object->flags & OBJECT_SEALED)
		rights &= TWZ_RIGHT_READ | TWZ_RIGHT_EXEC;
	if (object->flags & OBJECT_CONTROL)
		rights &= TWZ_RIGHT_READ | TWZ_RIGHT_USE | TWZ_RIGHT_DELETE;
	return rights;
}

twz_result security_check(const struct view *view, const struct object *object, uint32_t needed)
{
	return needed & ~security_rights(view, object) ? -TWZ_ERR_ACCESS_DENIED : TWZ_OK;
}
