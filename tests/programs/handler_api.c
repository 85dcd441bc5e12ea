/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handler calls, with images from the host's directory: register, emit, version changes,
 * rollback, remove, and refusals, down to every truncation and some hundred flipped bits.
 */
/* shapes: static */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twizzler/handler_image.h>
#include <twizzler/rt/object.h>
#include <twz/sys.h>

static int checks;

#define EXPECT(condition) expect(condition, #condition, __LINE__)

static void expect(int good, const char *what, int line)
{
	checks++;
	if (good)
		return;
	printf("line %d: expected %s\n", line, what);
	exit(1);
}

struct image {
	uint8_t *bytes;
	size_t size;
};

static struct image load(const char *path)
{
	struct image image = {malloc(1 << 20), 0};
	FILE *file = fopen(path, "rb");

	EXPECT(file != NULL);
	image.size = fread(image.bytes, 1, 1 << 20, file);
	fclose(file);
	EXPECT(image.size > sizeof(struct twz_handler_image));
	return image;
}

static struct twz_rt_object make(uint32_t flags, uint32_t kind)
{
	const struct twz_object_spec spec = {.flags = flags, .kind = kind};
	struct twz_rt_object object;
	struct twz_id id;

	EXPECT(twz_rt_object_create(&spec, &id) >= 0);
	EXPECT(twz_rt_object_map(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) >= 0);
	return object;
}

static struct twz_rt_object output;

static twz_result register_as(const struct image *image, uint64_t outputs)
{
	struct twz_rt_object object = make(TWZ_OBJECT_RAW, 0);
	const struct twz_handler_spec spec = {object.id, &output.id, outputs};
	twz_result result;

	memcpy(object.start, image->bytes, image->size);
	result = twz_sys_handler_register(&spec);
	EXPECT(twz_rt_object_cmd(object.id, TWZ_OBJECT_DELETE, 0) >= 0);
	EXPECT(twz_rt_object_release(&object) >= 0);
	return result;
}

/* The same from a file object, whose size says where the image ends. */
static twz_result register_file(const struct image *image)
{
	struct twz_rt_object object = make(0, TWZ_KIND_FILE);
	const struct twz_handler_spec spec = {object.id, &output.id, 1};
	twz_result result;

	memcpy(object.start + TWZ_BASE_OFFSET, image->bytes, image->size);
	((struct twz_object_meta *)(object.start + TWZ_META_OFFSET))->size = image->size;
	result = twz_sys_handler_register(&spec);
	EXPECT(twz_rt_object_cmd(object.id, TWZ_OBJECT_DELETE, 0) >= 0);
	EXPECT(twz_rt_object_release(&object) >= 0);
	return result;
}

static twz_result emit(const char *event, const char *data)
{
	return twz_sys_handler_emit(event, strlen(event), data, strlen(data));
}

static const struct twz_object_meta *output_meta(void)
{
	return (const void *)(output.start + TWZ_META_OFFSET);
}

/* What the output holds since the last call. */
static int appended(const char *text)
{
	static uint64_t seen;
	uint64_t size = output_meta()->size, length = size - seen;
	int same = length == strlen(text) &&
		   !memcmp(output.start + TWZ_BASE_OFFSET + seen, text, length);

	if (!same)
		printf("appended: '%.*s'\n", (int)length,
		       (char *)output.start + TWZ_BASE_OFFSET + seen);
	seen = size;
	return same;
}

static struct twz_handler_stat stat_of(const char *name)
{
	struct twz_handler_stat stat;

	for (uint64_t i = 0; twz_sys_handler_stat(i, &stat) >= 0; i++)
		if (!strcmp(stat.name, name))
			return stat;
	memset(&stat, 0, sizeof(stat));
	return stat;
}

static void runs(const struct image *one)
{
	EXPECT(emit("sum.add", "5") == 0);			  /* nobody there */
	EXPECT(register_as(one, 0) == -TWZ_ERR_INVALID_ARGUMENT); /* its output is missing */
	EXPECT(register_as(one, 1) == 0);
	EXPECT(emit("sum.add", "5") == 1);
	EXPECT(appended("1.0: 105 after 1, event 1\n"));
	EXPECT(emit("sum.spoil", "") == 0);
	EXPECT(stat_of("sum").last_error == TWZ_ERR_INTERRUPTED);
	EXPECT(emit("sum.wild", "") == 0);
	EXPECT(stat_of("sum").last_error == TWZ_ERR_BAD_FORMAT);
	EXPECT(appended(""));
	EXPECT(emit("sum.add", "7") == 1);
	EXPECT(appended("1.0: 112 after 2, event 2\n"));
	struct twz_handler_stat stat = stat_of("sum");
	EXPECT(stat.events == 4 && stat.committed == 2 && stat.discarded == 2 &&
	       stat.sequence == 2);
	EXPECT(!strcmp(stat.version, "1.0") && stat.budget_ms == 200 && stat.memory_kb == 64);
	EXPECT(output_meta()->mtime > 0);
}

