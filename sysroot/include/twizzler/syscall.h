/* SPDX-License-Identifier: BSD-2-Clause */
/* Structures and constants of the system calls in syscall.def. */
#ifndef TWIZZLER_SYSCALL_H
#define TWIZZLER_SYSCALL_H

#include <twizzler/types.h>
#include <twizzler/version.h>

enum twz_syscall_number {
#define TWZ_SYSCALL(number, name, arguments, rights, blocks, handler, doc) TWZ_SYS_##name = number,
#include <twizzler/syscall.def>
#undef TWZ_SYSCALL
};

/* ---- objects ---- */

#define TWZ_OBJECT_RAW	      0x1u /* no null page, no meta page */
#define TWZ_OBJECT_PERSISTENT 0x2u /* in the store; NOT_SUPPORTED without one */
#define TWZ_OBJECT_LARGE      0x4u /* told by object_stat only: it has large pages now */
#define TWZ_OBJECT_BY_SYNC    0x8u /* told by object_stat only: durable by object_sync alone */

/* A copy-on-write source for object_create: [src, src+len) of `id` appears at dst. Page-aligned. */
struct twz_object_source {
	struct twz_id id;
	uint64_t src;
	uint64_t dst;
	uint64_t len;
};

struct twz_object_spec {
	uint32_t flags;	      /* TWZ_OBJECT_* */
	uint32_t kind;	      /* enum twz_object_kind; ignored for raw objects */
	uint32_t protections; /* default rights of the default context; 0 means all */
	uint32_t reserved;    /* must be 0 */
	struct twz_id owner;
	struct twz_id tie; /* deleted when this object is deleted or this view or thread ends; none:
			      not tied. Wants DELETE on an object, USE on a view or thread */
	const struct twz_object_source *sources;
	uint64_t source_count;
};

struct twz_object_stat {
	struct twz_id id;
	uint32_t flags;	 /* TWZ_OBJECT_* */
	uint32_t kind;	 /* of meta at creation */
	uint32_t rights; /* what the caller's context may do */
	uint32_t maps;	 /* view entries that map it */
	uint64_t pages;	 /* present pages */
};

/* object_copy_range, object_move_range. Overlap within one object is an error. */
struct twz_copy_range {
	struct twz_id destination;
	uint64_t destination_offset;
	struct twz_id source;
	uint64_t source_offset;
	uint64_t length;
};

/* ---- views ---- */

enum twz_inherit {
	TWZ_INHERIT_PRIVATE = 0, /* a clone gets a copy-on-write copy */
	TWZ_INHERIT_SHARED = 1,	 /* a clone maps the same object */
	TWZ_INHERIT_NONE = 2,	 /* a clone does not map it */
};

/* One entry of a view. view none: the caller's own. */
struct twz_map {
	struct twz_id view;
	struct twz_id object;
	uint64_t slot;	   /* or TWZ_SLOT_ANY for view_map */
	uint32_t rights;   /* READ, WRITE, EXEC; never WRITE and EXEC */
	uint32_t inherit;  /* enum twz_inherit */
	uint32_t flags;	   /* TWZ_MAP_* */
	uint32_t reserved; /* must be 0 */
};
#define TWZ_MAP_REPLACE 0x1u /* the slot may hold another object */

/*
 * Raw objects that hold an image have pages of different rights: the entry grants the union
 * (READ|WRITE|EXEC is then allowed for a raw object private to the view) and object_protect
 * narrows each page; no page is ever writable and executable.
 */

enum twz_view_state {
	TWZ_VIEW_RUNNING = 0,
	TWZ_VIEW_EXITED = 1, /* code = exit code */
	TWZ_VIEW_KILLED = 2, /* code = POSIX signal number; fault tells why where it was a fault */
};

/* User registers in a fixed order, for upcalls and fault reports. */
struct twz_registers {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t rip, rflags, rsp;
	uint64_t fs_base;
};

