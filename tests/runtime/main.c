/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the contract of every function that the Runtime ABI's headers declare, in their order, then
 * the scenarios; says which function has none. Arguments: only those whose name holds one.
 */
#include <sys/auxv.h>
#include <twizzler/error.h>

#include "contract.h"

extern const struct contract __start_contracts[], __stop_contracts[];
extern const struct contract __start_scenarios[], __stop_scenarios[];
extern const struct contract __start_extras[], __stop_extras[];
extern const struct contract __start_children[], __stop_children[];

/* From the headers, by contracts.py. */
static const struct declared {
	const char *name, *header;
	bool returns_result;
} declared[] = {
#define TWZ_RT_FUNCTION(name, header, returns_result) {#name, header, returns_result},
#include "functions.inc"
#undef TWZ_RT_FUNCTION
};
#define DECLARED (sizeof(declared) / sizeof(declared[0]))

const char *self_path;
int child_argc;
char **child_argv;

static uint32_t checks, failures, errors_shown, never_fails;
static uint32_t total_checks, failed_contracts;

static void count(uint32_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

void say(const char *text)
{
	twz_rt_fd_write(1, text, strlen(text), TWZ_IO_AT_POSITION);
}

char *text_of(uint64_t number, char buffer[24])
{
	char *at = buffer + 23;
	*at = 0;
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	return memmove(buffer, at, strlen(at) + 1);
}

uint64_t number_of(const char *text)
{
	uint64_t number = 0;
	while (*text >= '0' && *text <= '9')
		number = number * 10 + (uint64_t)(*text++ - '0');
	return number;
}

void say_number(int64_t number)
{
	char buffer[24];
	if (number < 0)
		say("-");
	say(text_of(number < 0 ? 0 - (uint64_t)number : (uint64_t)number, buffer));
}

static void say_result(twz_result result)
{
	const char *name = twz_error_name(result);
	if (name != NULL || result == 0)
		say(name != NULL ? name : "OK");
	else
		say_number(result);
}

static void failed(const char *file, int line, const char *text)
{
	count(&failures);
	say(file);
	say(":");
	say_number(line);
	say(": ");
	say(text);
}

void check_true(bool value, const char *file, int line, const char *text)
{
	count(&checks);
	if (!value) {
		failed(file, line, text);
		say(": false\n");
	}
}

bool check_result(twz_result got, twz_result wanted, const char *file, int line, const char *text)
{
	count(&checks);
	if (wanted < 0)
		count(&errors_shown);
	if (got == wanted)
		return true;
	failed(file, line, text);
	say(": ");
	say_result(got);
	say(", not ");
	say_result(wanted);
	say("\n");
	return false;
}

twz_result check_good(twz_result got, const char *file, int line, const char *text)
{
	count(&checks);
	if (got < 0) {
		failed(file, line, text);
		say(": ");
		say_result(got);
		say("\n");
	}
	return got;
}

void check_never_fails(void)
{
	never_fails = 1;
}

/* What is alive once ended threads and views have gone, a moment after their last word. */
static struct twz_system_info settle(void)
{
	struct twz_system_info last = {0}, info = {0};
	for (unsigned same = 0; same < 3;) {
		nap(2 * MS);
		twz_sys_system_info(&info);
		same = info.objects == last.objects && info.views == last.views &&
				       info.threads == last.threads
			       ? same + 1
			       : 0;
		last = info;
	}
	return last;
}

/* The lowest free descriptor. */
static twz_result free_descriptor(void)
{
	twz_result fd = twz_rt_fd_dup(0, 0, 0);
	if (fd >= 0)
		twz_rt_fd_close((int)fd);
	return fd;
}

/*
 * Runs the test again and sees that no descriptor, object, view or thread is lost. What the runtime
 * keeps (directories it went through) differs from run to run: only what every one of three runs
 * loses counts.
 */
static void leak_check(const struct contract *contract)
{
	struct twz_system_info before, after_ = settle();
	twz_result fd = free_descriptor();
	for (unsigned run = 0; run < 3; run++) {
		before = after_;
		contract->run();
		after_ = settle();
		if (after_.objects <= before.objects && after_.views <= before.views &&
		    after_.threads <= before.threads && free_descriptor() == fd)
			return;
	}
	count(&failures);
	say("LEAK: objects ");
	say_number((int64_t)(after_.objects - before.objects));
	say(", views ");
	say_number((int64_t)(after_.views - before.views));
	say(", threads ");
	say_number((int64_t)(after_.threads - before.threads));
	say(", descriptors ");
	say_number(free_descriptor() - fd);
	say("\n");
}

static void run(const struct contract *contract, bool must_fail)
{
	checks = failures = errors_shown = never_fails = 0;
	enter_tmp();
	contract->run();
	if (checks == 0) {
		count(&failures);
		say("it has checked nothing\n");
	}
	if (must_fail && errors_shown == 0 && !never_fails) {
		count(&failures);
		say("it has shown no error, nor said NEVER_FAILS()\n");
	}
	if (failures == 0)
		leak_check(contract);
	total_checks += checks;
	failed_contracts += failures != 0;
	say(failures != 0 ? "not ok " : "ok ");
	say(contract->name);
	say("\n");
}

static bool chosen(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strstr(name, argv[i]) != NULL)
			return true;
	}
	return argc < 2;
}

static const struct contract *find(const struct contract *from, const struct contract *to,
				   const char *name)
{
	while (from < to && strcmp(from->name, name) != 0)
		from++;
	return from < to ? from : NULL;
}

static int run_child(int argc, char **argv)
{
	const struct contract *child = find(__start_children, __stop_children, argv[2]);
	if (child == NULL) {
		say("no child of this name\n");
		return 120;
	}
	child_argc = argc - 3;
	child_argv = argv + 3;
	child->run();
	return failures != 0 ? 121 : 0;
}

static void finish(unsigned contracts)
{
	say("runtime: ");
	say(is_reference() ? "reference, " : "minimal, ");
	say_number(contracts);
	say(" contracts, ");
	say_number(total_checks);
	say(" checks, ");
	say_number(failed_contracts);
	say(" failed\n");
}

int main(int argc, char **argv)
{
	unsigned contracts = 0;
	self_path = (const char *)getauxval(AT_EXECFN); /* argv[0] is the host's name for it */
	if (argc > 2 && strcmp(argv[1], "child") == 0)
		return run_child(argc, argv);
	for (size_t i = 0; i < DECLARED; i++) {
		const struct contract *contract =
			find(__start_contracts, __stop_contracts, declared[i].name);
		if (!chosen(declared[i].name, argc, argv))
			continue;
		contracts++;
		if (contract == NULL) {
			failed_contracts++;
			say("not ok ");
			say(declared[i].name);
			say(" of ");
			say(declared[i].header);
			say(" has no contract test: write CONTRACT(");
			say(declared[i].name);
			say(") in tests/runtime\n");
			continue;
		}
		run(contract, declared[i].returns_result);
	}
	for (const struct contract *scenario = __start_scenarios; scenario < __stop_scenarios;
	     scenario++) {
		if (chosen(scenario->name, argc, argv))
			run(scenario, false);
	}
	const struct contract *extra =
		argc == 2 ? find(__start_extras, __stop_extras, argv[1]) : NULL;
	if (extra != NULL)
		run(extra, false);
	finish(contracts);
	return failed_contracts != 0;
}
