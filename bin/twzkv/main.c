/* SPDX-License-Identifier: BSD-2-Clause */
/* twzkv: looks into a key-value store and changes it, from the command line. */
#include "kv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twizzler/error.h>

static const char usage[] =
	"usage: twzkv STORE put KEY VALUE | get KEY | delete KEY | list [FROM] | count | load\n"
	"STORE is a path, as /var/phones; put and load make it. load reads lines KEY=VALUE, all or "
	"none.\n";

static int fail(const char *what, twz_result error)
{
	fprintf(stderr, "twzkv: %s: %s\n", what, twz_error_text(error));
	return 1;
}

static int get(const struct twzkv *kv, const char *key)
{
	size_t size = 4096;
	char *value = malloc(size);

	for (;;) {
		if (!value)
			return fail(key, -TWZ_ERR_OUT_OF_MEMORY);
		twz_result length = twzkv_get(kv, key, strlen(key), value, size);
		if (length < 0) {
			free(value);
			return fail(key, length);
		}
		if ((size_t)length <= size) {
			fwrite(value, 1, (size_t)length, stdout);
			putchar('\n');
			free(value);
			return 0;
		}
		free(value);
		size = (size_t)length;
		value = malloc(size);
	}
}

static int list(const struct twzkv *kv, const char *from)
{
	static struct twz_btree_cursor cursor;
	static char value[65536];
	twz_result result = twz_btree_seek(&cursor, from, from ? strlen(from) : 0);

	while (result >= 0 && (result = twzkv_next(kv, &cursor, value, sizeof(value))) == 1) {
		size_t length = cursor.value_length;
		int cut = length > sizeof(value);
		printf("%.*s=%.*s%s\n", (int)cursor.key_length, (const char *)cursor.key,
		       (int)(cut ? sizeof(value) : length), value, cut ? "..." : "");
	}
	return result < 0 ? fail("list", result) : 0;
}

/* All lines in one transaction. */
static int load(struct twzkv *kv)
{
	char *line = NULL;
	size_t room = 0, lines = 0;
	ssize_t length;
	struct twz_tx tx;

	TWZ_TX(&tx, &kv->object)
	{
		while ((length = getline(&line, &room, stdin)) > 0) {
			char *value = strchr(line, '=');
			length -= line[length - 1] == '\n';
			if (!value || value >= line + length) {
				fprintf(stderr, "twzkv: line %zu has no '='; nothing was loaded\n",
					lines + 1);
				free(line);
				return 1; /* leaves the transaction: undone */
			}
			if (twzkv_put(kv, line, (size_t)(value - line), value + 1,
				      (size_t)(line + length - value - 1)) < 0)
				break;
			lines++;
		}
	}
	free(line);
	if (tx.result < 0)
		return fail("load", tx.result);
	printf("%zu loaded\n", lines);
	return 0;
}

int main(int argc, char **argv)
{
	struct twzkv kv;
	const char *command = argc > 2 ? argv[2] : "";
	int put = strcmp(command, "put") == 0 && argc == 5,
	    loads = strcmp(command, "load") == 0 && argc == 3;
	twz_result result;

	if (!put && !loads && !(strcmp(command, "get") == 0 && argc == 4) &&
	    !(strcmp(command, "delete") == 0 && argc == 4) &&
	    !(strcmp(command, "list") == 0 && argc <= 4) &&
	    !(strcmp(command, "count") == 0 && argc == 3)) {
		fputs(usage, stderr);
		return 2;
	}
	result = twzkv_open(&kv, argv[1], put || loads);
	if (result < 0)
		return fail(argv[1], result);
	if (loads)
		return load(&kv);
	if (command[0] == 'g')
		return get(&kv, argv[3]);
	if (command[0] == 'l')
		return list(&kv, argc == 4 ? argv[3] : NULL);
	if (command[0] == 'c') {
		printf("%llu\n", (unsigned long long)twzkv_count(&kv));
		return 0;
	}
	result = put ? twzkv_put(&kv, argv[3], strlen(argv[3]), argv[4], strlen(argv[4]))
		     : twzkv_remove(&kv, argv[3], strlen(argv[3]));
	return result < 0 ? fail(argv[3], result) : 0;
}
