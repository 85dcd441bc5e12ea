/* SPDX-License-Identifier: BSD-2-Clause */
/* What the test libraries offer each other. */
#ifndef LIBBASE_H
#define LIBBASE_H

extern int base_constructed, construct_order;
extern __thread int base_tls;
int *base_tls_address(void);

extern int counter_constructed;
int counter_next(void);	   /* counts by thread, from 100 */
int counter_tls_sum(void); /* the calling thread's counter and libbase's variable */
const char *counter_name(void);

#endif
