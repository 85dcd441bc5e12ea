/* SPDX-License-Identifier: BSD-2-Clause */
/* Telling the host how the program ended. */
#ifndef UNIKERNEL_REPORT_H
#define UNIKERNEL_REPORT_H

#include <stdint.h>

struct twz_channel_exit;
struct twz_crash;

/*
 * Write an EXIT message of the run channel (channel.h), before it a CRASH message where there is
 * something to tell (crash not NULL), to the I/O port that the option `report=HEX` names, which the
 * runner connects to itself. Without the option, a line on the console for a program that was
 * killed.
 */
void report_end(const struct twz_channel_exit *end, const struct twz_crash *crash,
		uint64_t crash_size);

#endif
