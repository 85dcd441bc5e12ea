/* SPDX-License-Identifier: BSD-2-Clause */
/* The console by termios: raw without echo, timed, then lines again. shapes: unikernel */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static volatile sig_atomic_t interrupts;

static void count(int number)
{
	(void)number;
	interrupts++;
}

static void say(const char *what, const char *bytes, ssize_t got)
{
	printf("%s %zd:", what, got);
	for (ssize_t i = 0; i < got; i++)
		printf(" %02x", (unsigned char)bytes[i]);
	puts("");
	fflush(stdout);
}

static int set(const struct termios *mode, int when)
{
	struct termios got;

	if (tcsetattr(STDIN_FILENO, when, mode) != 0 || tcgetattr(STDIN_FILENO, &got) != 0)
		return 0;
	return got.c_lflag == mode->c_lflag && got.c_iflag == mode->c_iflag &&
	       got.c_oflag == mode->c_oflag && !memcmp(got.c_cc, mode->c_cc, sizeof(got.c_cc));
}

int main(void)
{
	struct termios usual, raw;
	char bytes[64];

	const struct sigaction action = {.sa_handler = count}; /* reads are not begun again */

	sigaction(SIGINT, &action, NULL);
	if (tcgetattr(STDIN_FILENO, &usual) != 0 || !(usual.c_lflag & ICANON))
		return 1;
	raw = usual;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
	raw.c_iflag &= ~(tcflag_t)ICRNL;
	raw.c_cc[VMIN] = 3;
	raw.c_cc[VTIME] = 0;
	if (!set(&raw, TCSANOW))
		return 2;
	puts("raw");
	fflush(stdout);
	/* three at least, each as it is: carriage return, interrupt, end */
	ssize_t got = read(STDIN_FILENO, bytes, sizeof(bytes));
	say("raw", bytes, got);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 2;
	if (!set(&raw, TCSADRAIN))
		return 3;
	got = read(STDIN_FILENO, bytes, sizeof(bytes));
	say("timed", bytes, got);
	raw.c_lflag |= ISIG;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (!set(&raw, TCSANOW))
		return 4;
	puts("signals");
	fflush(stdout);
	got = read(STDIN_FILENO, bytes, sizeof(bytes));
	say(got < 0 && errno == EINTR ? "interrupted" : "read", bytes, got < 0 ? 0 : got);
	printf("%d\n", (int)interrupts);
	if (!set(&usual, TCSAFLUSH))
		return 5;
	puts("lines");
	fflush(stdout);
	got = read(STDIN_FILENO, bytes, sizeof(bytes));
	say("line", bytes, got);
	/* What was read of a line by bytes is not there again, and its rest is a line. */
	puts("parts");
	fflush(stdout);
	got = read(STDIN_FILENO, bytes, 2);
	say("first", bytes, got);
	if (!set(&raw, TCSANOW))
		return 7;
	got = read(STDIN_FILENO, bytes, 1);
	say("byte", bytes, got);
	if (!set(&usual, TCSANOW))
		return 8;
	got = read(STDIN_FILENO, bytes, sizeof(bytes));
	say("rest", bytes, got);
	got = read(STDIN_FILENO, bytes, sizeof(bytes));
	say("next", bytes, got);
	if (tcsetattr(STDIN_FILENO, 99, &usual) == 0 || tcflush(STDIN_FILENO, TCIFLUSH) != 0 ||
	    tcflush(STDIN_FILENO, 77) == 0)
		return 6;
	return 0;
}
