/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of every structure that a system call reads. */
#include "cases.h"

#define FIELD(type, name)                                                                   \
	{                                                                                   \
#type, #name, offsetof(struct type, name), sizeof(((struct type *)0)->name) \
	}

const struct field fields[] = {
	FIELD(twz_object_spec, flags),
	FIELD(twz_object_spec, kind),
	FIELD(twz_object_spec, protections),
	FIELD(twz_object_spec, reserved),
	FIELD(twz_object_spec, owner),
	FIELD(twz_object_spec, tie),
	FIELD(twz_object_spec, sources),
	FIELD(twz_object_spec, source_count),
	FIELD(twz_copy_range, destination),
	FIELD(twz_copy_range, destination_offset),
	FIELD(twz_copy_range, source),
	FIELD(twz_copy_range, source_offset),
	FIELD(twz_copy_range, length),
	FIELD(twz_view_clone, entry),
	FIELD(twz_view_clone, stack),
	FIELD(twz_view_clone, argument),
	FIELD(twz_view_clone, flags),
	FIELD(twz_map, view),
	FIELD(twz_map, object),
	FIELD(twz_map, slot),
	FIELD(twz_map, rights),
	FIELD(twz_map, inherit),
	FIELD(twz_map, flags),
	FIELD(twz_map, reserved),
	FIELD(twz_upcall_target, entry),
	FIELD(twz_upcall_target, flags),
	FIELD(twz_upcall_frame, fault),
	FIELD(twz_upcall_frame, extended_state),
	FIELD(twz_upcall_frame, extended_size),
	FIELD(twz_thread_spec, view),
	FIELD(twz_thread_spec, entry),
	FIELD(twz_thread_spec, stack),
	FIELD(twz_thread_spec, argument),
	FIELD(twz_thread_spec, fs_base),
	FIELD(twz_thread_spec, upcall_stack),
	FIELD(twz_thread_spec, upcall_stack_length),
	FIELD(twz_thread_spec, flags),
	FIELD(twz_thread_spec, priority),
	FIELD(twz_sync_op, word),
	FIELD(twz_sync_op, value),
	FIELD(twz_sync_op, kind),
	FIELD(twz_sync_op, word2),
	FIELD(twz_sync_op, flags),
	FIELD(twz_sync_op, value64),
	FIELD(twz_message, signal),
	FIELD(twz_message, code),
	FIELD(twz_message, sender),
	FIELD(twz_message, status),
	FIELD(twz_message, value),
	FIELD(twz_handler_spec, image),
	FIELD(twz_handler_spec, outputs),
	FIELD(twz_handler_spec, output_count),
};
const unsigned field_count = sizeof(fields) / sizeof(fields[0]);
