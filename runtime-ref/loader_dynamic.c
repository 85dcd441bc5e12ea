/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a library's dynamic section: every table that it names is compared with the segments first.
 */
#include "loader.h"

enum dynamic_tag {
	DT_NULL = 0,
	DT_NEEDED = 1,
	DT_PLTRELSZ = 2,
	DT_HASH = 4,
	DT_STRTAB = 5,
	DT_SYMTAB = 6,
	DT_RELA = 7,
	DT_RELASZ = 8,
	DT_RELAENT = 9,
	DT_STRSZ = 10,
	DT_SYMENT = 11,
	DT_INIT = 12,
	DT_FINI = 13,
	DT_SONAME = 14,
	DT_RPATH = 15,
	DT_REL = 17,
	DT_PLTREL = 20,
	DT_TEXTREL = 22,
	DT_JMPREL = 23,
	DT_INIT_ARRAY = 25,
	DT_FINI_ARRAY = 26,
	DT_INIT_ARRAYSZ = 27,
	DT_FINI_ARRAYSZ = 28,
	DT_RUNPATH = 29,
	DT_FLAGS = 30,
	DT_PREINIT_ARRAY = 32,
	DT_PREINIT_ARRAYSZ = 33,
	DT_RELRSZ = 35,
	DT_RELR = 36,
	DT_RELRENT = 37,
	DT_LIMIT = 38,
};

#define DT_GNU_HASH 0x6ffffef5
#define DT_VERSYM   0x6ffffff0
#define DF_TEXTREL  0x4

/* The values of the tags, last one wins; `present` has a bit for each tag seen. */
struct dynamic_values {
	uint64_t value[DT_LIMIT];
	uint64_t present;
	uint64_t gnu_hash, versions; /* 0: none */
};

static int has(const struct dynamic_values *values, enum dynamic_tag tag)
{
	return (values->present >> tag & 1) != 0;
}

void *library_at(const struct library *library, uint64_t address, uint64_t size)
{
	if (elf_segment_holding(&library->elf, address, size) == NULL)
		return NULL;
	return (void *)(library->bias + address);
}

/* Bytes from an address to the end of its segment. */
static uint64_t room_at(const struct library *library, uint64_t address)
{
	const struct elf_segment *segment = elf_segment_holding(&library->elf, address, 0);
	return segment == NULL ? 0 : segment->vaddr + segment->memsz - address;
}

const char *library_string(const struct library *library, uint64_t offset)
{
	return offset < library->strings_size ? library->strings + offset : NULL;
}

static int collect(struct library *library, struct dynamic_values *values)
{
	const struct elf_segment *segment = library->elf.dynamic;
	library->dynamic = (const void *)(library->bias + segment->vaddr);
	size_t count = segment->memsz / sizeof(struct elf_dynamic);
	for (size_t i = 0; i < count; i++) {
		const struct elf_dynamic *entry = &library->dynamic[i];
		if (entry->tag == DT_NULL) {
			library->dynamic_count = i;
			return 0;
		}
		if (entry->tag > 0 && entry->tag < DT_LIMIT) {
			values->value[entry->tag] = entry->value;
			values->present |= 1ull << entry->tag;
		} else if (entry->tag == DT_GNU_HASH) {
			values->gnu_hash = entry->value;
		} else if (entry->tag == DT_VERSYM) {
			values->versions = entry->value;
		}
	}
	return loader_fail(library->path, "its dynamic section has no end", NULL);
}

/*
 * The table that `tag` names with `size_tag` bytes of `entry`-sized elements. A table that is not
 * there gives 0 elements. Returns 0, or -1 when it does not lie in the image.
 */
static int find_table(const struct library *library, const struct dynamic_values *values,
		      enum dynamic_tag tag, enum dynamic_tag size_tag, size_t entry,
		      const void **table, size_t *count)
{
	uint64_t size = values->value[size_tag];
	*table = NULL;
	*count = 0;
	if (!has(values, tag) || size == 0)
		return 0;
	if (size % entry != 0 || values->value[tag] % 8 != 0)
		return -1;
	*table = library_at(library, values->value[tag], size);
	*count = size / entry;
	return *table != NULL ? 0 : -1;
}

