/* SPDX-License-Identifier: BSD-2-Clause */
/* handlerctl emit, remove and rollback. */
#include <stdio.h>
#include <string.h>
#include <twz/sys.h>
#include <twizzler/handler_image.h>
#include "handlerctl.h"

int command_emit(int count, char **arguments)
{
	const char *data = count == 2 ? arguments[1] : "";
	twz_result result;

	if (count < 1 || count > 2)
		return complain("emit", "give an event's name and, if it takes any, its data");
	if (strlen(data) > TWZ_HANDLER_PAYLOAD_MAX)
		return complain(arguments[0], "the data is longer than %u bytes",
				TWZ_HANDLER_PAYLOAD_MAX);
	result = twz_sys_handler_emit(arguments[0], strlen(arguments[0]), data, strlen(data));
	if (result < 0)
		return complain(arguments[0], "%s", twz_error_text(result));
	printf("%lld committed\n", (long long)result);
	return result > 0 ? 0
			  : complain(arguments[0],
				     "no handler has committed it; handlerctl list shows why");
}

int command_remove(int count, char **arguments)
{
	twz_result result;

	if (count != 1)
		return complain("remove", "give one handler's name");
	result = twz_sys_handler_remove(arguments[0], strlen(arguments[0]));
	if (result == -TWZ_ERR_NOT_FOUND)
		return complain(arguments[0], "no such handler; handlerctl list shows them");
	return result < 0 ? complain(arguments[0], "%s", twz_error_text(result)) : 0;
}

int command_rollback(int count, char **arguments)
{
	twz_result result;

	if (count != 1)
		return complain("rollback", "give one handler's name");
	result = twz_sys_handler_rollback(arguments[0], strlen(arguments[0]));
	if (result == -TWZ_ERR_NOT_FOUND)
		return complain(arguments[0], "no such handler; handlerctl list shows them");
	if (result == -TWZ_ERR_NOT_SUPPORTED)
		return complain(arguments[0], "has no version before this one");
	return result < 0 ? complain(arguments[0], "%s", twz_error_text(result)) : 0;
}