enum twz_fault_kind {
	TWZ_FAULT_NONE = 0,
	TWZ_FAULT_PAGE = 1,	  /* no mapping there */
	TWZ_FAULT_PROTECTION = 2, /* mapped without the right */
	TWZ_FAULT_OBJECT = 3,	  /* no page to be had: `error` says why */
	TWZ_FAULT_ILLEGAL = 4,	  /* invalid instruction */
	TWZ_FAULT_DIVIDE = 5,
	TWZ_FAULT_FLOAT = 6,
	TWZ_FAULT_BREAKPOINT = 7,
	TWZ_FAULT_GENERAL = 8,	 /* general protection and the rest */
	TWZ_FAULT_INTERRUPT = 9, /* thread_interrupt: codes in `address`, the lowest in `code` */
	TWZ_FAULT_MEMORY = 10,	 /* mapped, but there is no memory left for its page */
};

struct twz_fault {
	uint32_t kind;	 /* enum twz_fault_kind */
	uint16_t access; /* TWZ_RIGHT_* that was wanted */
	uint16_t
		error; /* of object and memory faults, as error.h numbers them: CORRUPT of a damaged
			  page, NO_SPACE of a full store, BAD_ADDRESS of a null page; else 0 */
	uint64_t address; /* where, for page, protection, object and memory faults; an interrupt's
			     codes: bit code-1 */
	uint64_t code;	  /* processor's error code, or the lowest of an interrupt's codes */
	struct twz_registers registers;
	/* Where the fault ended its program: the bytes at rip, by which a debugger knows the image;
	 * else zero. */
	uint8_t instruction[16];
};

/* What a view's id maps as, read-only: wait on `state` with thread_sync. */
struct twz_view_control {
	uint32_t state; /* enum twz_view_state */
	int32_t code;
	uint32_t threads; /* alive */
	uint32_t report;  /* what the program says of itself (TWZ_PROGRAM_REPORT); wait here too */
	struct twz_fault fault;
	/* 1 a moment after the end: the program that made this one has its TWZ_MESSAGE_CHILD. Wait
	 * here too. */
	uint32_t announced;
	uint32_t reserved;
};

/* ---- programs: views known by a number ---- */

/*
 * A program's number is its first thread's. It stays the program's until its control object is
 * deleted, although that thread ends.
 *
 * Messages wait in the kernel, in the order they were sent, until the program takes them. Of those
 * with a signal below TWZ_MESSAGE_QUEUED one of each waits at most: a second one is dropped. Each
 * message interrupts a thread of the program with the code TWZ_INTERRUPT_MESSAGE.
 */
struct twz_message {
	uint32_t signal; /* 1 to 64, as POSIX numbers them; 0 only asks whether the program is there
			  */
	int32_t code;	 /* the sender's affair, as are status and value */
	uint32_t sender; /* the kernel's word: the sender's number; 0 as an argument */
	int32_t status;
	uint64_t value;
};
#define TWZ_MESSAGE_QUEUED    32u
#define TWZ_MESSAGE_MAX	      1024u /* of a program; then OUT_OF_MEMORY */
#define TWZ_MESSAGE_CHILD     17u   /* SIGCHLD: a child's end */
#define TWZ_INTERRUPT_MESSAGE 64u

/* Flags of program_send. */
#define TWZ_SEND_END  0x1u /* a program that takes no messages is ended, as by the signal */
#define TWZ_SEND_KILL 0x2u /* every one is ended, nothing is left with it */

/* TWZ_PROGRAM_TAKES; a clone takes what its maker took, a new view nothing. */
#define TWZ_TAKES_MESSAGES 0x1u
#define TWZ_TAKES_CHILDREN \
	0x2u /* with it: code 1 (ended) or 2 (killed), status, at a child's end */

