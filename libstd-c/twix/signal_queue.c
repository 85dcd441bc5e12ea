/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signals that were sent and not yet taken: one queue a thread, one for the program; and who is to
 * be told of one.
 *
 * A thread's words.pending is what the kernel looks at before it lets the thread sleep: a bit there
 * says that the thread has reason to look at its own queue or the program's. It is set under the
 * lock when something is queued, and cleared under it when nothing is left.
 */

#include <errno.h>
#include "ksigaction.h"
#include "signals.h"

static int lock_word;
static struct twix_signals program;
static struct twix_thread *threads; /* all of the program, in a list */

void twix_signals_lock(void)
{
	while (__atomic_exchange_n(&lock_word, 1, __ATOMIC_ACQUIRE))
		twz_rt_thread_yield();
}

void twix_signals_unlock(void)
{
	__atomic_store_n(&lock_word, 0, __ATOMIC_RELEASE);
}

static struct pthread *pthread_of(struct twix_thread *thread)
{
	return (struct pthread *)thread - 1;
}

/* ---- queues ---- */

static void append(struct twix_signals *queue, struct twix_signal *entry)
{
	struct twix_signal **at = queue->first ? &queue->last->next : &queue->first;

	entry->next = 0;
	*at = queue->last = entry;
}

/* Takes out the first entry of a signal (or exactly `which`); *more: another one follows. */
static struct twix_signal *remove_entry(struct twix_signals *queue, int signal,
					const struct twix_signal *which, int *more)
{
	struct twix_signal *found = 0, *previous = 0, *next;

	*more = 0;
	for (struct twix_signal *entry = queue->first; entry; entry = next) {
		next = entry->next;
		if (entry->info.si_signo == signal && (found || (which && entry != which))) {
			*more = 1;
			if (found)
				return found;
		} else if (entry->info.si_signo == signal) {
			found = entry;
			*(previous ? &previous->next : &queue->first) = next;
			if (queue->last == entry)
				queue->last = previous;
			continue;
		}
		previous = entry;
	}
	return found;
}

static void give_back(struct twix_signal *entry)
{
	if (entry && entry->pooled)
		twix_give_back_message(entry);
	else if (entry && !entry->timer)
		twz_rt_free(entry, sizeof *entry, _Alignof(struct twix_signal));
}

static int take_from(struct twix_signals *queue, uint64_t wanted, siginfo_t *info)
{
	struct twix_signal *entry;
	int signal, more;

	if (!(queue->set & wanted))
		return 0;
	signal = __builtin_ctzll(queue->set & wanted) + 1;
	entry = remove_entry(queue, signal, 0, &more);
	if (!more)
		queue->set &= ~BIT(signal);
	*info = entry ? entry->info : (siginfo_t){.si_signo = signal, .si_code = SI_USER};
	if (entry && entry->timer)
		twix_timer_taken(entry->timer, info);
	give_back(entry);
	return signal;
}

/* ---- threads ---- */

void twix_thread_enter(struct twix_thread *thread)
{
	struct twix_thread *self = twix_self();

	twix_enter(self);
	twix_signals_lock();
	thread->next = threads;
	thread->previous = 0;
	if (threads)
		threads->previous = thread;
	threads = thread;
	twix_signals_unlock();
	twix_leave(self);
}

/* Finds another thread for the program's signals that `except` will not take. Lock held. */
static void hand_on(uint64_t signals, struct twix_thread *except)
{
	for (signals &= program.set; signals; signals &= signals - 1) {
		uint64_t bit = signals & -signals;
		struct twix_thread *thread = threads;

		while (thread &&
		       (thread == except || (thread->words.blocked & ~thread->waiting & bit)))
			thread = thread->next;
		if (!thread)
			continue;
		__atomic_fetch_or(&thread->words.pending, bit, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&thread->sequence, 1, __ATOMIC_RELEASE);
		twz_rt_futex_wake(&thread->sequence, 1);
		twz_rt_thread_interrupt((uint32_t)pthread_of(thread)->tid, LOOK);
	}
}

int twix_thread_leave(struct twix_thread *thread)
{
	int last;

	struct twix_thread *self = twix_self();
	struct twix_signal *entry, *next;

	twix_enter(self);
	twix_signals_lock();
	if (thread->next)
		thread->next->previous = thread->previous;
	*(thread->previous ? &thread->previous->next : &threads) = thread->next;
	hand_on(thread->words.pending, thread);
	for (entry = thread->own.first; entry; entry = next) {
		siginfo_t unused;

		next = entry->next;
		if (entry->timer)
			twix_timer_taken(entry->timer, &unused);
		give_back(entry);
	}
	thread->own = (struct twix_signals){0};
	last = !threads;
	twix_signals_unlock();
	twix_leave(self);
	return last;
}

void twix_signals_fork(void)
{
	twix_signals_lock();
}

