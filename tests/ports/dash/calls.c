/* SPDX-License-Identifier: BSD-2-Clause */
/* system and popen: status, output, input, several at once, and what they leave of descriptors. */
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int exit_of(const char *command)
{
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_system(void)
{
	CHECK(system(NULL) != 0);
	CHECK(exit_of("exit 3") == 3);
	CHECK(exit_of("true") == 0);
	CHECK(exit_of("no-such-command 2>/dev/null") == 127);
	CHECK(exit_of("[ \"$FROM_PARENT\" = yes ]") == 1);
	setenv("FROM_PARENT", "yes", 1);
	CHECK(exit_of("[ \"$FROM_PARENT\" = yes ]") == 0);
	int status = system("kill -KILL $$");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	CHECK(exit_of("echo from the shell >/tmp/calls-system") == 0);
	char text[32] = {0};
	int fd = open("/tmp/calls-system", O_RDONLY);
	CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) == 15);
	CHECK(strcmp(text, "from the shell\n") == 0);
	close(fd);
	unlink("/tmp/calls-system");
}

static void check_popen(void)
{
	char line[64];
	FILE *one = popen("echo first; echo second; exit 4", "r");
	FILE *two = popen("while read -r l; do echo \"<$l>\"; done >/tmp/calls-popen", "w");
	CHECK(one != NULL && two != NULL);
	if (one == NULL || two == NULL)
		return;
	CHECK(fgets(line, sizeof(line), one) != NULL && strcmp(line, "first\n") == 0);
	CHECK(fputs("a\nb\n", two) >= 0);
	CHECK(fgets(line, sizeof(line), one) != NULL && strcmp(line, "second\n") == 0);
	CHECK(fgets(line, sizeof(line), one) == NULL);
	int status = pclose(one);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 4);
	CHECK(pclose(two) == 0);
	FILE *file = fopen("/tmp/calls-popen", "r");
	CHECK(file != NULL && fread(line, 1, sizeof(line), file) == 8);
	CHECK(memcmp(line, "<a>\n<b>\n", 8) == 0);
	if (file != NULL)
		fclose(file);
	unlink("/tmp/calls-popen");
	errno = 0;
	CHECK(popen("true", "x") == NULL && errno == EINVAL);
}

int main(void)
{
	int before = dup(0), after;

	close(before);
	check_system();
	check_popen();
	after = dup(0);
	CHECK(before == after);
	return check_result("calls");
}
