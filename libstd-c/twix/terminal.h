/* SPDX-License-Identifier: BSD-2-Clause */
/* ioctl's requests of terminals. */
#ifndef TWIX_TERMINAL_H
#define TWIX_TERMINAL_H

#include <termios.h>

/* TCGETS; TCSETS and its like, with drop_input for TCSETSF. 0, -ENOTTY, -EBADF, -EFAULT. */
__attribute__((visibility("hidden"))) long twix_get_terminal(int fd, struct termios *out);
__attribute__((visibility("hidden"))) long twix_set_terminal(int fd, const struct termios *wanted,
							     int drop_input);
/* TCFLSH; -EINVAL. */
__attribute__((visibility("hidden"))) long twix_flush_terminal(int fd, long what);

#endif