void twix_signals_forked(int child)
{
	struct twix_thread *self = twix_self();

	if (child) {
		/* What is pending is the parent's; timers are not inherited either. */
		self->own = program = (struct twix_signals){0};
		self->foreign = 0;
		/* a message may have come before the child was itself */
		self->mail = 1;
		self->words.pending = ATTENTION;
		self->next = self->previous = 0;
		threads = self;
	}
	twix_signals_unlock();
}

/* ---- sending ---- */

/* Whether any thread (or the one) holds the signal back: then even an ignored one is kept. */
static int is_blocked(struct twix_thread *thread, uint64_t bit)
{
	if (thread)
		return (thread->words.blocked & bit) != 0;
	for (thread = threads; thread; thread = thread->next)
		if (thread->words.blocked & bit)
			return 1;
	return 0;
}

/* Who is to take a signal of the program: a thread that waits for it, the caller, or another. */
static struct twix_thread *choose(uint64_t bit)
{
	struct twix_thread *self = twix_self(), *any = 0;

	for (struct twix_thread *thread = threads; thread; thread = thread->next) {
		if (thread->waiting & bit)
			return thread;
		if (!(thread->words.blocked & bit) && (!any || thread == self))
			any = thread;
	}
	return any;
}

/* Queues one signal; true when it is new to the queue. `spare` is used up or left to the caller. */
static int queue_one(struct twix_signals *queue, const siginfo_t *info,
		     struct twix_signal *timer_signal, struct twix_signal **spare)
{
	uint64_t bit = BIT(info->si_signo);

	if (timer_signal) {
		append(queue, timer_signal);
	} else if (info->si_signo < QUEUED && (queue->set & bit)) {
		return 0;
	} else if (*spare) {
		(*spare)->info = *info;
		append(queue, *spare);
		*spare = 0;
	}
	/* twix_set_mask looks at it without the lock. */
	__atomic_fetch_or(&queue->set, bit, __ATOMIC_SEQ_CST);
	return 1;
}

static void discard_from(struct twix_signals *queue, uint64_t signals)
{
	siginfo_t unused;

	while (queue->set & signals)
		take_from(queue, signals, &unused);
}

/* The lock is held. */
static void discard(uint64_t signals)
{
	discard_from(&program, signals);
	for (struct twix_thread *thread = threads; thread; thread = thread->next)
		discard_from(&thread->own, signals);
}

/* The lock is held. *tell: whom to interrupt once it is not, or NULL. */
static void post(struct twix_thread *thread, const siginfo_t *info,
		 struct twix_signal *timer_signal, struct twix_signal **spare,
		 struct twix_thread **tell)
{
	uint64_t bit = BIT(info->si_signo);

	*tell = 0;
	if (info->si_signo == SIGCONT) {
		discard(STOPS);
		twix_continue();
	} else if (bit & STOPS) {
		discard(BIT(SIGCONT));
	}
	if (twix_is_ignored(info->si_signo) && !is_blocked(thread, bit)) {
		if (timer_signal) {
			siginfo_t unused;
			twix_timer_taken(timer_signal->timer, &unused);
		}
		return;
	}
	if (!queue_one(thread ? &thread->own : &program, info, timer_signal, spare))
		return;
	if (!thread)
		thread = choose(bit);
	if (!thread)
		return;
	__atomic_fetch_or(&thread->words.pending, bit, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&thread->sequence, 1, __ATOMIC_RELEASE);
	*tell = thread;
}

static long send_locked(struct twix_thread *thread, const siginfo_t *info,
			struct twix_signal *timer_signal, struct twix_signal **spare)
{
	struct twix_thread *tell;

	post(thread, info, timer_signal, spare, &tell);
	/* Under the lock, so that the thread cannot end meanwhile and leave its number to another.
	 */
	if (tell && tell != twix_self()) {
		twz_rt_futex_wake(&tell->sequence, 1);
		if (!(tell->words.blocked & BIT(info->si_signo)))
			twz_rt_thread_interrupt((uint32_t)pthread_of(tell)->tid, LOOK);
	}
	return 0;
}

static struct twix_signal *spare_for(const siginfo_t *info, struct twix_signal *timer_signal)
{
	if (timer_signal || !info->si_signo)
		return 0;
	return twz_rt_malloc(sizeof(struct twix_signal), _Alignof(struct twix_signal),
			     TWZ_MALLOC_ZERO);
}

static int wants_queue(const siginfo_t *info)
{
	return info->si_signo >= QUEUED && info->si_code == SI_QUEUE;
}

long twix_send(struct twix_thread *thread, const siginfo_t *info, struct twix_signal *timer_signal)
{
	struct twix_signal *spare = spare_for(info, timer_signal);

	if (!spare && !timer_signal && wants_queue(info))
		return -EAGAIN;
	twix_use_upcalls();
	twix_signals_lock();
	send_locked(thread, info, timer_signal, &spare);
	twix_signals_unlock();
	give_back(spare);
	return 0;
}

