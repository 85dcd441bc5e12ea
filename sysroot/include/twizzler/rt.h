/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole Runtime ABI. */
#ifndef TWIZZLER_RT_H
#define TWIZZLER_RT_H

#include <twizzler/rt/alloc.h>
#include <twizzler/rt/core.h>
#include <twizzler/rt/exec.h>
#include <twizzler/rt/fd.h>
#include <twizzler/rt/info.h>
#include <twizzler/rt/io.h>
#include <twizzler/rt/object.h>
#include <twizzler/rt/thread.h>

#endif
