/* SPDX-License-Identifier: BSD-2-Clause */
/* pthread_mutex_lock, whose usual cases are at hand: musl's asks four functions in turn whether a
 * recursive mutex is free. */
#include <limits.h>
#include "pthread_impl.h"

#define OWNER 0x3fffffff

/* The thread's list of what it holds: its end makes these nobody's. As pthread_mutex_trylock.c. */
static void hold(pthread_mutex_t *mutex, pthread_t self)
{
	volatile void *next = self->robust_list.head;

	mutex->_m_next = next;
	mutex->_m_prev = &self->robust_list.head;
	if (next != &self->robust_list.head)
		*(volatile void *volatile *)((char *)next - sizeof(void *)) = &mutex->_m_next;
	self->robust_list.head = &mutex->_m_next;
}

int __pthread_mutex_lock(pthread_mutex_t *mutex)
{
	int type = mutex->_m_type;

	if ((type & 15) == PTHREAD_MUTEX_NORMAL) {
		if (!a_cas(&mutex->_m_lock, 0, EBUSY))
			return 0;
	} else if (type == PTHREAD_MUTEX_RECURSIVE) {
		pthread_t self = __pthread_self();
		int old = mutex->_m_lock;
		if ((old & OWNER) == self->tid && mutex->_m_count < INT_MAX) {
			mutex->_m_count++;
			return 0;
		}
		if (!old && !a_cas(&mutex->_m_lock, 0, self->tid)) {
			hold(mutex, self);
			return 0;
		}
	}
	return __pthread_mutex_timedlock(mutex, 0);
}

weak_alias(__pthread_mutex_lock, pthread_mutex_lock);
