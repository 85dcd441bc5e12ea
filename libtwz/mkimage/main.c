/* SPDX-License-Identifier: BSD-2-Clause */
/* mkimage: makes the initial image that the boot loader passes to the kernel. */
#include "mkimage.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: mkimage -o IMAGE [--init PATH] [--nonce TEXT] [--mtime SECONDS]\n"
	"               [--tree DIRECTORY]... [--manifest FILE]...\n"
	"Later trees and manifests add to and replace what earlier ones entered.\n"
	"Manifest lines: dir PATH MODE | file PATH MODE HOST-PATH | link PATH TARGET\n";

const char *unfinished;

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("mkimage: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	if (unfinished)
		unlink(unfinished);
	exit(1);
}

void *allocate(size_t size)
{
	void *memory = calloc(1, size ? size : 1);

	if (!memory)
		die("out of memory for %zu bytes", size);
	return memory;
}

char *duplicate(const char *text)
{
	return strcpy(allocate(strlen(text) + 1), text);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'},
		{"init", required_argument, NULL, 'i'},
		{"nonce", required_argument, NULL, 'n'},
		{"mtime", required_argument, NULL, 'm'},
		{"tree", required_argument, NULL, 't'},
		{"manifest", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	struct image_options image = {.nonce = "twizzler"};
	struct node *root = tree_new();
	char *end;
	int option;

	while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			image.output = optarg;
			break;
		case 'i':
			image.init = optarg;
			break;
		case 'n':
			image.nonce = optarg;
			break;
		case 'm':
			image.mtime = strtoull(optarg, &end, 10) * 1000000000;
			if (*end || end == optarg)
				die("--mtime %s: not a number of seconds", optarg);
			break;
		case 't':
			tree_add_host_directory(root, optarg);
			break;
		case 'l':
			tree_add_manifest(root, optarg);
			break;
		case 'h':
			fputs(usage, stdout);
			tree_free(root);
			return 0;
		default:
			fputs(usage, stderr);
			tree_free(root);
			return 2;
		}
	}
	if (optind != argc || !image.output) {
		fputs(usage, stderr);
		tree_free(root);
		return 2;
	}
	image_write(root, &image);
	tree_free(root);
	return 0;
}