static int read_strings(struct library *library, const struct dynamic_values *values)
{
	size_t size = values->value[DT_STRSZ];
	const char *strings = library_at(library, values->value[DT_STRTAB], size);
	if (!has(values, DT_STRTAB) || size == 0 || strings == NULL || strings[size - 1] != '\0')
		return loader_fail(library->path, "malformed string table", NULL);
	library->strings = strings;
	library->strings_size = size;
	return 0;
}

static int read_symbols(struct library *library, const struct dynamic_values *values)
{
	uint64_t address = values->value[DT_SYMTAB];
	if (!has(values, DT_SYMTAB) || address % 8 != 0 ||
	    library_at(library, address, sizeof(struct elf_symbol)) == NULL ||
	    (has(values, DT_SYMENT) && values->value[DT_SYMENT] != sizeof(struct elf_symbol)))
		return loader_fail(library->path, "malformed symbol table", NULL);
	library->symbols = (const void *)(library->bias + address);
	library->symbol_limit = room_at(library, address) / sizeof(struct elf_symbol);
	if (values->versions != 0) {
		if (values->versions % 2 != 0 || room_at(library, values->versions) == 0)
			return loader_fail(library->path, "malformed symbol versions", NULL);
		library->versions = (const void *)(library->bias + values->versions);
		size_t limit = room_at(library, values->versions) / sizeof(uint16_t);
		if (limit < library->symbol_limit)
			library->symbol_limit = limit;
	}
	return 0;
}

/* Header of four words, Bloom filter, buckets, chains ("ELF: better symbol lookup via
 * DT_GNU_HASH"). */
static int read_gnu_hash(struct library *library, uint64_t address)
{
	const uint32_t *header = library_at(library, address, 16);
	if (header == NULL || address % 8 != 0)
		return -1;
	struct gnu_hash *hash = &library->gnu;
	uint64_t bloom_words = header[2];
	uint64_t bloom = address + 16, buckets = bloom + bloom_words * 8;
	uint64_t chains = buckets + (uint64_t)header[0] * 4;
	if (header[0] == 0 || bloom_words == 0 || (bloom_words & (bloom_words - 1)) != 0 ||
	    header[3] > 31 || library_at(library, bloom, chains - bloom) == NULL)
		return -1;
	*hash = (struct gnu_hash){.bucket_count = header[0],
				  .first_symbol = header[1],
				  .bloom_mask = (uint32_t)bloom_words - 1,
				  .bloom_shift = header[3],
				  .bloom = (const void *)(library->bias + bloom),
				  .buckets = (const void *)(library->bias + buckets),
				  .chains = (const void *)(library->bias + chains),
				  .chain_limit = room_at(library, chains) / 4};
	return 0;
}

static int read_sysv_hash(struct library *library, uint64_t address)
{
	const uint32_t *header = library_at(library, address, 8);
	if (header == NULL || address % 4 != 0)
		return -1;
	uint64_t words = 2 + (uint64_t)header[0] + header[1];
	if (header[0] == 0 || header[1] > library->symbol_limit ||
	    library_at(library, address, words * 4) == NULL)
		return -1;
	library->sysv = (struct sysv_hash){.bucket_count = header[0],
					   .chain_count = header[1],
					   .buckets = header + 2,
					   .chains = header + 2 + header[0]};
	return 0;
}

static int read_hashes(struct library *library, const struct dynamic_values *values)
{
	if (values->gnu_hash != 0 && read_gnu_hash(library, values->gnu_hash) < 0)
		return loader_fail(library->path, "malformed GNU hash table", NULL);
	if (has(values, DT_HASH) && read_sysv_hash(library, values->value[DT_HASH]) < 0)
		return loader_fail(library->path, "malformed hash table", NULL);
	if (library->gnu.bucket_count == 0 && library->sysv.bucket_count == 0)
		return loader_fail(library->path, "no hash table for its symbols", NULL);
	return 0;
}

