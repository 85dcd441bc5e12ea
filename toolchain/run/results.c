/* SPDX-License-Identifier: BSD-2-Clause */
/* The results of a batch: tab-separated, a line a program, with every odd byte escaped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"

static const char head[] = "#index\tprogram\tverdict\tstatus\tcode\tmicroseconds\tout_bytes\t"
			   "err_bytes\tout\terr\n";

bool results_open(struct results *results, const char *path, const char *directory)
{
	*results = (struct results){.stream = stdout, .directory = directory};
	if (directory != NULL && mkdir(directory, 0777) != 0 && errno != EEXIST) {
		complain("--output %s: %s", directory, strerror(errno));
		return false;
	}
	if (path != NULL)
		results->stream = fopen(path, "we");
	if (results->stream == NULL) {
		complain("--results %s: %s", path, strerror(errno));
		return false;
	}
	fputs(head, results->stream);
	return true;
}

/* Printable ASCII stays; tab, newline, backslash and all other bytes become escapes. */
static void put_escaped(FILE *stream, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		switch (byte) {
		case '\t':
			fputs("\\t", stream);
			break;
		case '\n':
			fputs("\\n", stream);
			break;
		case '\r':
			fputs("\\r", stream);
			break;
		case '\\':
			fputs("\\\\", stream);
			break;
		default:
			if (byte >= ' ' && byte < 0x7f)
				fputc(byte, stream);
			else
				fprintf(stream, "\\x%02x", byte);
			break;
		}
	}
}

static void put_program(FILE *stream, const struct strings *argv)
{
	for (size_t i = 0; i < argv->count; i++) {
		if (i > 0)
			fputc(' ', stream);
		put_escaped(stream, argv->items[i], strlen(argv->items[i]));
	}
}

/* Writes what was kept of an output to a file of its own, or into the line. */
static void put_output(struct results *results, size_t index, const char *ending,
		       const struct sink *sink)
{
	if (results->directory == NULL) {
		put_escaped(results->stream, sink->bytes, sink->kept);
		return;
	}
	if (sink->kept == 0)
		return;
	char *path = format_string("%s/%06zu.%s", results->directory, index, ending);
	FILE *file = fopen(path, "we");
	bool good = file != NULL && fwrite(sink->bytes, 1, sink->kept, file) == sink->kept;
	if (file != NULL && fclose(file) != 0)
		good = false;
	if (!good) {
		complain("%s: %s", path, strerror(errno));
		loop_end(EXIT_MACHINE);
	}
	put_escaped(results->stream, path, strlen(path));
	free(path);
}

static bool as_expected(const struct entry *entry, const struct ending *ending)
{
	switch (entry->expect) {
	case EXPECT_CODE:
		return ending->kind == ENDING_EXITED && (ending->code & 0xff) == entry->expected;
	case EXPECT_SIGNAL:
		return ending->kind == ENDING_SIGNALLED && ending->code == entry->expected;
	case EXPECT_TIMEOUT:
		return ending->kind == ENDING_TIMED_OUT;
	default:
		return ending->kind == ENDING_EXITED || ending->kind == ENDING_SIGNALLED ||
		       ending->kind == ENDING_TIMED_OUT;
	}
}

static void put_status(FILE *stream, const struct entry *entry, const struct ending *ending)
{
	switch (ending->kind) {
	case ENDING_EXITED:
		fprintf(stream, "exit %d\t%d", ending->code & 0xff, ending->code & 0xff);
		break;
	case ENDING_SIGNALLED:
		fprintf(stream, "signal %s\t%d", signal_name(ending->code),
			128 + (ending->code & 0x7f));
		break;
	case ENDING_TIMED_OUT:
		fprintf(stream, "timeout\t%d", EXIT_TIMED_OUT);
		break;
	case ENDING_NOT_STARTED:
		fprintf(stream, "not started\t%d",
			entry->refusal != NULL ? entry->refusal_code : EXIT_NOT_RUNNABLE);
		break;
	case ENDING_MACHINE:
		fprintf(stream, "crash\t%d", EXIT_MACHINE);
		break;
	}
}

/* What the runner itself has to say stands behind the program's standard error. */
static void add_words(struct sink *error, const struct entry *entry, const struct ending *ending)
{
	char *words = ending_words(&entry->job, ending);
	size_t length = strlen(words);

	if (length == 0) {
		free(words);
		return;
	}
	error->bytes = realloc(error->bytes, error->kept + length);
	if (error->bytes == NULL) {
		complain("out of memory");
		exit(EXIT_MACHINE);
	}
	memcpy(error->bytes + error->kept, words, length);
	error->kept += length;
	free(words);
}

void results_add(struct results *results, size_t index, const struct entry *entry,
		 struct task *task, const struct ending *ending)
{
	FILE *stream = results->stream;
	bool passed = as_expected(entry, ending);

	*(passed ? &results->passed : &results->failed) += 1;
	add_words(&task->error, entry, ending);
	fprintf(stream, "%zu\t", index);
	put_program(stream, &entry->job.argv);
	fprintf(stream, "\t%s\t", passed ? "pass" : "fail");
	put_status(stream, entry, ending);
	fprintf(stream, "\t%llu\t%llu\t%llu\t", (unsigned long long)(ending->nanoseconds / 1000),
		(unsigned long long)task->output.total, (unsigned long long)task->error.total);
	put_output(results, index, "out", &task->output);
	fputc('\t', stream);
	put_output(results, index, "err", &task->error);
	fputc('\n', stream);
	/* Who follows the file sees each program at once. */
	fflush(stream);
}

bool results_close(struct results *results)
{
	bool good = !ferror(results->stream);

	if (fclose(results->stream) != 0)
		good = false;
	if (!good)
		complain("the results cannot be written: %s", strerror(errno));
	return good;
}
