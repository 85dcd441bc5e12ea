/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbol lookup by GNU or System V hash. Versions: hidden ones are passed over, others not
 * compared. */
#include "loader.h"

#define VERSION_HIDDEN 0x8000

struct symbol_name symbol_name(const char *text)
{
	uint32_t hash = 5381;
	for (const uint8_t *at = (const uint8_t *)text; *at != 0; at++)
		hash = hash * 33 + *at;
	return (struct symbol_name){.text = text, .gnu = hash};
}

static uint32_t sysv_hash(struct symbol_name *name)
{
	if (!name->has_sysv) {
		uint32_t hash = 0;
		for (const uint8_t *at = (const uint8_t *)name->text; *at != 0; at++) {
			hash = (hash << 4) + *at;
			hash ^= hash >> 24 & 0xf0;
		}
		name->sysv = hash & 0x0fffffff;
		name->has_sysv = 1;
	}
	return name->sysv;
}

static int same_string(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* The symbol `index` when it is a definition of this name that others may see. */
static const struct elf_symbol *definition(const struct library *library, size_t index,
					   const struct symbol_name *name)
{
	if (index >= library->symbol_limit)
		return NULL;
	const struct elf_symbol *symbol = &library->symbols[index];
	if (symbol->section == 0 || SYMBOL_BIND(symbol) == SYMBOL_BIND_LOCAL ||
	    SYMBOL_VISIBILITY(symbol) == 1 || SYMBOL_VISIBILITY(symbol) == 2)
		return NULL;
	if (library->versions != NULL && (library->versions[index] & VERSION_HIDDEN))
		return NULL;
	const char *text = library_string(library, symbol->name);
	return text != NULL && same_string(text, name->text) ? symbol : NULL;
}

static const struct elf_symbol *gnu_lookup(const struct library *library,
					   const struct symbol_name *name)
{
	const struct gnu_hash *hash = &library->gnu;
	uint64_t word = hash->bloom[name->gnu / 64 & hash->bloom_mask];
	if (!(word >> name->gnu % 64 & word >> (name->gnu >> hash->bloom_shift) % 64 & 1))
		return NULL;
	uint32_t index = hash->buckets[name->gnu % hash->bucket_count];
	if (index < hash->first_symbol)
		return NULL;
	for (uint64_t at = index - hash->first_symbol; at < hash->chain_limit; at++) {
		uint32_t link = hash->chains[at];
		if ((link | 1) == (name->gnu | 1)) {
			const struct elf_symbol *symbol =
				definition(library, at + hash->first_symbol, name);
			if (symbol != NULL)
				return symbol;
		}
		if (link & 1)
			break;
	}
	return NULL;
}

static const struct elf_symbol *sysv_lookup(const struct library *library, struct symbol_name *name)
{
	const struct sysv_hash *hash = &library->sysv;
	uint32_t index = hash->buckets[sysv_hash(name) % hash->bucket_count];
	/* A damaged chain may be a ring: no more steps than there are symbols. */
	for (uint32_t steps = 0; index != 0 && index < hash->chain_count; steps++) {
		const struct elf_symbol *symbol = definition(library, index, name);
		if (symbol != NULL || steps == hash->chain_count)
			return symbol;
		index = hash->chains[index];
	}
	return NULL;
}

const struct elf_symbol *symbol_in(const struct library *library, struct symbol_name *name)
{
	return library->gnu.bucket_count != 0 ? gnu_lookup(library, name)
					      : sysv_lookup(library, name);
}

struct symbol_found symbol_lookup(const struct library *library, struct symbol_name *name,
				  const struct library *skip)
{
	for (struct library *at = libraries; at != NULL; at = at->next) {
		if (!at->global || at == skip)
			continue;
		const struct elf_symbol *symbol = symbol_in(at, name);
		if (symbol != NULL)
			return (struct symbol_found){at, symbol};
	}
	for (size_t i = 0; library != NULL && i < library->scope_count; i++) {
		struct library *at = library->scope[i];
		if (at->global || at == skip)
			continue;
		const struct elf_symbol *symbol = symbol_in(at, name);
		if (symbol != NULL)
			return (struct symbol_found){at, symbol};
	}
	return (struct symbol_found){0};
}

void *symbol_address(struct symbol_found found)
{
	const struct elf_symbol *symbol = found.symbol;
	if (SYMBOL_TYPE(symbol) == SYMBOL_TYPE_TLS) {
		struct twz_rt_tls_index index = {found.library->tls.id, symbol->value};
		return twz_rt_tls_get_addr(&index);
	}
	/* SHN_ABS: a value, not an address in the image. */
	uintptr_t address = (symbol->section == 0xfff1 ? 0 : found.library->bias) + symbol->value;
	if (SYMBOL_TYPE(symbol) == SYMBOL_TYPE_IFUNC)
		return ((void *(*)(void))address)();
	return (void *)address;
}

size_t symbol_count(const struct library *library)
{
	if (library->sysv.bucket_count != 0)
		return library->sysv.chain_count;
	const struct gnu_hash *hash = &library->gnu;
	uint64_t last = 0;
	for (uint32_t i = 0; i < hash->bucket_count; i++) {
		if (hash->buckets[i] > last)
			last = hash->buckets[i];
	}
	if (last < hash->first_symbol)
		return hash->first_symbol < library->symbol_limit ? hash->first_symbol
								  : library->symbol_limit;
	uint64_t at = last - hash->first_symbol;
	while (at < hash->chain_limit && !(hash->chains[at] & 1))
		at++;
	uint64_t count = at + hash->first_symbol + 1;
	return count < library->symbol_limit ? count : library->symbol_limit;
}

const struct elf_symbol *symbol_nearest(const struct library *library, uintptr_t address)
{
	const struct elf_symbol *best = NULL;
	uint64_t offset = address - library->bias;
	size_t count = symbol_count(library);
	for (size_t i = 0; i < count; i++) {
		const struct elf_symbol *symbol = &library->symbols[i];
		if (symbol->section == 0 || SYMBOL_TYPE(symbol) == SYMBOL_TYPE_TLS ||
		    symbol->value > offset || library_string(library, symbol->name) == NULL)
			continue;
		if (symbol->size != 0 && offset - symbol->value >= symbol->size)
			continue;
		if (best == NULL || symbol->value > best->value)
			best = symbol;
	}
	return best;
}
