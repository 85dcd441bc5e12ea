/* SPDX-License-Identifier: BSD-2-Clause */
/* What handlerctl's files share. */
#ifndef HANDLERCTL_H
#define HANDLERCTL_H

#include <twizzler/error.h>
#include <twizzler/types.h>

/* Each subcommand: arguments without its name; an exit code. */
int command_register(int count, char **arguments);
int command_list(int count, char **arguments);
int command_stat(int count, char **arguments);
int command_emit(int count, char **arguments);
int command_remove(int count, char **arguments);
int command_rollback(int count, char **arguments);

/* "handlerctl: WHAT: TEXT" on standard error; returns 1. */
int complain(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An event's outcome in words: what discarded the last run, in a static buffer. */
struct twz_handler_stat;
const char *last_discard(const struct twz_handler_stat *stat);

/* Opens (creating it and the folders above it) the file of an output; its object, or a negative
 * error told. */
int output_object(const char *path, struct twz_id *id);

#endif
