/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime ABI: information, time, randomness, debugging (loaded images), dynamic linking. */
#ifndef TWIZZLER_RT_INFO_H
#define TWIZZLER_RT_INFO_H

#include <twizzler/syscall.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- info, time, random ---- */

struct twz_rt_info {
	struct twz_abi_version abi;
	uint32_t runtime; /* TWZ_RUNTIME_* */
	uint32_t cpus;
	uint32_t reserved;
	uint64_t page_size;
	uint64_t pages_total, pages_free;
};
#define TWZ_RUNTIME_MINIMAL   1u
#define TWZ_RUNTIME_REFERENCE 2u
/* What the system is. */
twz_result twz_rt_info(struct twz_rt_info *out);

/* Nanoseconds of a TWZ_CLOCK_*; 0 for no clock. Monotonic and real time take no system call
 * (clock.h).
 */
uint64_t twz_rt_clock(uint32_t clock);
/* Nanoseconds between two readings that can differ; 0 for no clock. */
uint64_t twz_rt_clock_resolution(uint32_t clock);

/*
 * Fills with random bytes of the hardware (RDRAND, virtio-rng). -NOT_SUPPORTED where there is none,
 * -IO when it fails; never bytes that could be guessed.
 */
twz_result twz_rt_random(void *buffer, size_t length);

/* ---- debug: loaded images ---- */

struct twz_rt_image {
	uintptr_t base;	  /* load bias */
	const char *path; /* "" for the program */
	const void *phdr;
	uint32_t phdr_count;
	uint32_t tls_module;  /* 0: none */
	uintptr_t tls_offset; /* below the TCB, for static TLS */
	const void *eh_frame_hdr;
	uint64_t generation; /* loads so far, for dl_iterate_phdr's adds */
	uint64_t unloads;
};
/* The index-th image in load order; NOT_FOUND past the last. The program is 0. */
twz_result twz_rt_image(size_t index, struct twz_rt_image *out);
/* The image that holds an address. */
twz_result twz_rt_image_at(const void *address, struct twz_rt_image *out);

/* ---- dynamic linking ---- */

#define TWZ_DL_LAZY	0x1u
#define TWZ_DL_NOW	0x2u
#define TWZ_DL_NOLOAD	0x4u	/* only what is loaded already */
#define TWZ_DL_GLOBAL	0x100u	/* its symbols, and those of what it needs, are found by all */
#define TWZ_DL_NODELETE 0x1000u /* it stays to the program's end */
/*
 * Loads a shared library and what it needs, or finds it loaded: each success is one reference for
 * twz_rt_dl_close. path NULL: the program. NULL on error, told by twz_rt_dl_error.
 */
void *twz_rt_dl_open(const char *path, uint32_t flags);
/*
 * The address of a symbol: in the library of a handle and what it needs; TWZ_DL_DEFAULT: in the
 * program and all that is global; TWZ_DL_NEXT: in what was loaded behind the image that holds
 * `caller`. version is not looked at. NULL on error, told by twz_rt_dl_error.
 */
void *twz_rt_dl_symbol(void *handle, const char *name, const char *version, const void *caller);
#define TWZ_DL_DEFAULT ((void *)0)
#define TWZ_DL_NEXT    ((void *)-1l)
/*
 * Drops one reference; with the last one the library's destructors run and it is unmapped, unless
 * another library needs it. 0, or not 0 for what is no open library's handle.
 */
int twz_rt_dl_close(void *handle);
/* Message of the calling thread's last failure since the last call, or NULL. */
const char *twz_rt_dl_error(void);
/* The symbol nearest below an address; NOT_FOUND when no image holds it. */
struct twz_rt_dl_info {
	const char *image;
	void *image_base;
	const char *symbol;
	void *symbol_address;
};
twz_result twz_rt_dl_address(const void *address, struct twz_rt_dl_info *out);

#ifdef __cplusplus
}
#endif
#endif
