/* SPDX-License-Identifier: BSD-2-Clause */
/* twzstore: makes, shows, checks, mends and resizes object stores on the host. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <format.h>
#include <internal.h>
#include "twzstore.h"

static const char help[] =
	"usage: twzstore COMMAND FILE [arguments]\n\n"
	"  mkfs FILE [SIZE]           make a store in FILE, a new file of SIZE (64M) or one of "
	"zeros\n"
	"  ls [-l] FILE               the tree of names; -l: all objects by id\n"
	"  check [--orphans] FILE     read everything and compare it; changes nothing\n"
	"  repair [--orphans] FILE    take out what is damaged and say what is lost; with "
	"--orphans\n"
	"                             both tell of objects that nothing leads to, and repair "
	"deletes\n"
	"                             them\n"
	"  export [-r | -a] FILE OUT [ID | /NAME]...   objects to a new file OUT; -r: and those "
	"that\n"
	"                             their pointers lead to; -a: all of the store\n"
	"  import FILE IN [/NAME]     the objects of IN with their ids; the first gets the name\n"
	"  resize FILE SIZE           make FILE and its store larger or smaller\n\n"
	"SIZE is in bytes or ends in K, M, G or T. Exit status: 0 done, 1 something was wrong "
	"(check)\n"
	"or lost (repair), 2 usage, 3 refused: not a store, damaged, or it cannot be written.\n";

int complain(const char *format, ...)
{
	va_list arguments;

	fputs("twzstore: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_REFUSED;
}

static bool parse_size(const char *text, uint64_t *size)
{
	static const char suffixes[] = "KMGT";
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	const char *suffix = *end ? strchr(suffixes, *end & ~0x20) : NULL;
	unsigned shift = suffix ? ((unsigned)(suffix - suffixes) + 1) * 10 : 0;
	if (errno != 0 || end == text || *text == '-' || (*end && (!suffix || end[1])) ||
	    value == 0 || value > UINT64_MAX >> shift)
		return false;
	*size = (uint64_t)value << shift;
	return *size % TWZ_PAGE_SIZE == 0;
}

static int usage(const char *text)
{
	fprintf(stderr, "twzstore: %s; twzstore --help\n", text);
	return EXIT_USAGE;
}

static int mkfs(int count, char **words)
{
	uint64_t size = 64ull << 20;
	const char *message;
	struct image image;
	struct twz_id id;

	if (count < 1 || count > 2 || (count == 2 && !parse_size(words[1], &size)))
		return usage("mkfs FILE [SIZE], SIZE a multiple of 4096");
	int file = open(words[0], O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	bool new = file >= 0;
	if (!new &&errno != EEXIST)
		return complain("%s: %s", words[0], strerror(errno));
	if (!new &&count == 2)
		return complain("%s: exists; its size is not changed by mkfs", words[0]);
	if (new &&ftruncate(file, (off_t)size) != 0)
		return complain("%s: %s", words[0], strerror(errno));
	if (new)
		close(file);
	int code = image_open_file(&image, words[0], true);
	if (code != 0)
		return code;
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		return complain("no random bytes: %s", strerror(errno));
	if (store_open_medium(&image.store, &image.medium, id, &image_memory, &message) != TWZ_OK) {
		code = complain("%s: %s", words[0], message);
		if (new)
			unlink(words[0]);
		return code;
	}
	image.open = true;
	if (!image.store.made)
		code = complain("%s: holds a store already; remove it first", words[0]);
	return image_close(&image, code);
}

static twz_result print_object(void *context, struct store *store, uint64_t record)
{
	struct store_object object;
	twz_result result = store_describe(store, record, &object);

	(void)context;
	if (result != TWZ_OK)
		return result;
	print_id(object.id);
	printf(" kind %u protections %#x%s\n", object.kind, object.protections,
	       object.flags & TWZ_OBJECT_RAW ? " raw" : "");
	return TWZ_OK;
}

static int ls(int count, char **words)
{
	bool all = count > 0 && strcmp(words[0], "-l") == 0;
	struct image image;

	if (count != 1 + all)
		return usage("ls [-l] FILE");
	int code = image_open(&image, words[all], IMAGE_READ);
	if (code == 0 && !all)
		code = list_names(&image);
	if (code == 0 && all && store_visit(&image.store, print_object, NULL) != TWZ_OK)
		code = complain("%s: damaged; twzstore check tells where", words[all]);
	if (code == 0 && all)
		printf("%llu objects, %llu of %llu MiB free\n",
		       (unsigned long long)store_object_count(&image.store),
		       (unsigned long long)store_free_bytes(&image.store) >> 20,
		       (unsigned long long)image.store.blocks >> 8);
	return image_close(&image, code);
}

static void print_complaint(void *context, const struct store_object *object, uint64_t page,
			    const char *text)
{
	(void)context;
	if (object) {
		printf("object ");
		print_id(object->id);
		if (page != ~0ull)
			printf(" page %llu", (unsigned long long)page);
		printf(": ");
	}
	printf("%s\n", text);
}

/* Takes the option --orphans; the one word that is left is the file. NULL: usage. */
static const char *file_of(int count, char **words, bool *orphans)
{
	*orphans = count > 0 && strcmp(words[0], "--orphans") == 0;
	return count == 1 + *orphans ? words[*orphans] : NULL;
}

