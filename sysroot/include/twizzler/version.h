/* SPDX-License-Identifier: BSD-2-Clause */
/* The ABI's one version, a semver, and the ELF note that carries it in every binary. */
#ifndef TWIZZLER_VERSION_H
#define TWIZZLER_VERSION_H

/*
 * Compatible = same major, needed minor <= provided minor. Raise the major when an existing
 * declaration below include/twizzler/ changes its meaning or layout, the minor when one is added.
 */
#define TWZ_ABI_MAJOR 0
#define TWZ_ABI_MINOR 1
#define TWZ_ABI_PATCH 0

/* The note: name "Twizzler", type TWZ_NOTE_ABI, descriptor of three 32-bit words: major, minor,
 * patch. */
#define TWZ_NOTE_NAME	   "Twizzler"
#define TWZ_NOTE_ABI	   1
#define TWZ_NOTE_UNIKERNEL 2 /* no descriptor: the program is its own kernel */

#ifndef __ASSEMBLER__
#include <stdint.h>

struct twz_abi_version {
	uint32_t major;
	uint32_t minor;
	uint32_t patch;
};

/* True when a binary that needs `needed` runs on a system that provides `provided`. */
static inline int twz_abi_compatible(struct twz_abi_version needed, struct twz_abi_version provided)
{
	return needed.major == provided.major && needed.minor <= provided.minor;
}
#endif
#endif