enum twz_program_command {
	TWZ_PROGRAM_TAKES = 0,	     /* of the caller; argument: TWZ_TAKES_* */
	TWZ_PROGRAM_GROUP = 1,	     /* returns the group's number */
	TWZ_PROGRAM_SET_GROUP = 2,   /* of the caller or a child of it; argument: the number of a
					group   of its session, or 0 for a group of its own */
	TWZ_PROGRAM_SESSION = 3,     /* returns the session's number */
	TWZ_PROGRAM_NEW_SESSION = 4, /* of the caller: a session and a group of its own */
	TWZ_PROGRAM_REPORT = 5,	     /* of the caller; argument: 32 bits for its control page */
	TWZ_PROGRAM_SUCCESSOR =
		6,	       /* of the caller; argument: const struct twz_id * of a view it
				  has   made, without a thread yet, which is known by the caller's
				  number and gets what is sent to it; NULL: none any more */
	TWZ_PROGRAM_CRASH = 7, /* of a child that has ended; argument: TWZ_CRASH_MAX bytes for a
				  struct twz_crash and what follows it; returns how many it
				  has; NOT_FOUND where nothing was kept */
};

/*
 * What the kernel keeps of a thread that ended its program by a fault, or by killing its own view
 * with a signal that stands for a defect (SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,
 * SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS): enough to name its callers elsewhere. image_count times
 * struct twz_crash_image follow, then stack_length bytes of the stack.
 */
struct twz_crash {
	uint32_t thread; /* number */
	uint32_t image_count;
	char name[32]; /* the thread's */
	struct twz_registers registers;
	uint64_t stack;	       /* address of the first byte kept: rsp */
	uint64_t stack_length; /* what could not be read in between is zero */
};

/* An ELF image that stands at `base` and may be executed. */
struct twz_crash_image {
	uint64_t base;
	uint8_t header[768]; /* its first bytes, program headers too: by these its file is known */
};

#define TWZ_CRASH_IMAGES 64u
#define TWZ_CRASH_STACK	 65536u
#define TWZ_CRASH_MAX                                                                   \
	(sizeof(struct twz_crash) + TWZ_CRASH_IMAGES * sizeof(struct twz_crash_image) + \
	 TWZ_CRASH_STACK)

struct twz_view_clone {
	uint64_t entry; /* start a thread here with the caller's FS base; 0: none */
	uint64_t stack;
	uint64_t argument;
	uint64_t flags; /* must be 0 */
};

/* ---- upcalls ---- */

/*
 * On a fault or interrupt the kernel switches to the thread's upcall stack (thread_control
 * UPCALL_STACK; else the current stack, 128-byte aligned down), copies struct twz_upcall_frame
 * there and enters `entry` with rdi = the frame. upcall_return(frame) resumes. A fault while the
 * frame cannot be written ends the program.
 */
struct twz_upcall_target {
	uint64_t entry;
	uint64_t flags; /* must be 0 */
};

struct twz_upcall_frame {
	struct twz_fault fault;	 /* registers: where the thread was */
	uint64_t extended_state; /* address of the saved FXSAVE/XSAVE area inside the frame's block
				  */
	uint64_t extended_size;
};

/* ---- threads ---- */

struct twz_thread_spec {
	struct twz_id view; /* none: the caller's own */
	uint64_t entry;	    /* entered with rdi = argument, rsp = stack, rbp = 0 */
	uint64_t stack;	    /* initial rsp, 16-byte aligned */
	uint64_t argument;
	uint64_t fs_base;      /* canonical user address */
	uint64_t upcall_stack; /* top, or 0 */
	uint64_t upcall_stack_length;
	uint32_t flags;	   /* TWZ_THREAD_SPEC_* */
	uint32_t priority; /* as of TWZ_THREAD_SET_PRIORITY, with the flag; else 0 */
};
#define TWZ_THREAD_SPEC_PRIORITY 0x1u /* `priority` holds; else it is the maker's */

/*
 * Priorities. The highest ready one runs; equal ones take turns, 4 ms each. Below
 * TWZ_PRIORITY_REALTIME priorities are shared: on each CPU the ready threads of lower shared
 * priorities get one turn between them every 100 ms, so that none starves. From it on they are
 * strict. A FIFO thread gives way only to higher ones, when it sleeps and when it yields. A thread
 * starts with its maker's priority and ceiling; the number of another thread must be one of the
 * caller's program. ACCESS_DENIED above the caller's or the thread's ceiling.
 */