static int read_relocations(struct library *library, const struct dynamic_values *values)
{
	struct relocations *out = &library->relocations;
	const void *rela, *plt, *relr;
	if (has(values, DT_REL) ||
	    (has(values, DT_PLTREL) && values->value[DT_PLTREL] != DT_RELA) ||
	    (has(values, DT_RELAENT) && values->value[DT_RELAENT] != sizeof(struct elf_rela)) ||
	    (has(values, DT_RELRENT) && values->value[DT_RELRENT] != sizeof(uint64_t)))
		return loader_fail(library->path, "relocations of a foreign kind", NULL);
	if (has(values, DT_TEXTREL) || (values->value[DT_FLAGS] & DF_TEXTREL))
		return loader_fail(library->path,
				   "it wants to write its own code; compile it with -fPIC", NULL);
	if (find_table(library, values, DT_RELA, DT_RELASZ, sizeof(struct elf_rela), &rela,
		       &out->rela_count) < 0 ||
	    find_table(library, values, DT_JMPREL, DT_PLTRELSZ, sizeof(struct elf_rela), &plt,
		       &out->plt_count) < 0 ||
	    find_table(library, values, DT_RELR, DT_RELRSZ, sizeof(uint64_t), &relr,
		       &out->relr_count) < 0)
		return loader_fail(library->path, "its relocations lie outside of the image", NULL);
	out->rela = rela;
	out->plt = plt;
	out->relr = relr;
	return 0;
}

/* An address of code from the dynamic section, or 0. */
static int read_code_address(const struct library *library, const struct dynamic_values *values,
			     enum dynamic_tag tag, uintptr_t *out)
{
	*out = 0;
	if (!has(values, tag) || values->value[tag] == 0)
		return 0;
	const struct elf_segment *segment =
		elf_segment_holding(&library->elf, values->value[tag], 1);
	if (segment == NULL || !(segment->flags & ELF_PF_X))
		return -1;
	*out = library->bias + values->value[tag];
	return 0;
}

static int read_code_lists(struct library *library, const struct dynamic_values *values)
{
	struct code_lists *out = &library->code;
	const void *preinit, *init_array, *fini_array;
	uintptr_t init, fini;
	if (read_code_address(library, values, DT_INIT, &init) < 0 ||
	    read_code_address(library, values, DT_FINI, &fini) < 0 ||
	    find_table(library, values, DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ, 8, &preinit,
		       &out->preinit_count) < 0 ||
	    find_table(library, values, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, 8, &init_array,
		       &out->init_count) < 0 ||
	    find_table(library, values, DT_FINI_ARRAY, DT_FINI_ARRAYSZ, 8, &fini_array,
		       &out->fini_count) < 0)
		return loader_fail(library->path, "its constructors lie outside of the image",
				   NULL);
	out->init = (constructor)init;
	out->fini = (destructor)fini;
	out->preinit_array = preinit;
	out->init_array = init_array;
	out->fini_array = fini_array;
	return 0;
}

int library_read_dynamic(struct library *library)
{
	if (library->elf.dynamic == NULL)
		return loader_fail(library->path, "no dynamic section", NULL);
	struct dynamic_values values = {0};
	if (collect(library, &values) < 0 || read_strings(library, &values) < 0 ||
	    read_symbols(library, &values) < 0 || read_hashes(library, &values) < 0 ||
	    read_relocations(library, &values) < 0 || read_code_lists(library, &values) < 0)
		return -1;
	if (has(&values, DT_SONAME))
		library->soname = library_string(library, values.value[DT_SONAME]);
	if (has(&values, DT_RUNPATH))
		library->runpath = library_string(library, values.value[DT_RUNPATH]);
	else if (has(&values, DT_RPATH))
		library->runpath = library_string(library, values.value[DT_RPATH]);
	const struct elf_segment *tls = library->elf.tls;
	if (tls != NULL && tls->memsz != 0)
		library->tls = (struct tls_module){.image = (void *)(library->bias + tls->vaddr),
						   .file_size = tls->filesz,
						   .size = tls->memsz,
						   .align = tls->align > 1 ? tls->align : 1};
	library->map.bias = library->bias;
	library->map.dynamic = library->dynamic;
	library->map.path = library == program ? "" : library->path;
	return 0;
}
