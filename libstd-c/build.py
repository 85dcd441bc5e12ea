# SPDX-License-Identifier: BSD-2-Clause
"""libstd-c: musl's sources for x86_64 less those that twix replaces, as libstd-c.a and libstd-c.so, and the crt files."""

import os

ARCH = "x86_64"

# Sources of musl that are not built: their work is done by twix/ or by the runtime.
REPLACED = [
    "src/env/__init_tls.c",  # start.c
    "src/fenv/fenv.c", "src/fenv/x86_64/fenv.s",  # fenv.c
    "src/ldso/*", "src/ldso/x86_64/*",  # dl.c, the runtime
    "src/process/posix_spawn.c", "src/process/posix_spawnp.c",  # spawn.c
    "src/process/vfork.c", "src/process/x86_64/vfork.s",  # process.c
    "src/thread/__tls_get_addr.c",  # thread.c
    "src/time/clock_gettime.c",  # time.c
    "src/thread/__unmapself.c", "src/thread/x86_64/__unmapself.s",
    "src/thread/clone.c", "src/thread/x86_64/clone.s",
    "src/thread/__set_thread_area.c", "src/thread/x86_64/__set_thread_area.s",  # the runtime
    "src/thread/pthread_mutex_lock.c",  # mutex.c
    "src/thread/pthread_once.c",  # once.c
    "src/thread/syscall_cp.c", "src/thread/x86_64/syscall_cp.s",  # syscall_cp.c
    "src/thread/pthread_getattr_np.c",  # misc.c
    "src/mq/mq_notify.c",  # mq_notify.c
    "src/string/memmove.c", "src/string/x86_64/memmove.s",  # memmove.S
    "src/string/memcpy.c", "src/string/x86_64/memcpy.s",  # memmove.S
    "src/string/memcmp.c",  # memcmp.c
    "src/string/strcspn.c",  # strcspn.c
    # Assembler for which musl's own C version stands in: a raw system call, and use of the red zone.
    "src/signal/x86_64/restore.s",
    "src/math/x86_64/exp2l.s", "src/math/x86_64/expm1l.s",
]

# Sources whose maps of stacks go to twix/stack.c.
STACKS = ["src/thread/pthread_create.c", "src/thread/pthread_join.c"]
STACK_FLAGS = ["-D__mmap=twix_stack_map", "-D__mprotect=twix_stack_protect", "-D__munmap=twix_stack_unmap"]

# Sources that end a program at once (a_crash): their HLT would go on in a unikernel, so that they get a header of ours first.
CRASHES = ["src/env/__stack_chk_fail.c", "src/exit/abort.c"]
CRASHES_IN = "/malloc/mallocng/"
CRASH_FLAGS = [f"-Iarch/{ARCH}/crash"]

# What musl's configure adds on x86_64, at -O2.
MUSL_BASE = ["-std=c99", "-O2", "-pipe", "-w"]
MUSL_FLAGS = [
    "-g1",  # functions and lines, for crash reports and gdb
    "-D_XOPEN_SOURCE=700", "-fexcess-precision=standard", "-frounding-math", "-fno-strict-aliasing",
    "-fomit-frame-pointer", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables",
    "-ffunction-sections", "-fdata-sections", "-fno-stack-protector", "-fno-tree-loop-distribute-patterns",
    "-Werror=implicit-function-declaration", "-Werror=implicit-int", "-Werror=pointer-sign",
    "-Werror=pointer-arith", "-Werror=int-conversion", "-Werror=incompatible-pointer-types",
    "-Werror=discarded-qualifiers", "-Werror=discarded-array-qualifiers",
]

# Internal headers before public ones, ours before musl's; the generated ones come with the installed headers.
INCLUDES = [f"{MUSL}/arch/{ARCH}", f"{MUSL}/arch/generic", f"{OUT}/include", f"{MUSL}/src/include",
            f"{MUSL}/src/internal", f"{SYSROOT}/include"]


def musl_sources():
    """A file below src/X/x86_64 takes the place of src/X's file of that name, unless it is replaced itself."""
    found = {}
    for source in glob("src/*/*.c", "src/malloc/mallocng/*.c", root=f"//{MUSL}", exclude=REPLACED):
        found[os.path.splitext(source)[0]] = source
    for source in glob(f"src/*/{ARCH}/*.[csS]", root=f"//{MUSL}", exclude=REPLACED):
        found[os.path.splitext(source)[0].replace(f"/{ARCH}/", "/")] = source
    return sorted(found.values())


version = generate("include/version.h",
                   "printf '#define VERSION \"%s\"\\n' $$(cat " + MUSL + "/VERSION) > " + f"{OUT}/include/version.h",
                   [f"{MUSL}/VERSION"])


def library(name, flags):
    """All objects of the library, compiled with FLAGS."""
    def of_musl(sources, more):
        return objects(name, sources, tool="freestanding", base=MUSL_BASE, needs=[version],
                       flags=MUSL_FLAGS + flags + more + ["-I" + path for path in ["arch/" + ARCH, *INCLUDES]])

    stacks = [source for source in musl_sources() if source.endswith(tuple(STACKS))]
    crashes = [source for source in musl_sources() if source.endswith(tuple(CRASHES)) or CRASHES_IN in source]
    special = {*stacks, *crashes}
    musl = of_musl([source for source in musl_sources() if source not in special], []) + of_musl(stacks, STACK_FLAGS)
    musl += of_musl(crashes, CRASH_FLAGS)
    system = [word for path in [*INCLUDES, f"{MUSL}/src/process"] for word in ("-isystem", path)]
    twix = objects(name, glob("twix/*.[cS]"), tool="freestanding",
                   base=["-g", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", *system], cflags=["-std=gnu17"],
                   flags=["-Iarch/" + ARCH, "-I//libtwz/include", "-ffunction-sections", "-fdata-sections", "-fno-stack-protector",
                          *flags])
    return musl + twix


static = archive("libstd-c.a", library("static", []))
shared = link("libstd-c.so", library("shared", ["-fPIC"]), tool="freestanding",
              flags=["-shared", "-Wl,-soname,libstd-c.so", "-Wl,-init,none", "-Wl,-fini,none",
                     "-Wl,-Bsymbolic-functions",
                     f"-Wl,--dynamic-list={MUSL}/dynamic.list", "-Wl,--gc-sections"],
              libs=[f"{OUT}/crt/crt/crti.S.o", "-lgcc"])

install(static, "lib/libstd-c.a")
install(shared, "lib/libstd-c.so")
install("->libstd-c.a", "lib/libc.a")
install("->libstd-c.so", "lib/libc.so")
empty = archive("empty.a", [])
for name in ["crypt", "dl", "m", "pthread", "resolv", "rt", "util", "xnet"]:
    install(empty, f"lib/lib{name}.a")

# The first and last objects of every program. crt1-unikernel.o is the unikernel's own.
CRT_FLAGS = ["-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-I" + f"{SYSROOT}/include"]
for name, source, flags in [("crt1", "crt/crt1.c", []), ("Scrt1", "crt/crt1.c", ["-fPIC"]),
                            ("rcrt1", "crt/rcrt1.c", ["-fPIC"]), ("crti", "crt/crti.S", []), ("crtn", "crt/crtn.S", [])]:
    install(objects("crt" if name[:3] == "crt" else name, [source], tool="freestanding", flags=CRT_FLAGS + flags)[0],
            f"lib/{name}.o")
export("crt_flags", CRT_FLAGS)