long twix_send_number(int number, const siginfo_t *info, struct twix_signal *timer_signal)
{
	struct twix_signal *spare = spare_for(info, timer_signal);
	struct twix_thread *thread;
	long result = 0;

	if (!spare && !timer_signal && wants_queue(info))
		return -EAGAIN;
	twix_use_upcalls();
	twix_signals_lock();
	for (thread = threads; thread; thread = thread->next)
		if (pthread_of(thread)->tid == number)
			break;
	if (!thread)
		result = -ESRCH;
	else if (info->si_signo)
		send_locked(thread, info, timer_signal, &spare);
	twix_signals_unlock();
	give_back(spare);
	return result;
}

void twix_unsend(struct twix_signal *entry)
{
	int more, signal = entry->info.si_signo;
	struct twix_signals *queue = &program;

	if (remove_entry(queue, signal, entry, &more) != entry) {
		struct twix_thread *thread = threads;

		for (; thread; thread = thread->next) {
			queue = &thread->own;
			if (remove_entry(queue, signal, entry, &more) == entry)
				break;
		}
		if (!thread)
			return;
	}
	if (!more)
		queue->set &= ~BIT(signal);
}

void twix_discard(int signal)
{
	twix_signals_lock();
	discard(BIT(signal));
	twix_signals_unlock();
}

void twix_post_message(const siginfo_t *info, struct twix_signal **entry)
{
	send_locked(0, info, 0, entry);
}

void twix_attend_all(void)
{
	for (struct twix_thread *thread = threads; thread; thread = thread->next) {
		__atomic_fetch_or(&thread->words.pending, ATTENTION, __ATOMIC_SEQ_CST);
		if (thread == twix_self())
			continue;
		__atomic_fetch_add(&thread->sequence, 1, __ATOMIC_RELEASE);
		twz_rt_thread_interrupt((uint32_t)pthread_of(thread)->tid, LOOK);
	}
}

/* ---- taking ---- */

void twix_note_foreign(uint64_t signals)
{
	struct twix_thread *self = twix_self();

	__atomic_fetch_or(&self->foreign, signals, __ATOMIC_RELEASE);
	__atomic_fetch_or(&self->words.pending, signals, __ATOMIC_SEQ_CST);
}

/* What other programs have sent becomes the program's. Lock held. */
static void adopt_foreign(struct twix_thread *self)
{
	uint64_t signals = __atomic_exchange_n(&self->foreign, 0, __ATOMIC_ACQUIRE);

	for (; signals; signals &= signals - 1) {
		siginfo_t info = {.si_signo = __builtin_ctzll(signals) + 1, .si_code = SI_USER};
		struct twix_signal *none = 0;

		send_locked(0, &info, 0, &none);
	}
}

static uint64_t lowest(uint64_t signals)
{
	return signals ? signals & -signals : ~0ull;
}

int twix_take(uint64_t wanted, siginfo_t *info)
{
	struct twix_thread *self = twix_self();
	int signal;

	twix_signals_lock();
	if (self->foreign)
		adopt_foreign(self);
	if (self->mail)
		twix_fetch_mail();
	signal = take_from(lowest(self->own.set & wanted) <= lowest(program.set & wanted)
				   ? &self->own
				   : &program,
			   wanted, info);
	__atomic_fetch_and(&self->words.pending, self->own.set | program.set, __ATOMIC_SEQ_CST);
	/* An upcall may have come since the two were looked at: its reasons are not to be lost. */
	uint64_t more = __atomic_load_n(&self->foreign, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&self->mail, __ATOMIC_ACQUIRE))
		more |= ATTENTION;
	if (more)
		__atomic_fetch_or(&self->words.pending, more, __ATOMIC_SEQ_CST);
	twix_signals_unlock();
	return signal;
}

uint64_t twix_pending(void)
{
	struct twix_thread *self = twix_self();
	uint64_t result;

	twix_signals_lock();
	if (self->foreign)
		adopt_foreign(self);
	if (self->mail)
		twix_fetch_mail();
	result = self->own.set | program.set;
	twix_signals_unlock();
	return result;
}

void twix_set_mask(uint64_t mask)
{
	struct twix_thread *self = twix_self();
	uint64_t former = self->words.blocked;

	mask &= ~UNBLOCKABLE;
	__atomic_store_n(&self->words.blocked, mask, __ATOMIC_SEQ_CST);
	if (!(__atomic_load_n(&program.set, __ATOMIC_SEQ_CST) & (mask ^ former)))
		return;
	twix_enter(self);
	twix_signals_lock();
	__atomic_fetch_or(&self->words.pending, program.set & ~mask, __ATOMIC_SEQ_CST);
	hand_on(mask & ~former, self);
	twix_signals_unlock();
	twix_leave(self);
}
