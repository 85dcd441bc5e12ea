/* SPDX-License-Identifier: BSD-2-Clause */
/* The initial image (layout: <twizzler/image.h>). */
#ifndef KERNEL_IMAGE_H
#define KERNEL_IMAGE_H

#include <twizzler/image.h>

/* Root directory of the image's name tree, and the file of the first program. After image_init. */
struct twz_id image_names(void);
struct twz_id image_first_program(void);

#endif
