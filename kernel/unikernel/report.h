/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the host how the program ended. */
#ifndef UNIKERNEL_REPORT_H
#define UNIKERNEL_REPORT_H

struct twz_channel_exit;

/*
 * Write an EXIT message of the run channel (channel.h) to the I/O port that the option `report=HEX`
 * names, which the runner connects to itself. Without the option, a line on the console for a
 * program that was killed.
 */
void report_end(const struct twz_channel_exit *end);

#endif
