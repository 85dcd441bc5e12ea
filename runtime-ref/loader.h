/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the loader's files share: the loaded libraries and the steps that load them.
 *
 * "Library" is every loaded image: the program, libtwz_rt.so itself, and what they need. Sources:
 * System V ABI chapter 5, the AMD64 supplement, and "ELF Handling for Thread-Local Storage"
 * (Drepper).
 */
#ifndef RUNTIME_REF_LOADER_H
#define RUNTIME_REF_LOADER_H

#include "../runtime-min/exec/exec.h"

RT_BEGIN

/* What gdb reads (SVR4's <link.h>): the head of every library, in load order. */
struct link_map {
	uintptr_t bias;
	const char *path;
	const struct elf_dynamic *dynamic;
	struct link_map *next, *previous;
};

struct gnu_hash {
	uint32_t bucket_count, first_symbol, bloom_mask, bloom_shift;
	const uint64_t *bloom;
	const uint32_t *buckets, *chains;
	uint64_t chain_limit; /* chains may be read up to here */
};

struct sysv_hash {
	uint32_t bucket_count, chain_count;
	const uint32_t *buckets, *chains;
};

struct relocations {
	const struct elf_rela *rela, *plt;
	size_t rela_count, plt_count;
	const uint64_t *relr;
	size_t relr_count;
};

typedef void (*constructor)(int argc, char **argv, char **envp);
typedef void (*destructor)(void);

struct code_lists {
	constructor init;
	destructor fini;
	const constructor *preinit_array, *init_array;
	const destructor *fini_array;
	size_t preinit_count, init_count, fini_count;
};

struct tls_module {
	size_t id;     /* 1 and up, 0: none */
	size_t offset; /* below the thread control block; 0: allocated by thread on first use */
	const uint8_t *image;
	size_t file_size, size, align;
};

struct library {
	struct link_map map; /* first: gdb walks these */
	struct library *next;
	size_t path_size;	/* of its allocation; 0: not ours */
	char *path;		/* "" for the program in what is told; here its AT_EXECFN */
	const char *soname;	/* or NULL */
	uint64_t device, inode; /* of its file; 0, 0: unknown */
	uintptr_t bias;
	struct elf_segment *segments; /* checked; owned but for the two first libraries */
	struct elf_summary elf;
	struct exec_image image;
	int owned; /* mapped by this loader: it may be unloaded */

	const struct elf_dynamic *dynamic;
	size_t dynamic_count;
	const char *strings;
	size_t strings_size;
	const struct elf_symbol *symbols;
	size_t symbol_limit;
	const uint16_t *versions; /* DT_VERSYM, symbol_limit of them, or NULL */
	struct gnu_hash gnu;
	struct sysv_hash sysv;
	struct relocations relocations;
	struct code_lists code;
	struct tls_module tls;
	const char *runpath; /* DT_RUNPATH, else DT_RPATH, or NULL */

	struct library **needed; /* in DT_NEEDED order */
	size_t needed_count, needed_capacity;
	struct library **scope; /* of a dlopened group: where its symbols are looked up, or NULL */
	size_t scope_count;

	int global; /* its symbols are found by every library */
	int relocated;
	int constructing, constructed;
	struct library *constructed_before; /* the one whose constructors ran before its own */
	uint32_t opened; /* dlopens not yet closed; the first libraries never go */
	int permanent;
	uint32_t mark;
};

/* ---- state (loader_main.c) ---- */

extern struct library *libraries; /* in load order, the program first */
extern struct library *program;
extern struct library *self; /* libtwz_rt.so */
extern uint64_t library_loads, library_unloads;
extern int loader_ready; /* the program runs: errors are told, not fatal */

void libraries_append(struct library *library);
/* Unlinks and frees a library; its memory is unmapped. */
void library_free(struct library *library);

/* Guards the libraries; the same thread may take it again (constructors call dlopen). */
void loader_lock(void);
void loader_unlock(void);

/*
 * Held while the list changes and by those who only look at it, and never while a library's code
 * runs: a thread can throw while another one's constructors have the loader's lock.
 */
void libraries_read_lock(void);
void libraries_read_unlock(void);

/* ---- errors (loader_error.c) ---- */

/*
 * Sets the calling thread's message to "cannot load PATH: " and the parts up to NULL. Returns -1.
 * The message stays until the next one.
 */
int loader_fail(const char *path, ...) __attribute__((sentinel));
/* As loader_fail, without "cannot load". */
int loader_complain(const char *first, ...) __attribute__((sentinel));
/* Ends the program with the message on its standard error and code 127. */
void loader_die(void) __attribute__((noreturn));
/* Decimal digits of a version, into buffer[36]. */
const char *loader_version_text(struct twz_abi_version version, char *buffer);

