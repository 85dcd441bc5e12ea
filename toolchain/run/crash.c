/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names the callers of the thread that ended a program. The guest has sent its registers, the
 * nearest part of its stack and the first bytes of each image that stood in its view; the images'
 * files are here, with the rules by which a frame leads to its caller's. A stack may hold anything:
 * each step goes up, only into known images, and there is an end to their number.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <libgen.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <twizzler/object.h>

#include "image.h"

#define CALLERS 64

/* An image of the program, and its file. */
struct loaded {
	struct image image;
	char *path;
	uint64_t bias; /* added to the file's own addresses; 0 for a fixed one */
	bool main;     /* the program itself: its name need not be told */
};

struct crash {
	const struct twz_crash *head;
	const struct twz_crash_image *images;
	struct stack_part stack;
	bool known[TWZ_CRASH_IMAGES]; /* its file has been found */
	struct loaded loaded[TWZ_CRASH_IMAGES + 1];
	size_t count;
};

/* One function that was running. */
struct place {
	const struct loaded *in; /* NULL: no image is known there */
	uint64_t address;	 /* where it was, or where a call returns to */
	uint64_t look_at;	 /* the file's own address of that instruction or of the call */
	struct strings sources;	 /* innermost first: functions that were inlined */
};

bool crash_is_whole(const void *bytes, size_t size)
{
	struct twz_crash head;

	if (size < sizeof(head))
		return false;
	memcpy(&head, bytes, sizeof(head));
	return head.image_count <= TWZ_CRASH_IMAGES && head.stack_length <= TWZ_CRASH_STACK &&
	       size == sizeof(head) + head.image_count * sizeof(struct twz_crash_image) +
			       head.stack_length;
}

/* ---- files ---- */

static void keep(struct crash *crash, const struct image *image, const char *path, uint64_t bias,
		 bool main)
{
	crash->loaded[crash->count++] = (struct loaded){
		.image = *image, .path = format_string("%s", path), .bias = bias, .main = main};
}

/*
 * Whether an image's first bytes are the file's: ELF header and program headers, but for what says
 * where section headers are, which differs where one of them was stripped.
 */
static bool is_file(const struct twz_crash_image *known, const struct image *file)
{
	const Elf64_Ehdr *header = file->header;
	const uint8_t *bytes = known->header;
	size_t start = header->e_phoff, size = header->e_phnum * sizeof(Elf64_Phdr);

	if (start > sizeof(known->header))
		start = sizeof(known->header);
	if (size > sizeof(known->header) - start)
		size = sizeof(known->header) - start;
	return memcmp(bytes, header, offsetof(Elf64_Ehdr, e_shoff)) == 0 &&
	       memcmp(bytes + offsetof(Elf64_Ehdr, e_ehsize), &header->e_ehsize,
		      offsetof(Elf64_Ehdr, e_shentsize) - offsetof(Elf64_Ehdr, e_ehsize)) == 0 &&
	       memcmp(bytes + start, file->bytes + start, size) == 0;
}

/* Keeps the file where it stands in the view. A unikernel's kernel tells no images: it is the
 * program itself. */
static void match(struct crash *crash, const char *path, bool main, struct strings *names)
{
	struct image image;

	if (!image_open(&image, path))
		return;
	image_needed(&image, names);
	bool fixed = image.header->e_type == ET_EXEC;
	for (size_t i = 0; i < crash->head->image_count; i++)
		if (!crash->known[i] && is_file(&crash->images[i], &image)) {
			crash->known[i] = true;
			keep(crash, &image, path, fixed ? 0 : crash->images[i].base, main);
			return;
		}
	if (main && fixed && crash->head->image_count == 0)
		keep(crash, &image, path, 0, true);
	else
		image_close(&image);
}

static bool all_known(const struct crash *crash)
{
	for (size_t i = 0; i < crash->head->image_count; i++)
		if (!crash->known[i])
			return false;
	return true;
}

