/* SPDX-License-Identifier: BSD-2-Clause */
/* expect: error: the event "go" has two functions */
#include <twizzler/handler.h>
TWZ_HANDLER("bad", .version = "1.0");
TWZ_ON_EVENT(one, "go");
TWZ_ON_EVENT(two, "go");
void one(const struct twz_event *event) { (void)event; }
void two(const struct twz_event *event) { (void)event; }
