/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes the argument lists of syscall.def apart. */
#include <twizzler/handler.h>
#include "describe.h"

struct call calls[] = {
#define TWZ_SYSCALL(call_number, call, list, needed, blocks, handler, doc) \
	{.number = call_number, .name = #call, .text = #list, .rights = TWZ_RIGHT_##needed},
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL
};
const unsigned call_count = sizeof(calls) / sizeof(calls[0]);

static const struct {
	const char *name;
	uint64_t size;
} types[] = {
	{"void", 1},
	{"char", 1},
	{"uint32_t", 4},
#define STRUCT(name)                       \
	{                                  \
#name, sizeof(struct name) \
	}
	STRUCT(twz_id),
	STRUCT(twz_object_spec),
	STRUCT(twz_object_stat),
	STRUCT(twz_copy_range),
	STRUCT(twz_view_clone),
	STRUCT(twz_map),
	STRUCT(twz_upcall_target),
	STRUCT(twz_upcall_frame),
	STRUCT(twz_thread_spec),
	STRUCT(twz_sync_op),
	STRUCT(twz_message),
	STRUCT(twz_system_info),
	STRUCT(twz_stream_stat),
	STRUCT(twz_host_info),
	STRUCT(twz_handler_spec),
	STRUCT(twz_handler_stat),
};

bool same_text(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* One declaration: words, perhaps a star, the name. The last word but one is the type. */
static const char *take(const char *text, struct argument *out)
{
	char words[2][32] = {"", ""};
	bool constant = false, pointer = false;

	while (*text && *text != ',' && *text != ')') {
		unsigned length = 0;

		if (!is_word(*text)) {
			pointer |= *text++ == '*';
			continue;
		}
		__builtin_memcpy(words[0], words[1], sizeof(words[0]));
		for (; is_word(*text); text++) {
			if (length + 1 < sizeof(words[1]))
				words[1][length++] = *text;
		}
		words[1][length] = 0;
		constant |= same_text(words[1], "const");
	}
	__builtin_memcpy(out->type, words[0], sizeof(out->type));
	__builtin_memcpy(out->name, words[1], sizeof(out->name));
	out->name[sizeof(out->name) - 1] = 0;
	out->kind = !pointer ? ARGUMENT_NUMBER : constant ? ARGUMENT_IN : ARGUMENT_OUT;
	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (pointer && same_text(types[i].name, out->type))
			out->size = types[i].size;
	}
	return *text == ',' ? text + 1 : NULL;
}

void describe_calls(void)
{
	for (unsigned i = 0; i < call_count; i++) {
		const char *text = calls[i].text + 1;

		calls[i].count = 0;
		while (text && calls[i].count < 6)
			text = take(text, &calls[i].arguments[calls[i].count++]);
	}
}

__asm__(".globl raw_call\n"
	"raw_call:\n"
	"	movq %rdi, %rax\n"
	"	movq %rsi, %r11\n"
	"	movq 0(%r11), %rdi\n"
	"	movq 8(%r11), %rsi\n"
	"	movq 16(%r11), %rdx\n"
	"	movq 24(%r11), %r10\n"
	"	movq 32(%r11), %r8\n"
	"	movq 40(%r11), %r9\n"
	"	syscall\n"
	"	ret\n");
