/* SPDX-License-Identifier: BSD-2-Clause */
/* What the signal*.c files, timer*.c and upcall.c share. */
#ifndef TWIX_SIGNALS_H
#define TWIX_SIGNALS_H

#include <signal.h>
#include <ucontext.h>
#include "twix.h"

#define BIT(signal) (1ull << ((signal)-1))
#define SIGNALS	    64
#define QUEUED	    32 /* signals from here on are queued, not merged (the realtime ones) */
#define LOOK	    33 /* an interrupt's code within the program: what to look at is queued */
#define UNBLOCKABLE (BIT(SIGKILL) | BIT(SIGSTOP))
#define STOPS	    (BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU))
/* In words.pending: mail is to be fetched, or the program has stopped. SIGKILL is never pending. */
#define ATTENTION BIT(SIGKILL)

struct k_sigaction;
struct twix_timer;

/* ---- dispositions (signal.c) ---- */

/* A copy of a signal's action. */
hidden struct k_sigaction twix_action(int signal);

/* True when the signal's action does nothing. */
hidden int twix_is_ignored(int signal);

/* The signals of a set as bits. */
hidden uint64_t twix_set_bits(const sigset_t *set);

/*
 * Runs the signal's action on this thread: nothing, its handler with `context` (whose uc_sigmask it
 * fills and then obeys), or the end of the program. Adds to the thread's `handled`.
 */
hidden void twix_run_handler(int signal, siginfo_t *info, ucontext_t *context);

/* twix_deliver with the registers of an interrupted thread in `context`. */
hidden void twix_deliver_with(ucontext_t *context);

/* Asks the runtime for faults and interrupts, once; before any handler can run. */
hidden void twix_use_upcalls(void);

/* Does what a nested function's trampoline on the stack says, when that is what faulted: true. */
hidden int twix_trampoline(struct twz_fault *fault);

/* ---- what was sent and not yet taken (signal_queue.c) ---- */

/* One that carries more than its number. */
struct twix_signal {
	struct twix_signal *next;
	siginfo_t info;
	struct twix_timer *timer; /* whose part this is; NULL: allocated for itself */
	int pooled;		  /* of messages.c */
};

/*
 * Held for a few instructions over the queues, the list of threads and what timers keep of their
 * signals. The holder is inside a call (depth > 0), where no handler runs.
 */
hidden void twix_signals_lock(void);
hidden void twix_signals_unlock(void);

/*
 * Sends info->si_signo to one thread, or to the program for NULL. `timer_signal`: the entry to
 * queue, whose info this is; NULL has one allocated. 0; -EAGAIN when a realtime signal from
 * sigqueue finds no memory. The lock is not held.
 */
hidden long twix_send(struct twix_thread *thread, const siginfo_t *info,
		      struct twix_signal *timer_signal);

/* The same to the thread with this number: -ESRCH when there is none. si_signo 0 only looks. */
hidden long twix_send_number(int number, const siginfo_t *info, struct twix_signal *timer_signal);

/* Takes a timer's entry back wherever it is queued. The lock is held. */
hidden void twix_unsend(struct twix_signal *entry);

/* Forgets every pending instance of a signal, which is ignored from now on. */
hidden void twix_discard(int signal);

/*
 * Takes one pending signal among `wanted` for the calling thread, its own and the program's, the
 * lowest first. Returns its number and fills info; 0 when there is none.
 */
hidden int twix_take(uint64_t wanted, siginfo_t *info);

/* Signals pending for the calling thread: its own and the program's. */
hidden uint64_t twix_pending(void);

/* Gives the calling thread a mask; what the program has for it comes, what it leaves goes on. */
hidden void twix_set_mask(uint64_t mask);

/* Signals that came from another program by interrupt: taken over when next looked at. */
hidden void twix_note_foreign(uint64_t signals);

/* The lock is held; for messages.c, which owns the entry and gets back what is not used. */
hidden void twix_post_message(const siginfo_t *info, struct twix_signal **entry);

/* Has every thread but the caller look at what there is. The lock is held. */
hidden void twix_attend_all(void);

/* ---- other programs (messages.c) ---- */

/* An interrupt says that there are messages: to be fetched where the thread can. */
hidden void twix_note_mail(void);

/* Fetches what other programs have sent. The lock is held. */
hidden void twix_fetch_mail(void);

/* An entry of a message has been taken. The lock is held. */
hidden void twix_give_back_message(struct twix_signal *entry);

/* Sends a signal to another program or a group (kill's numbers). 0 or -errno. */
hidden long twix_send_away(int target, const siginfo_t *info);

/* From now on the ends of children are told by SIGCHLD. */
hidden void twix_want_children(void);

/* ---- stopping (stop.c) ---- */

/* Stops the program as by the signal: returns when it goes on. No lock is held. */
hidden void twix_stop(int signal);

/* SIGCONT has been sent: the program goes on, if it has stopped. The lock is held. */
hidden void twix_continue(void);

/* Sleeps as long as the program is stopped. */
hidden void twix_stay_stopped(void);
hidden int twix_is_stopped(void);

/* ---- stacks (signal_stack.c) ---- */

/* Whether an address is on the calling thread's alternate stack. */
hidden int twix_on_alternate(uintptr_t address);

/* Calls function(argument) on another stack, from its top (16-byte aligned) down. */
hidden void twix_call_on(void *top, void (*function)(void *), void *argument);

/* ---- timers (timer.c) ---- */

/* The entry's signal is being taken: fills in its overruns. The signals lock is held. */
hidden void twix_timer_taken(struct twix_timer *timer, siginfo_t *info);

#endif
