/* SPDX-License-Identifier: BSD-2-Clause */
/* A unikernel has no initial image: no files, no name tree. Takes the place of
 * kernel/object/image.c. */
#include <image.h>
#include <main.h>

void image_init(void)
{
}

struct twz_id image_names(void)
{
	return TWZ_ID_NONE;
}
