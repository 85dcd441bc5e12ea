/* SPDX-License-Identifier: BSD-2-Clause */
/* The console: output that always works, and input as a byte queue that a stream is made of. */
#ifndef KERNEL_CONSOLE_H
#define KERNEL_CONSOLE_H

#include <stddef.h>
#include <stdint.h>
#include <lock.h>
#include <wait.h>

/* Write bytes as they are. Any context. */
void console_write(const char *bytes, size_t length);

/* Input bytes wait here, at most CONSOLE_INPUT_SIZE; more are dropped, as a terminal does. */
#define CONSOLE_INPUT_SIZE 4096
struct console_input {
	struct spinlock lock;	   /* LOCK_DEVICE */
	struct wait_queue arrived; /* woken when bytes come */
	void (*notify)(void);	   /* called then, with the lock; or NULL */
	uint32_t head, tail;	   /* tail - head bytes are there */
	uint8_t bytes[CONSOLE_INPUT_SIZE];
};
extern struct console_input console_input;

/* Put received bytes into console_input and wake readers; from the console's interrupt. */
void console_receive(uint8_t byte);

#endif