static int check(int count, char **words)
{
	uint64_t wrong = 0, lonely = 0;
	struct image image;
	bool orphans;
	const char *file = file_of(count, words, &orphans);

	if (!file)
		return usage("check [--orphans] FILE");
	int code = image_open(&image, file, IMAGE_READ);
	if (code != 0)
		return code;
	twz_result result = store_check_all(&image.store, print_complaint, NULL, &wrong);
	if (result != TWZ_OK)
		code = complain("%s: %s", file, twz_error_text(result));
	else if (wrong)
		code = EXIT_FOUND;
	if (code == 0 && orphans)
		code = find_orphans(&image, false, &lonely);
	printf("%s: %llu objects, %llu wrong", file,
	       (unsigned long long)store_object_count(&image.store), (unsigned long long)wrong);
	if (orphans)
		printf(", nothing leads to %llu", (unsigned long long)lonely);
	printf("\n");
	return image_close(&image, code == 0 && lonely ? EXIT_FOUND : code);
}

/* A damaged superblock from its copy. */
static int restore_superblock(const char *path)
{
	static uint8_t first[TWZ_PAGE_SIZE], second[TWZ_PAGE_SIZE];
	const struct store_superblock *main_copy = (void *)first, *backup = (void *)second;
	struct image image;
	int code = image_open_file(&image, path, true);

	if (code != 0)
		return code;
	crc32c_init();
	if (image.medium.size < STORE_MINIMUM * TWZ_PAGE_SIZE ||
	    image.medium.read(&image, STORE_SUPERBLOCK, 1, first) != TWZ_OK ||
	    image.medium.read(&image, STORE_BACKUP, 1, second) != TWZ_OK)
		return image_close(&image, complain("%s: cannot be read", path));
	bool right = main_copy->magic == STORE_MAGIC &&
		     main_copy->checksum == superblock_checksum(main_copy);
	if (!right && backup->magic == STORE_MAGIC && backup->version == STORE_VERSION &&
	    backup->checksum == superblock_checksum(backup)) {
		printf("the superblock is taken from its copy\n");
		if (image.medium.write(&image, STORE_SUPERBLOCK, 1, second) != TWZ_OK ||
		    image.medium.flush(&image) != TWZ_OK)
			code = complain("%s: cannot be written", path);
	}
	return image_close(&image, code);
}

static int repair(int count, char **words)
{
	uint64_t lost = 0, lonely = 0;
	struct image image;
	bool orphans;
	const char *file = file_of(count, words, &orphans);

	if (!file)
		return usage("repair [--orphans] FILE");
	int code = restore_superblock(file);
	if (code == 0)
		code = image_open(&image, file, IMAGE_REPAIR);
	if (code != 0)
		return code;
	twz_result result = store_repair(&image.store, print_complaint, NULL, &lost);
	if (result != TWZ_OK)
		code = complain("%s: %s", file, twz_error_text(result));
	else if (lost)
		code = EXIT_FOUND;
	/* what a lost directory led to is not to go with it unseen */
	if (lost && orphans)
		printf("something was lost: see twzstore check --orphans, then repair --orphans "
		       "once more\n");
	else if (result == TWZ_OK && orphans && find_orphans(&image, true, &lonely) != 0)
		code = EXIT_REFUSED;
	printf("%s: %llu lost", file, (unsigned long long)lost);
	if (orphans)
		printf(", %llu deleted that nothing led to", (unsigned long long)lonely);
	printf("\n");
	return image_close(&image, code);
}

static int export_command(int count, char **words)
{
	bool references = count > 0 && strcmp(words[0], "-r") == 0;
	bool all = count > 0 && strcmp(words[0], "-a") == 0;
	int first = references || all;
	struct image image;

	if (count - first < 2 || (all ? count - first != 2 : count - first < 3))
		return usage("export [-r | -a] FILE OUT [ID | /NAME]...");
	int code = image_open(&image, words[first], IMAGE_READ);
	if (code == 0)
		code = export_objects(&image, words[first + 1], words + first + 2,
				      count - first - 2, references, all);
	return image_close(&image, code);
}

static int import_command(int count, char **words)
{
	struct image image;

	if (count < 2 || count > 3)
		return usage("import FILE IN [/NAME]");
	int code = image_open(&image, words[0], IMAGE_WRITE);
	if (code == 0)
		code = import_objects(&image, words[1], count == 3 ? words[2] : NULL);
	return image_close(&image, code);
}

static int resize(int count, char **words)
{
	uint64_t size;
	struct image image;

	if (count != 2 || !parse_size(words[1], &size))
		return usage("resize FILE SIZE, SIZE a multiple of 4096");
	int code = image_open(&image, words[0], IMAGE_WRITE);
	if (code != 0)
		return image_close(&image, code);
	if (size > image.medium.size && ftruncate(image.file, (off_t)size) != 0)
		return image_close(&image, complain("%s: %s", words[0], strerror(errno)));
	if (size > image.medium.size)
		image.store.medium.size = size;
	image.open = false;
	twz_result result = store_resize(&image.store, size / TWZ_PAGE_SIZE);
	if (result == -TWZ_ERR_NO_SPACE)
		code = complain("%s: its end is in use or %s is too small; export to a new store",
				words[0], words[1]);
	else if (result != TWZ_OK)
		code = complain("%s: %s", words[0], twz_error_text(result));
	else if (size < image.medium.size && ftruncate(image.file, (off_t)size) != 0)
		code = complain("%s: %s", words[0], strerror(errno));
	return image_close(&image, code);
}

static const struct {
	const char *name;
	int (*run)(int count, char **words);
} commands[] = {
	{"mkfs", mkfs},
	{"ls", ls},
	{"check", check},
	{"repair", repair},
	{"resize", resize},
	{"export", export_command},
	{"import", import_command},
};

int main(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		fputs(help, stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 2, argv + 2);
	return usage(argc < 2 ? "which command?" : "no such command");
}
