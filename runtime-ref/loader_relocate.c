/* SPDX-License-Identifier: BSD-2-Clause */
/* Applies relocations (AMD64 supplement, section 4.4), all at once, then write-protects RELRO. */
#include "loader.h"

#include "tlsdesc.h"

enum relocation_type {
	R_NONE = 0,
	R_64 = 1,
	R_PC32 = 2,
	R_COPY = 5,
	R_GLOB_DAT = 6,
	R_JUMP_SLOT = 7,
	R_RELATIVE = 8,
	R_DTPMOD64 = 16,
	R_DTPOFF64 = 17,
	R_TPOFF64 = 18,
	R_PC64 = 24,
	R_SIZE64 = 33,
	R_TLSDESC = 36,
	R_IRELATIVE = 37,
};

/* What a relocation fills in may stand anywhere. */
typedef uint64_t word64 __attribute__((aligned(1), may_alias));
typedef int32_t word32 __attribute__((aligned(1), may_alias));

/* [offset, offset + size) in a writable segment, or NULL. */
static void *writable(const struct library *library, uint64_t offset, uint64_t size)
{
	const struct elf_segment *segment = elf_segment_holding(&library->elf, offset, size);
	if (segment == NULL || !(segment->flags & ELF_PF_W))
		return NULL;
	return (void *)(library->bias + offset);
}

static int fail_target(const struct library *library)
{
	return loader_fail(library->path, "a relocation points outside of its writable data", NULL);
}

/* A compact list: an even word is an address, an odd one a bitmap of the 63 words behind. */
static int apply_relr(struct library *library)
{
	uint64_t at = 0;
	for (size_t i = 0; i < library->relocations.relr_count; i++) {
		uint64_t entry = library->relocations.relr[i];
		if (!(entry & 1)) {
			word64 *word = writable(library, entry, 8);
			if (word == NULL)
				return fail_target(library);
			*word += library->bias;
			at = entry + 8;
			continue;
		}
		for (int bit = 0; bit < 63; bit++) {
			if (!(entry >> (bit + 1) & 1))
				continue;
			word64 *word = writable(library, at + (uint64_t)bit * 8, 8);
			if (word == NULL)
				return fail_target(library);
			*word += library->bias;
		}
		at += 63 * 8;
	}
	return 0;
}

/* What a relocation's symbol binds to. A weak reference may bind to nothing. */
static int bind(struct library *library, uint32_t index, int is_copy, struct symbol_found *out)
{
	if (index >= library->symbol_limit)
		return loader_fail(library->path, "a relocation names no symbol", NULL);
	const struct elf_symbol *symbol = &library->symbols[index];
	*out = (struct symbol_found){library, symbol};
	if (SYMBOL_BIND(symbol) == SYMBOL_BIND_LOCAL ||
	    (symbol->section != 0 && SYMBOL_VISIBILITY(symbol) != 0))
		return 0;
	const char *text = library_string(library, symbol->name);
	if (text == NULL)
		return loader_fail(library->path, "a symbol has no name", NULL);
	struct symbol_name name = symbol_name(text);
	*out = symbol_lookup(library, &name, is_copy ? library : NULL);
	if (out->library == NULL && SYMBOL_BIND(symbol) != SYMBOL_BIND_WEAK)
		return loader_fail(library->path, "undefined symbol ", text, NULL);
	return 0;
}

static int apply_copy(struct library *library, struct symbol_found found, uint64_t offset,
		      const struct elf_symbol *reference)
{
	if (found.library == NULL)
		return loader_fail(library->path, "a copied symbol is not defined", NULL);
	uint64_t size = reference->size < found.symbol->size ? reference->size : found.symbol->size;
	void *to = writable(library, offset, size);
	const void *from = library_at(found.library, found.symbol->value, size);
	if (to == NULL || from == NULL)
		return fail_target(library);
	memcpy(to, from, size);
	return 0;
}

/* Relocations of thread-local storage; found.library is NULL for a weak reference to nothing. */
static int apply_tls(struct library *library, uint32_t type, struct symbol_found found,
		     int64_t addend, word64 *word)
{
	struct library *owner = found.library;
	uint64_t value = owner != NULL ? found.symbol->value : 0;
	if (owner != NULL && owner->tls.id == 0)
		return loader_fail(library->path, "a thread-local symbol of ", owner->path,
				   ", which has no thread-local storage", NULL);
	switch (type) {
	case R_DTPMOD64:
		*word = owner != NULL ? owner->tls.id : 0;
		return 0;
	case R_DTPOFF64:
		*word = value + (uint64_t)addend;
		return 0;
	case R_TPOFF64:
		if (owner == NULL) {
			*word = (uint64_t)addend;
			return 0;
		}
		if (owner->tls.offset == 0 && tls_make_static(owner) < 0)
			return loader_fail(library->path, "no static thread-local room left for ",
					   owner->path,
					   "; compile it without -ftls-model=initial-exec", NULL);
		*word = value + (uint64_t)addend - owner->tls.offset;
		return 0;
	default: /* R_TLSDESC: two words, a function and its argument */
		if (owner == NULL) {
			word[0] = (uintptr_t)tlsdesc_nothing;
			word[1] = (uint64_t)addend;
		} else if (owner->tls.offset != 0) {
			word[0] = (uintptr_t)tlsdesc_static;
			word[1] = value + (uint64_t)addend - owner->tls.offset;
		} else {
			struct twz_rt_tls_index *index =
				twz_rt_malloc(sizeof(*index), _Alignof(struct twz_rt_tls_index), 0);
			if (index == NULL)
				return loader_fail(library->path, "out of memory", NULL);
			*index = (struct twz_rt_tls_index){owner->tls.id, value + (uint64_t)addend};
			word[0] = (uintptr_t)tlsdesc_dynamic;
			word[1] = (uintptr_t)index;
		}
		return 0;
	}
}

