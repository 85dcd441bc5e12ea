/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals from and to other programs: the kernel's messages. */

#include <errno.h>
#include "ksigaction.h"
#include "signals.h"

#define POOL 64 /* messages fetched and not yet taken; more of them wait in the kernel */

/* Under the signals lock: where mail is fetched nothing can be allocated. */
static struct twix_signal pool[POOL];
static struct twix_signal *unused;
static size_t used;	 /* of the pool, ever */
static int left_behind;	 /* mail that found the pool empty */
static int child_events; /* atomic: the kernel has been asked for them */

static struct twix_signal *get_entry(void)
{
	struct twix_signal *entry = unused;

	if (entry)
		unused = entry->next;
	else if (used < POOL)
		entry = &pool[used++];
	if (entry)
		*entry = (struct twix_signal){.pooled = 1};
	return entry;
}

void twix_note_mail(void)
{
	struct twix_thread *self = twix_self();

	__atomic_store_n(&self->mail, 1, __ATOMIC_RELEASE);
	__atomic_fetch_or(&self->words.pending, ATTENTION, __ATOMIC_SEQ_CST);
}

void twix_give_back_message(struct twix_signal *entry)
{
	entry->next = unused;
	unused = entry;
	if (left_behind) {
		left_behind = 0;
		twix_note_mail();
	}
}

static siginfo_t info_of(const struct twz_message *message)
{
	siginfo_t info = {.si_signo = (int)message->signal, .si_code = message->code};

	info.si_pid = (pid_t)message->sender;
	if (message->signal == SIGCHLD && message->code > 0)
		info.si_status = message->status;
	else
		info.si_value.sival_ptr = (void *)message->value;
	return info;
}

/* SA_NOCLDSTOP: only ends of children are told. */
static int is_unwanted(const struct twz_message *message)
{
	return message->signal == SIGCHLD &&
	       (message->code == CLD_STOPPED || message->code == CLD_CONTINUED) &&
	       (twix_action(SIGCHLD).flags & SA_NOCLDSTOP);
}

void twix_fetch_mail(void)
{
	struct twix_thread *self = twix_self();
	struct twz_message message;

	__atomic_store_n(&self->mail, 0, __ATOMIC_RELEASE);
	for (;;) {
		struct twix_signal *entry = get_entry();

		if (!entry) {
			left_behind = 1;
			return;
		}
		if (twz_rt_exec_take(&message) < 0) {
			twix_give_back_message(entry);
			return;
		}
		siginfo_t info = info_of(&message);
		if (!is_unwanted(&message))
			twix_post_message(&info, &entry);
		if (entry)
			twix_give_back_message(entry);
	}
}

/* ---- sending ---- */

/* What happens to a program that takes no messages, by the signal's default action. */
static uint32_t flags_of(int signal)
{
	switch (signal) {
	case SIGKILL:
		return TWZ_SEND_KILL;
	case SIGCHLD:
	case SIGURG:
	case SIGWINCH:
	case SIGCONT:
	case SIGSTOP:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return 0;
	default:
		return TWZ_SEND_END;
	}
}

long twix_send_away(int target, const siginfo_t *info)
{
	struct twz_message message = {.signal = (uint32_t)info->si_signo, .code = info->si_code};
	twz_result result;

	if (info->si_signo == SIGCHLD && info->si_code > 0)
		message.status = info->si_status;
	else
		message.value = (uint64_t)info->si_value.sival_ptr;
	result = twz_rt_exec_send(target, &message, flags_of(info->si_signo));
	if (result == -TWZ_ERR_OUT_OF_MEMORY)
		return -EAGAIN;
	if (result == -TWZ_ERR_ACCESS_DENIED)
		return -EPERM;
	return result < 0 ? twix_result(result) : 0;
}

void twix_want_children(void)
{
	if (!__atomic_exchange_n(&child_events, 1, __ATOMIC_RELAXED))
		twz_rt_exec_control(0, TWZ_PROGRAM_TAKES, TWZ_TAKES_MESSAGES | TWZ_TAKES_CHILDREN);
}
