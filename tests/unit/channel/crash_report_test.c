/* SPDX-License-Identifier: BSD-2-Clause */
/* Crash reports: this program's own callers are found, and nothing breaks whatever a stack or an
 * ELF file holds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <unistd.h>
#include "../test.h"
#include "image.h"

#define ROUNDS 1500
#define STACK  32768
#define APART  __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

/* No toolchain: addresses stay without names. */
char *installed_file(const char *variable, const char *relative)
{
	(void)variable;
	return format_string("/nonexistent/%s", relative);
}

static char self[4096];
static uint8_t *file;
static size_t file_size;
static uint64_t base;

static int find_base(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	base = info->dlpi_addr;
	return 1; /* the first is the program */
}

static void read_self(void)
{
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct stat status;
	int fd;

	EXPECT(length > 0);
	fd = open(self, O_RDONLY);
	EXPECT(fd >= 0 && fstat(fd, &status) == 0);
	file_size = (size_t)status.st_size;
	file = malloc(file_size);
	EXPECT(file != NULL && read(fd, file, file_size) == (ssize_t)file_size);
	close(fd);
	dl_iterate_phdr(find_base, NULL);
}

/* A crash of one image with this stack; *size as it is sent. malloc'ed to the byte. */
static void *make_crash(const struct twz_crash *head, const uint8_t *image, const void *stack,
			size_t *size)
{
	struct twz_crash_image known = {.base = base};
	uint8_t *bytes;

	memcpy(known.header, image, sizeof(known.header));
	*size = sizeof(*head) + sizeof(known) + head->stack_length;
	bytes = malloc(*size);
	EXPECT(bytes != NULL);
	memcpy(bytes, head, sizeof(*head));
	memcpy(bytes + sizeof(*head), &known, sizeof(known));
	memcpy(bytes + sizeof(*head) + sizeof(known), stack, head->stack_length);
	return bytes;
}

static char *report(const char *path, const void *crash, size_t size)
{
	const struct job job = {.host_path = (char *)path};
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	crash_print(to, &job, crash, size);
	fclose(to);
	return text;
}

/* ---- callers that are known ---- */

static uint64_t returns[3];
static char *told;

/* The registers and the stack as they are here, told as if this were the end. */
APART __attribute__((no_sanitize("address"))) static int innermost(int x)
{
	ucontext_t here;
	size_t size;

	returns[0] = (uint64_t)__builtin_return_address(0);
	getcontext(&here);
	const greg_t *r = here.uc_mcontext.gregs;
	struct twz_crash head = {
		.thread = 7,
		.image_count = 1,
		.name = "tested",
		.stack = (uint64_t)r[REG_RSP],
		.stack_length = 4096,
		.registers = {.rbx = (uint64_t)r[REG_RBX],
			      .rbp = (uint64_t)r[REG_RBP],
			      .rsp = (uint64_t)r[REG_RSP],
			      .rip = (uint64_t)r[REG_RIP],
			      .r12 = (uint64_t)r[REG_R12],
			      .r13 = (uint64_t)r[REG_R13],
			      .r14 = (uint64_t)r[REG_R14],
			      .r15 = (uint64_t)r[REG_R15]},
	};
	static uint8_t stack[4096];
	for (size_t i = 0; i < sizeof(stack); i++)
		stack[i] = ((const volatile uint8_t *)head.stack)[i];
	void *crash = make_crash(&head, file, stack, &size);
	told = report(self, crash, size);
	free(crash);
	return x + 1;
}

APART static int between(int x)
{
	volatile char room[300];

	room[x] = (char)x;
	returns[1] = (uint64_t)__builtin_return_address(0);
	return innermost(x) + room[x];
}

APART static int outermost(int x)
{
	returns[2] = (uint64_t)__builtin_return_address(0);
	return between(x) + 1;
}

static void known(void)
{
	char line[64];
	const char *at;

	EXPECT(outermost(3) != 0);
	EXPECT(strstr(told, "  thread 7 \"tested\"\n") == told);
	for (int i = 0; i < 3; i++) {
		snprintf(line, sizeof(line), "  #%d 0x%llx\n", i + 1,
			 (unsigned long long)returns[i]);
		at = strstr(told, line);
		if (at == NULL)
			fprintf(stderr, "no '%s' in\n%s", line, told);
		EXPECT(at != NULL);
	}
	free(told);
}

/* ---- whatever comes ---- */

static void scatter(uint8_t *bytes, size_t from, size_t size, unsigned count, uint64_t *seed)
{
	while (count--)
		bytes[from + test_random(seed) % size] = (uint8_t)test_random(seed);
}

static void hostile(void)
{
	uint64_t seed = 20261121, offset = 0, length = 1, address;
	static uint64_t stack[STACK / 8];
	uint8_t *bad = malloc(file_size);
	struct image image;
	char path[] = "/tmp/crash-report-XXXXXX";
	int fd = mkstemp(path);

	EXPECT(bad != NULL && fd >= 0 && image_open(&image, self));
	const uint8_t *rules = image_section(&image, ".eh_frame", &length, &address);
	EXPECT(rules != NULL);
	offset = (uint64_t)(rules - image.bytes);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct twz_crash head = {.image_count = 1};
		size_t size;

		memcpy(bad, file, file_size);
		if (i % 2)
			scatter(bad, offset, length, 100, &seed);
		if (i % 7 == 3)
			scatter(bad, 0, 1024, 6, &seed);
		if (i % 7 == 5)
			scatter(bad, file_size - 4096, 4096, 200, &seed); /* section headers */
		EXPECT(ftruncate(fd, 0) == 0 &&
		       pwrite(fd, bad, i % 11 == 5 ? test_random(&seed) % file_size : file_size,
			      0) >= 0);
		memset(head.name, 'x', sizeof(head.name));
		head.stack = i % 5 == 4 ? ~0ull - test_random(&seed) % STACK : 0x7fff0000;
		head.stack_length = test_random(&seed) % STACK;
		head.registers.rip = base + test_random(&seed) % file_size;
		head.registers.rsp = head.stack;
		head.registers.rbp = head.stack + test_random(&seed) % 4096;
		for (size_t k = 0; k < STACK / 8; k++)
			stack[k] = test_random(&seed) % 3 ? base + test_random(&seed) % file_size
							  : head.stack + test_random(&seed) % STACK;
		void *crash = make_crash(&head, bad, stack, &size);
		/* not whole: nothing is told */
		char *text = report(path, crash, i % 13 == 0 ? size - 1 : size);
		EXPECT((i % 13 == 0) == (*text == '\0'));
		unsigned lines = 0;
		for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
			lines++;
		EXPECT(lines <= 66);
		free(text);
		free(crash);
	}
	image_close(&image);
	close(fd);
	unlink(path);
	free(bad);
}

int main(void)
{
	static const struct test tests[] = {
		{known, "the callers of a function that is known"},
		{hostile, "hostile stacks and files"},
	};

	read_self();
	int result = RUN_TESTS(tests);
	free(file);
	return result;
}