/* Whatever was opened by dlopen, or ran in the program's place: any file of a folder may be it. */
static void match_folder(struct crash *crash, const char *folder, struct strings *names)
{
	DIR *files = opendir(folder);
	struct dirent *entry;

	while (files != NULL && !all_known(crash) && (entry = readdir(files)) != NULL) {
		char *path = format_string("%s/%s", folder, entry->d_name);

		if (entry->d_type == DT_REG || entry->d_type == DT_LNK)
			match(crash, path, false, names);
		free(path);
	}
	if (files != NULL)
		closedir(files);
}

static void find_images(struct crash *crash, const struct job *job)
{
	struct strings names = {0};
	struct strings folders = {0};

	if (job->host_path != NULL) {
		char *copy = format_string("%s", job->host_path);

		match(crash, job->host_path, true, &names);
		strings_add(&folders, dirname(copy));
		free(copy);
	}
	strings_add(&folders, ".");
	char *libraries = installed_file(NULL, "../x86_64-twizzler/lib");
	strings_add(&folders, libraries);
	free(libraries);
	/* What a dynamic program has without needing it by name. */
	strings_add(&names, "libtwz_rt.so");
	/* The list grows on the way: libraries need libraries. */
	for (size_t i = 0; i < names.count && !all_known(crash); i++)
		for (size_t j = 0; j < folders.count; j++) {
			char *path = format_string("%s/%s", folders.items[j], names.items[i]);

			if (access(path, R_OK) == 0)
				match(crash, path, false, &names);
			free(path);
		}
	for (size_t j = 0; j < folders.count && !all_known(crash); j++)
		match_folder(crash, folders.items[j], &names);
	strings_free(&names);
	strings_free(&folders);
}

/* ---- frames ---- */

/* DWARF's numbers, in their order. */
static void fill_frame(struct frame *frame, const struct twz_registers *r)
{
	const uint64_t registers[FRAME_REGISTERS] = {
		r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8,
		r->r9,	r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip,
	};

	memcpy(frame->registers, registers, sizeof(registers));
	frame->interrupted = true;
}

static const struct loaded *image_of(const struct crash *crash, uint64_t address)
{
	uint64_t length;

	for (size_t i = 0; i < crash->count; i++) {
		const struct loaded *loaded = &crash->loaded[i];

		if (address >= loaded->bias &&
		    image_at(&loaded->image, address - loaded->bias, &length) != NULL)
			return loaded;
	}
	return NULL;
}

/*
 * The innermost function without a rule: one in assembler that has moved nothing, or a jump to
 * where nothing is. Its return address is on top of the stack, if a call stands before that.
 */
static bool step_from_leaf(const struct crash *crash, struct frame *frame)
{
	uint64_t address;

	if (!stack_read(&crash->stack, frame->registers[FRAME_RSP], &address))
		return false;
	const struct loaded *loaded = image_of(crash, address - 1);
	if (loaded == NULL || !image_after_call(&loaded->image, address - loaded->bias))
		return false;
	frame->registers[FRAME_RIP] = address;
	frame->registers[FRAME_RSP] += 8;
	frame->interrupted = false;
	return true;
}

/* The places from the innermost on; returns how many. *more: there were others. */
static size_t walk(const struct crash *crash, struct place *places, bool *more)
{
	struct frame frame;
	size_t count = 0;

	fill_frame(&frame, &crash->head->registers);
	for (*more = false; !*more; *more = count == CALLERS) {
		uint64_t rip = frame.registers[FRAME_RIP];
		const struct loaded *in = image_of(crash, rip - (frame.interrupted ? 0 : 1));
		enum unwind_result result = UNWIND_NO_RULE;

		places[count] = (struct place){.in = in, .address = rip};
		if (in != NULL) {
			places[count].look_at = rip - in->bias - (frame.interrupted ? 0 : 1);
			result = unwind_step(&in->image, in->bias, &crash->stack, &frame);
		}
		count++;
		if (result == UNWIND_NO_RULE && count == 1 && step_from_leaf(crash, &frame))
			continue;
		if (result != UNWIND_DONE)
			break;
	}
	return count;
}

