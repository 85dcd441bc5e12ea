/* SPDX-License-Identifier: BSD-2-Clause */
/* What signal.c, signal_wait.c and upcall.c share. */
#ifndef TWIX_SIGNALS_H
#define TWIX_SIGNALS_H

#include <signal.h>
#include <ucontext.h>
#include "twix.h"

#define BIT(signal) (1ull << ((signal)-1))
#define SIGNALS	    64
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))

struct k_sigaction;

/* A copy of a signal's action. */
hidden struct k_sigaction twix_action(int signal);

/* The signals of a set as bits. */
hidden uint64_t twix_set_bits(const sigset_t *set);

/*
 * Runs the signal's action on this thread: nothing, its handler with `context` (whose uc_sigmask it
 * fills and then obeys), or the end of the program. Returns TWIX_HANDLED_* bits.
 */
hidden unsigned twix_run_handler(int signal, siginfo_t *info, ucontext_t *context);

/* twix_deliver with the registers of an interrupted thread in `context`. */
hidden unsigned twix_deliver_with(ucontext_t *context);

/* Moves to `self` what was sent to the program and self's mask lets through. */
hidden void twix_adopt(struct twix_thread *self);

/* Asks the runtime for faults and interrupts, once; before any handler can run. */
hidden void twix_use_upcalls(void);

/* Does what a nested function's trampoline on the stack says, when that is what faulted: true. */
hidden int twix_trampoline(struct twz_fault *fault);

#endif