#define TWZ_PRIORITIES	      64u
#define TWZ_PRIORITY_DEFAULT  16u
#define TWZ_PRIORITY_REALTIME 32
#define TWZ_PRIORITY_FIFO     0x100u

enum twz_thread_state {
	TWZ_THREAD_ALIVE = 0,
	TWZ_THREAD_DEAD = 1,
};

/* What a thread's id maps as, read-only. */
struct twz_thread_control {
	uint32_t state;	 /* enum twz_thread_state; wait here */
	uint32_t number; /* unique among living threads, >= 1 */
};

enum twz_thread_command {
	TWZ_THREAD_YIELD = 0,
	TWZ_THREAD_NUMBER = 1,	     /* returns the thread's number */
	TWZ_THREAD_SET_FS = 2,	     /* argument: canonical user address */
	TWZ_THREAD_SET_NAME = 3,     /* argument: NUL-ended string, 31 bytes kept */
	TWZ_THREAD_ROBUST_LIST = 4,  /* argument: struct robust_list_head as Linux lays it out */
	TWZ_THREAD_UPCALL_STACK = 5, /* argument: const uint64_t[2]: base, length; 0: none */
	TWZ_THREAD_CLEAR_WORD = 6, /* argument: uint32_t * cleared and woken when the thread ends */
	TWZ_THREAD_VIEW = 7,	   /* argument: struct twz_id * that receives the view's id */
	TWZ_THREAD_INTERRUPT_WORDS = 8, /* argument: struct twz_interrupt_words *, 8-byte aligned;
					   0: none */
	TWZ_THREAD_PRIORITY = 10,     /* argument: thread's number << 32, 0: the caller; returns its
					 priority and TWZ_PRIORITY_FIFO */
	TWZ_THREAD_SET_PRIORITY = 11, /* argument: number << 32 | TWZ_PRIORITY_FIFO | priority */
	TWZ_THREAD_SET_CEILING = 12,  /* argument: the highest priority that the caller, and threads
					 it makes, may have from now on; it only goes down */
	TWZ_THREAD_CALLS = 9, /* returns how many system calls the thread has made, this one too */
};

/*
 * What thread_interrupt leaves behind is a set of codes 1 to TWZ_INTERRUPT_MAX, one bit each, so
 * none replaces another and the same one sent twice before its upcall is one. While a code waits
 * for its upcall, every call of the thread that would sleep returns INTERRUPTED; one upcall brings
 * all codes.
 *
 * A runtime that does not act in the upcall itself (the thread was inside a call of its own, or has
 * the signal blocked) keeps its own sets in these words, which the kernel only reads: as long as
 * pending & ~blocked is not 0, thread_sync (without TWZ_SYNC_FIRM) and stream_read return
 * INTERRUPTED where they would sleep. Nothing is lost when the sender sets its bit in
 * `pending` and then calls thread_interrupt: before the sleeper's look at the words it sees the
 * bit, after it finds the code. Words that are not mapped count as 0. A clone's thread starts with
 * its maker's words, other threads with none.
 */
#define TWZ_INTERRUPT_MAX 64u
struct twz_interrupt_words {
	uint64_t blocked; /* changed by the thread itself */
	uint64_t pending; /* atomic */
};

enum twz_sync_kind {
	TWZ_SYNC_WAIT = 0,    /* sleep while the word equals value */
	TWZ_SYNC_WAKE = 1,    /* wake up to `value` waiters of the word */
	TWZ_SYNC_REQUEUE = 2, /* wake one, move up to value others to word2 */
};

/*
 * One operation of thread_sync. Words are keyed by (object, offset), so they work across views;
 * in a private object they are the view's own. All WAKEs are done first; if there is a WAIT, the
 * thread sleeps unless some word already differs. WOULD_BLOCK is never returned: a word that
 * differs returns its op's index at once.
 */
struct twz_sync_op {
	uint32_t *word;
	uint32_t value;
	uint32_t kind;	 /* enum twz_sync_kind */
	uint32_t *word2; /* REQUEUE */
	uint64_t flags;	 /* TWZ_SYNC_* */
	uint64_t value64;
};
#define TWZ_SYNC_64   0x1ull /* word is a uint64_t, compared with value64 */
#define TWZ_SYNC_FIRM 0x2ull /* of a WAIT: no interrupt ends this sleep, only the program's end */