/* ---- names ---- */

/* One question for each image that functions are in. */
static void name_places(struct crash *crash, struct place *places, size_t count)
{
	for (size_t i = 0; i < crash->count; i++) {
		uint64_t addresses[CALLERS];
		struct strings sources[CALLERS] = {0};
		size_t asked = 0;

		for (size_t j = 0; j < count; j++)
			if (places[j].in == &crash->loaded[i])
				addresses[asked++] = places[j].look_at;
		if (asked > 0)
			sources_of_addresses(crash->loaded[i].path, addresses, asked, sources);
		asked = 0;
		for (size_t j = 0; j < count; j++)
			if (places[j].in == &crash->loaded[i])
				places[j].sources = sources[asked++];
	}
}

/* Whether a place's text is of main, under which only the start of the program lies. */
static bool is_main(const struct place *place)
{
	return place->sources.count > 0 &&
	       strncmp(place->sources.items[place->sources.count - 1], "main at ", 8) == 0;
}

static void print_places(FILE *to, const struct place *places, size_t count, bool more)
{
	unsigned number = 0;

	for (size_t i = 0; i < count; i++) {
		const struct place *place = &places[i];
		const char *name = place->in != NULL ? strrchr(place->in->path, '/') : NULL;
		char *image = NULL;

		if (place->in != NULL && !place->in->main)
			image = format_string(" (%s)", name != NULL ? name + 1 : place->in->path);
		for (size_t j = 0; j < place->sources.count; j++)
			fprintf(to, "  #%u %s%s\n", number++, place->sources.items[j],
				image != NULL ? image : "");
		if (place->sources.count == 0)
			fprintf(to, "  #%u 0x%llx%s\n", number++,
				(unsigned long long)place->address,
				place->in == NULL ? " (in no known image)"
				: image != NULL	  ? image
						  : "");
		free(image);
		if (is_main(place))
			return;
	}
	if (more)
		fputs("  (and more callers)\n", to);
}

/* The thread's name is the program's own text. */
static void print_thread(FILE *to, const struct twz_crash *head)
{
	fprintf(to, "  thread %u", head->thread);
	if (head->name[0] != '\0')
		fputs(" \"", to);
	for (size_t i = 0; i < sizeof(head->name) && head->name[i] != '\0'; i++)
		fputc(head->name[i] >= ' ' && head->name[i] < 0x7f ? head->name[i] : '?', to);
	fputs(head->name[0] != '\0' ? "\"\n" : "\n", to);
}

void crash_print(FILE *to, const struct job *job, const void *bytes, size_t size)
{
	struct place places[CALLERS] = {0};
	bool more;

	if (!crash_is_whole(bytes, size))
		return;
	/* It comes at any address; the parts are read as what they are. */
	void *copy = malloc(size);
	struct crash *crash = calloc(1, sizeof(*crash));
	if (copy == NULL || crash == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	memcpy(copy, bytes, size);
	crash->head = copy;
	crash->images = (const struct twz_crash_image *)(crash->head + 1);
	crash->stack = (struct stack_part){
		.address = crash->head->stack,
		.length = crash->head->stack_length,
		.bytes = (const uint8_t *)(crash->images + crash->head->image_count),
	};
	find_images(crash, job);
	size_t count = walk(crash, places, &more);
	name_places(crash, places, count);
	print_thread(to, crash->head);
	print_places(to, places, count, more);
	for (size_t i = 0; i < count; i++)
		strings_free(&places[i].sources);
	for (size_t i = 0; i < crash->count; i++) {
		image_close(&crash->loaded[i].image);
		free(crash->loaded[i].path);
	}
	free(crash);
	free(copy);
}
