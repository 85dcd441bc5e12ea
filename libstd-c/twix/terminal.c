/* SPDX-License-Identifier: BSD-2-Clause */
/* What a terminal is told and asked by ioctl: the runtime does what concerns input, the rest of a
 * struct termios is kept as it was given. */

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include "terminal.h"
#include "twix.h"

/* The latest that was set; unset: c_cflag is 0. Of two threads that set it at once, parts of both:
 * none of it has an effect. */
static struct termios kept;

static const struct {
	uint32_t runtime;
	tcflag_t flag;
	int local; /* of c_lflag, else of c_iflag */
} flags[] = {
	{TWZ_TERMINAL_CANONICAL, ICANON, 1},
	{TWZ_TERMINAL_ECHO, ECHO, 1},
	{TWZ_TERMINAL_SIGNALS, ISIG, 1},
	{TWZ_TERMINAL_CR_TO_NL, ICRNL, 0},
};

static void usual(struct termios *out)
{
	memset(out, 0, sizeof(*out));
	out->c_oflag = OPOST | ONLCR;
	out->c_cflag = B38400 | CS8 | CREAD | CLOCAL;
	out->c_lflag = ECHOE | ECHOK;
}

long twix_get_terminal(int fd, struct termios *out)
{
	struct twz_rt_terminal mode;
	struct termios all = kept;
	twz_result result = twz_rt_fd_command(fd, TWZ_FD_IS_TERMINAL, 0);

	if (result < 0)
		return twix_result(result);
	if (!out)
		return -EFAULT;
	result = twz_rt_fd_command(fd, TWZ_FD_GET_TERMINAL, (uint64_t)&mode);
	if (result < 0)
		return twix_result(result);
	if (!all.c_cflag)
		usual(&all);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		tcflag_t *word = flags[i].local ? &all.c_lflag : &all.c_iflag;

		*word &= ~flags[i].flag;
		if (mode.flags & flags[i].runtime)
			*word |= flags[i].flag;
	}
	all.c_cc[VMIN] = mode.minimum;
	all.c_cc[VTIME] = mode.tenths;
	all.c_cc[VINTR] = mode.interrupt;
	all.c_cc[VEOF] = mode.end;
	all.c_cc[VERASE] = mode.erase;
	all.c_cc[VKILL] = mode.kill;
	all.c_cc[VWERASE] = mode.word_erase;
	/* the kernel's structure ends before the speeds */
	memcpy(out, &all, offsetof(struct termios, __c_ispeed));
	return 0;
}

long twix_set_terminal(int fd, const struct termios *wanted, int drop_input)
{
	struct twz_rt_terminal mode = {0};
	twz_result result = twz_rt_fd_command(fd, TWZ_FD_IS_TERMINAL, 0);

	if (result < 0)
		return twix_result(result);
	if (!wanted)
		return -EFAULT;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if ((flags[i].local ? wanted->c_lflag : wanted->c_iflag) & flags[i].flag)
			mode.flags |= flags[i].runtime;
	mode.minimum = wanted->c_cc[VMIN];
	mode.tenths = wanted->c_cc[VTIME];
	mode.interrupt = wanted->c_cc[VINTR];
	mode.end = wanted->c_cc[VEOF];
	mode.erase = wanted->c_cc[VERASE];
	mode.kill = wanted->c_cc[VKILL];
	mode.word_erase = wanted->c_cc[VWERASE];
	if (drop_input)
		twz_rt_fd_command(fd, TWZ_FD_DROP_INPUT, 0);
	result = twz_rt_fd_command(fd, TWZ_FD_SET_TERMINAL, (uint64_t)&mode);
	if (result < 0)
		return twix_result(result);
	memcpy(&kept, wanted, offsetof(struct termios, __c_ispeed));
	if (!kept.c_cflag)
		kept.c_cflag = CREAD;
	return 0;
}

long twix_flush_terminal(int fd, long what)
{
	twz_result result = twz_rt_fd_command(fd, TWZ_FD_IS_TERMINAL, 0);

	if (result < 0)
		return twix_result(result);
	if (what != TCIFLUSH && what != TCOFLUSH && what != TCIOFLUSH)
		return -EINVAL;
	/* output has been written when write returns */
	return what == TCOFLUSH ? 0 : twix_result(twz_rt_fd_command(fd, TWZ_FD_DROP_INPUT, 0));
}
