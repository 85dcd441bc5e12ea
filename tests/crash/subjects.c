/* SPDX-License-Identifier: BSD-2-Clause */
/* All that is explored. */
#include "subject.h"

extern const struct subject row_subjects[], tx_subjects[], heap_subjects[], collection_subjects[],
	directory_subjects[], move_subjects[], store_subjects[], store_large_subjects[],
	handler_subjects[], queue_subjects[], append_log_subjects[], fot_subjects[],
	sqlite_subjects[];

const struct subject *const all_subjects[] = {
	row_subjects,	      tx_subjects,
	heap_subjects,	      collection_subjects,
	directory_subjects,   move_subjects,
	store_large_subjects, handler_subjects,
	queue_subjects,	      append_log_subjects,
	fot_subjects,	      sqlite_subjects,
	store_subjects,	      NULL,
};