/* ---- time, information ---- */

#define TWZ_CLOCK_MONOTONIC 0u
#define TWZ_CLOCK_REALTIME  1u
#define TWZ_CLOCK_THREAD    2u /* CPU time of the calling thread */
#define TWZ_CLOCK_PROGRAM   3u /* CPU time of the calling view */

struct twz_system_info {
	struct twz_abi_version abi;
	uint32_t cpus;
	uint64_t pages_total;
	uint64_t pages_free;
	uint64_t objects; /* alive, for leak checks */
	uint64_t views;
	uint64_t threads;
	struct twz_id names;	   /* root of the initial image's name tree */
	struct twz_id store_names; /* root of the store's name tree; none without a store */
	uint64_t boot_nanoseconds; /* from kernel entry to the first program */
};

#define TWZ_SHUTDOWN_POWEROFF                                              \
	0u /* with a debug-exit device: exit the virtual machine with code \
	    */
#define TWZ_SHUTDOWN_REBOOT 1u

struct twz_stream_stat {
	uint32_t kind;	   /* TWZ_STREAM_* */
	uint32_t open;	   /* more input may come: the host is connected and no end is marked */
	uint64_t readable; /* bytes ready */
	char name[32];
};
#define TWZ_STREAM_CONSOLE 0u
#define TWZ_STREAM_PORT	   1u

/* Commands of stream_control. */
#define TWZ_STREAM_INPUT_FROM 0u
#define TWZ_STREAM_INPUT_END  1u
#define TWZ_STREAM_OUTPUT_END 2u
/*
 * Of any stream; argument: struct twz_id * that receives the id of an object to be mapped
 * read-only. Its first uint32_t counts up when input may have come, or its end: wait there with
 * thread_sync.
 */
#define TWZ_STREAM_EVENTS 3u

struct twz_host_info {
	uint32_t message_size; /* largest message either way */
	uint32_t reserved;
	char tag[56];
};

/* ---- handlers ---- */

/* Registers the handler in `image` (format: handler_image.h). */
struct twz_handler_spec {
	struct twz_id image;
	const struct twz_id
		*outputs; /* one file object for each output of the manifest, in its order */
	uint64_t output_count;
};

struct twz_handler_stat {
	char name[64];
	char version[32];
	uint32_t flags; /* TWZ_HANDLER_STAT_* */
	uint32_t budget_ms;
	uint32_t memory_kb;
	uint32_t event_count; /* of the manifest */
	uint64_t events;      /* dispatched since boot */
	uint64_t committed;   /* of them, runs whose effects hold */
	uint64_t discarded;   /* of them, runs thrown away: fault, budget, forbidden call */
	uint64_t sequence;    /* of the last committed event, since the version's first */
	uint64_t snapshot_bytes;
	uint64_t last_cpu;	     /* CPU nanoseconds of the last run */
	uint32_t last_error;	     /* enum twz_error of the last discard, 0 = none */
	uint32_t last_syscall;	     /* the forbidden call, when NOT_IN_HANDLER */
	struct twz_fault last_fault; /* when BAD_ADDRESS */
};
#define TWZ_HANDLER_STAT_PERSISTENT 0x1u /* in the store: survives a reboot */
#define TWZ_HANDLER_STAT_PREVIOUS   0x2u /* there is a version to roll back to */

/* What started a run. Followed by `size` bytes of payload. */
struct twz_event {
	uint64_t sequence; /* of this handler, from 1 */
	uint64_t time;	   /* nanoseconds since the epoch, logged */
	uint32_t kind;	   /* TWZ_EVENT_* */
	uint32_t index;	   /* of the event in the manifest */
	uint64_t size;
};
#define TWZ_EVENT_TIMER	      1u
#define TWZ_EVENT_APPLICATION 2u
#define TWZ_EVENT_BOOT	      3u
#define TWZ_EVENT_OBJECT      4u
#define TWZ_EVENT_INPUT	      5u

#endif