static int apply_symbolic(struct library *library, const struct elf_rela *rela, uint32_t type,
			  word64 *word)
{
	uint32_t index = (uint32_t)(rela->info >> 32);
	struct symbol_found found;
	if (bind(library, index, type == R_COPY, &found) < 0)
		return -1;
	switch (type) {
	case R_COPY:
		return apply_copy(library, found, rela->offset, &library->symbols[index]);
	case R_DTPMOD64:
	case R_DTPOFF64:
	case R_TPOFF64:
	case R_TLSDESC:
		return apply_tls(library, type, found, rela->addend, word);
	case R_SIZE64:
		*word = (found.library != NULL ? found.symbol->size : 0) + (uint64_t)rela->addend;
		return 0;
	}
	if (found.library != NULL && SYMBOL_TYPE(found.symbol) == SYMBOL_TYPE_TLS)
		return loader_fail(library->path, "an ordinary reference to a thread-local symbol",
				   NULL);
	uint64_t value = found.library != NULL ? (uintptr_t)symbol_address(found) : 0;
	uint64_t place = library->bias + rela->offset;
	switch (type) {
	case R_64:
		*word = value + (uint64_t)rela->addend;
		return 0;
	case R_GLOB_DAT:
	case R_JUMP_SLOT:
		*word = value;
		return 0;
	case R_PC64:
		*word = value + (uint64_t)rela->addend - place;
		return 0;
	default: { /* R_PC32 */
		int64_t distance = (int64_t)(value + (uint64_t)rela->addend - place);
		if (distance != (int32_t)distance)
			return loader_fail(
				library->path,
				"a 32-bit relocation does not reach; compile it with -fPIC", NULL);
		*(word32 *)word = (int32_t)distance;
		return 0;
	}
	}
}

static size_t relocation_size(uint32_t type)
{
	switch (type) {
	case R_PC32:
		return 4;
	case R_COPY:
		return 0;
	case R_TLSDESC:
		return 16;
	default:
		return 8;
	}
}

static int apply(struct library *library, const struct elf_rela *rela, int indirect)
{
	uint32_t type = (uint32_t)rela->info;
	if (type == R_NONE || (type == R_IRELATIVE) != indirect)
		return 0;
	word64 *word = writable(library, rela->offset, relocation_size(type));
	if (word == NULL)
		return fail_target(library);
	switch (type) {
	case R_RELATIVE:
		*word = library->bias + (uint64_t)rela->addend;
		return 0;
	case R_IRELATIVE:
		if (library_at(library, (uint64_t)rela->addend, 1) == NULL)
			return fail_target(library);
		*word = ((uintptr_t(*)(void))(library->bias + (uint64_t)rela->addend))();
		return 0;
	case R_64:
	case R_PC32:
	case R_COPY:
	case R_GLOB_DAT:
	case R_JUMP_SLOT:
	case R_DTPMOD64:
	case R_DTPOFF64:
	case R_TPOFF64:
	case R_PC64:
	case R_SIZE64:
	case R_TLSDESC:
		return apply_symbolic(library, rela, type, word);
	default:
		return loader_fail(library->path, "a relocation of an unknown type", NULL);
	}
}

static int apply_all(struct library *library, int indirect)
{
	const struct relocations *lists = &library->relocations;
	for (size_t i = 0; i < lists->rela_count; i++) {
		if (apply(library, &lists->rela[i], indirect) < 0)
			return -1;
	}
	for (size_t i = 0; i < lists->plt_count; i++) {
		if (apply(library, &lists->plt[i], indirect) < 0)
			return -1;
	}
	return 0;
}

static int protect_relro(struct library *library)
{
	const struct elf_segment *relro = library->elf.relro;
	if (relro == NULL)
		return 0;
	uint64_t start = elf_page_down(relro->vaddr);
	uint64_t end = elf_page_down(relro->vaddr + relro->memsz);
	if (start >= end)
		return 0;
	uint64_t offset = start + (library->bias & (TWZ_SLOT_SIZE - 1));
	twz_result result =
		twz_sys_object_protect(library->image.object.hi, library->image.object.lo, offset,
				       end - start, TWZ_RIGHT_READ);
	if (result < 0)
		return loader_fail(library->path,
				   "cannot write-protect its relocations: ", twz_error_text(result),
				   NULL);
	return 0;
}

/* Relocates what comes behind first, since what is needed stands behind what needs it. */
static int relocate_from(struct library *library, int indirect)
{
	if (library == NULL)
		return 0;
	if (relocate_from(library->next, indirect) < 0)
		return -1;
	if (library->relocated || library == self)
		return 0;
	if (!indirect && apply_relr(library) < 0)
		return -1;
	return apply_all(library, indirect);
}

int libraries_relocate(struct library *first)
{
	/* Resolvers of indirect functions run when all else is in place. */
	if (relocate_from(first, 0) < 0 || relocate_from(first, 1) < 0)
		return -1;
	for (struct library *library = first; library != NULL; library = library->next) {
		if (!library->relocated && protect_relro(library) < 0)
			return -1;
		library->relocated = 1;
	}
	return 0;
}