static void versions(const struct image *one, const struct image *two, const struct image *more)
{
	EXPECT(twz_sys_handler_rollback("sum", 3) == -TWZ_ERR_NOT_SUPPORTED);
	EXPECT(register_as(one, 1) == 0); /* the same again: the snapshot stays */
	EXPECT(emit("sum.add", "1") == 1);
	EXPECT(appended("1.0: 113 after 3, event 3\n"));
	EXPECT(register_as(more, 1) == -TWZ_ERR_EXISTS); /* other globals under the same version */
	EXPECT(register_as(two, 1) == 0);		 /* another version: reset */
	EXPECT(emit("sum.add", "1") == 1);
	EXPECT(appended("2.0: 101 after 1, event 1\n"));
	EXPECT(stat_of("sum").flags & TWZ_HANDLER_STAT_PREVIOUS);
	EXPECT(twz_sys_handler_rollback("sum", 3) == 0);
	EXPECT(emit("sum.add", "1") == 1);
	EXPECT(appended("1.0: 114 after 4, event 4\n"));
	EXPECT(twz_sys_handler_rollback("sum", 3) == 0); /* and back */
	EXPECT(emit("sum.add", "1") == 1);
	EXPECT(appended("2.0: 102 after 2, event 2\n"));
	EXPECT(twz_sys_handler_remove("sum", 3) == 0);
	EXPECT(twz_sys_handler_remove("sum", 3) == -TWZ_ERR_NOT_FOUND);
	EXPECT(twz_sys_handler_rollback("sum", 3) == -TWZ_ERR_NOT_FOUND);
	EXPECT(emit("sum.add", "1") == 0);
}

static void arguments(const struct image *one)
{
	const struct twz_id none = {0, 0};
	struct twz_handler_spec spec = {none, &output.id, 1};
	struct twz_handler_stat stat;
	char long_name[100] = "";

	memset(long_name, 'a', sizeof(long_name) - 1);
	EXPECT(twz_sys_handler_register(NULL) == -TWZ_ERR_BAD_ADDRESS);
	EXPECT(twz_sys_handler_register(&spec) == -TWZ_ERR_NO_SUCH_OBJECT);
	EXPECT(twz_sys_handler_emit(NULL, 4, NULL, 0) == -TWZ_ERR_BAD_ADDRESS);
	EXPECT(twz_sys_handler_emit("x", 1, NULL, 8) == -TWZ_ERR_BAD_ADDRESS);
	EXPECT(twz_sys_handler_emit("x", 1, "", ~0ull) == -TWZ_ERR_INVALID_ARGUMENT);
	EXPECT(emit(long_name, "") == -TWZ_ERR_NAME_TOO_LONG);
	EXPECT(twz_sys_handler_remove(long_name, 99) == -TWZ_ERR_NAME_TOO_LONG);
	EXPECT(twz_sys_handler_stat(~0ull, &stat) == -TWZ_ERR_NOT_FOUND);
	EXPECT(twz_sys_handler_stat(0, NULL) == -TWZ_ERR_NOT_FOUND);	   /* there is none */
	EXPECT(twz_sys_handler_return(NULL, 0) == -TWZ_ERR_ACCESS_DENIED); /* not a handler's run */
	EXPECT(register_as(one, 1) == 0);
	EXPECT(twz_sys_handler_stat(0, NULL) == -TWZ_ERR_BAD_ADDRESS);
	EXPECT(twz_sys_handler_remove("sum", 3) == 0);
}

/* Whatever is wrong with it, an image is refused or works; the kernel lives on. */
static void malformed(const struct image *one)
{
	struct image bad = {malloc(one->size), one->size};
	uint32_t random = 12345;

	memcpy(bad.bytes, one->bytes, one->size);
	bad.bytes[0] ^= 1;
	EXPECT(register_as(&bad, 1) == -TWZ_ERR_BAD_FORMAT);
	bad.bytes[0] ^= 1;
	((struct twz_handler_image *)bad.bytes)->format++;
	EXPECT(register_as(&bad, 1) == -TWZ_ERR_VERSION_MISMATCH);
	((struct twz_handler_image *)bad.bytes)->format--;
	((struct twz_handler_image *)bad.bytes)->abi.major++;
	EXPECT(register_as(&bad, 1) == -TWZ_ERR_VERSION_MISMATCH);
	((struct twz_handler_image *)bad.bytes)->abi.major--;
	bad.bytes[one->size - 1] ^= 1;
	EXPECT(register_as(&bad, 1) == -TWZ_ERR_CORRUPT);
	bad.bytes[one->size - 1] ^= 1;
	EXPECT(register_file(&bad) == 0);
	EXPECT(twz_sys_handler_remove("sum", 3) == 0);
	for (size_t size = 0; size < one->size; size += 512 + size % 7) {
		bad.size = size;
		EXPECT(register_file(&bad) == -TWZ_ERR_BAD_FORMAT);
	}
	bad.size = one->size;
	for (int round = 0; round < 300; round++) {
		memcpy(bad.bytes, one->bytes, one->size);
		random = random * 1664525 + 1013904223;
		bad.bytes[(random >> 8) % 512] ^= (uint8_t)(1u << (random >> 4) % 8);
		if (register_as(&bad, 1) >= 0)
			EXPECT(0); /* the checksum sees any one bit */
	}
	free(bad.bytes);
}

int main(int argc, char **argv)
{
	struct twz_system_info before, after;

	EXPECT(argc == 4);
	struct image one = load(argv[1]), two = load(argv[2]), more = load(argv[3]);
	output = make(0, TWZ_KIND_FILE);
	runs(&one);
	versions(&one, &two, &more);
	EXPECT(twz_sys_system_info(&before) == 0);
	arguments(&one);
	malformed(&one);
	EXPECT(twz_sys_system_info(&after) == 0);
	EXPECT(after.objects == before.objects && after.views == before.views);
	printf("handler_api: %d checks\n", checks);
	return 0;
}
