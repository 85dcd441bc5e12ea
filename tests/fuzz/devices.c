/* SPDX-License-Identifier: BSD-2-Clause */
/* What a boot with devices offers beside: objects in the store, messages to the host's files. */
#include "fuzz.h"

struct twz_id store_id;

void fill_persistent(struct context *c, struct twz_object_spec *spec)
{
	if (twz_id_is_none(store_id) || !chance(c, 3)) {
		spec->flags &= ~TWZ_OBJECT_PERSISTENT;
		return;
	}
	spec->flags = TWZ_OBJECT_PERSISTENT | (uint32_t)below(c, 2) * TWZ_OBJECT_RAW;
	/* the parent deletes what is left of them */
	spec->protections |= spec->protections ? TWZ_RIGHT_DELETE : 0;
	if (chance(c, 2))
		spec->tie = TWZ_ID_NONE;
}

struct twz_id *place_for_id(struct context *c, const struct twz_object_spec *spec)
{
	uint32_t at;

	if (!(spec->flags & TWZ_OBJECT_PERSISTENT))
		return (struct twz_id *)c->output;
	at = __atomic_fetch_add(&LOG->made_count, 1, __ATOMIC_RELAXED);
	return at < LOG_MADE ? &LOG->made[at] : NULL;
}

static char *put(char *at, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		*at++ = (char)(value >> 8 * i);
	return at;
}

static char *put_name(struct context *c, char *at)
{
	static const char *const names[] = {"a", "b", "c", "..", ".", "", "a/b", "/"};
	const char *name = names[below(c, sizeof(names) / sizeof(names[0]))];
	char *end = at + 2;

	while (*name)
		*end++ = *name++;
	put(at, (uint64_t)(end - at) - 2, 2);
	return end;
}

/* One field, by its letter in kernel/device/host_message.c. */
static char *put_field(struct context *c, char *at, char kind)
{
	uint64_t count;

	if (chance(c, 60))
		return put(at, weird(c), (unsigned)below(c, 9));
	switch (kind) {
	case 'b':
		return put(at, below(c, 4), 1);
	case 'd':
	case 'c':
		return put(at, chance(c, 4) ? weird(c) : below(c, 4096), 4);
	case 'q':
		return put(at, chance(c, 4) ? weird(c) : below(c, 4096), 8);
	case 'f':
	case 'n':
		return put(at, chance(c, 40) ? weird(c) : below(c, 4), 4);
	case 'a':
		return put(at, ~0ull, 4);
	case 's':
		return put_name(c, at);
	case 'D':
		count = below(c, 200);
		return put(at, count, 4) + count;
	default: /* W */
		count = below(c, 3);
		at = put(at, count, 2);
		while (count--)
			at = put_name(c, at);
		return at;
	}
}

uint64_t fill_host_request(struct context *c, void *request)
{
	static const struct {
		uint8_t type;
		const char *fields;
	} messages[] = {
		{104, "nassd"},	 {104, "nassd"}, {110, "fnW"}, {110, "fnW"},	   {12, "fd"},
		{14, "fsddd"},	 {72, "fsdd"},	 {76, "fsd"},  {116, "fqc"},	   {118, "fqD"},
		{40, "fqc"},	 {24, "fq"},	 {120, "f"},   {122, "f"},	   {8, "f"},
		{20, "ffs"},	 {74, "fsfs"},	 {22, "f"},    {26, "fddddqqqqq"}, {50, "fd"},
		{52, "fbdqqds"}, {54, "fbqqds"}, {70, "ffs"},  {255, "q"},
	};
	unsigned which = (unsigned)below(c, sizeof(messages) / sizeof(messages[0]));
	char *start = request, *at = start + 7;

	for (const char *field = messages[which].fields; *field; field++)
		at = put_field(c, at, *field);
	put(start, (uint64_t)(at - start) + chance(c, 60), 4);
	put(start + 4, messages[which].type, 1);
	put(start + 5, below(c, 4), 2);
	return (uint64_t)(at - start);
}