/* ---- reading an image (loader_dynamic.c) ---- */

/* [address, address + size) of the file's addresses in memory, or NULL when no segment holds it. */
void *library_at(const struct library *library, uint64_t address, uint64_t size);
/* Checks the dynamic section and fills in what it tells. 0, or -1 and a message. */
int library_read_dynamic(struct library *library);
/* The NUL-ended string at an offset of the string table, or NULL. */
const char *library_string(const struct library *library, uint64_t offset);

/* ---- loading (loader_load.c, loader_search.c) ---- */

/*
 * Opens the file of a library that `requester` needs. Returns a descriptor and its absolute path
 * (twz_rt_malloc'ed, *path_size bytes), or -1 and a message.
 */
int library_find(const char *name, const struct library *requester, char **path, size_t *path_size);
/* The loaded library with this name, or NULL. */
struct library *library_loaded(const char *name);
/* Finds or loads one library, without what it needs. NULL and a message on error. */
struct library *library_load(const char *name, const struct library *requester);
/* Loads everything that the libraries from `first` on (in load order) need. 0, or -1 and a message.
 */
int libraries_load_needed(struct library *first);
/* Makes the first two libraries. */
int library_adopt_program(void);
int library_adopt_self(void);

/* ---- symbols (loader_symbol.c) ---- */

struct symbol_name {
	const char *text;
	uint32_t gnu, sysv; /* hashes */
	int has_sysv;
};

struct symbol_found {
	struct library *library; /* NULL: not found */
	const struct elf_symbol *symbol;
};

struct symbol_name symbol_name(const char *text);
/* The definition in one library. */
const struct elf_symbol *symbol_in(const struct library *library, struct symbol_name *name);
/*
 * The definition that a reference from `library` binds to: global libraries in load order, then the
 * group it was opened with. `skip` (or NULL) is passed over.
 */
struct symbol_found symbol_lookup(const struct library *library, struct symbol_name *name,
				  const struct library *skip);
/* The address of a definition: follows indirect functions; TLS symbols in the calling thread. */
void *symbol_address(struct symbol_found found);
/* How many symbols the table has, from its hash table. */
size_t symbol_count(const struct library *library);
/* The defined symbol nearest below an address, or NULL. */
const struct elf_symbol *symbol_nearest(const struct library *library, uintptr_t address);

#define SYMBOL_TYPE(symbol)	  ((symbol)->info & 15)
#define SYMBOL_BIND(symbol)	  ((symbol)->info >> 4)
#define SYMBOL_VISIBILITY(symbol) ((symbol)->other & 3)
#define SYMBOL_TYPE_TLS		  6
#define SYMBOL_TYPE_IFUNC	  10
#define SYMBOL_BIND_LOCAL	  0
#define SYMBOL_BIND_WEAK	  2

/* ---- relocation (loader_relocate.c) ---- */

/* Relocates and write-protects every library from `first` on that is not yet. 0, or -1 and a
 * message. */
int libraries_relocate(struct library *first);

/* ---- TLS (loader_tls.c) ---- */

/* Gives each library from `first` on with a PT_TLS a module number; static offsets at program
 * start. */
int tls_assign(struct library *first, int at_start);
/* After relocation, before anybody can run the code: existing threads get the static blocks' bytes.
 */
void tls_publish(struct library *first);
void tls_release(struct library *library);
/* Gives a dlopened module static room, for initial-exec accesses. 0, or -1 when there is none left.
 */
int tls_make_static(struct library *library);
/* Over a fork; in the child the calling thread is the only one. */
void tls_before_fork(void);
void tls_after_fork(bool child);
/* Fixes the layout once the program's libraries are known; reads libstd-c's area size. */
void tls_layout_done(size_t thread_area);
/* The calling thread's place for its dl_error message. */
struct loader_message *tls_thread_message(void);

/* ---- constructors (loader_init.c) ---- */

/* Runs what has not run of a library's and its needs' constructors, dependencies first. */
void library_construct(struct library *library, int argc, char **argv, char **envp);
/* Runs the destructors of the library constructed last that has another mark. 0: there is none. */
int libraries_destruct_one(uint32_t round);

/* ---- debugger (loader_debug.c) ---- */

enum debug_state { DEBUG_CONSISTENT = 0, DEBUG_ADD = 1, DEBUG_DELETE = 2 };
/* Before relocation: the dynamic section that it fills in is write-protected after. */
void debug_start(void);
void debug_changed(enum debug_state state);

struct loader_message {
	char *text; /* twz_rt_malloc'ed, NUL-ended, or NULL */
	size_t length, size;
	int unread;
};

RT_END

#endif
