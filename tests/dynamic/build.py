# SPDX-License-Identifier: BSD-2-Clause
"""Shared libraries of a user and the programs that load them, for the OS and, with a loader over Linux, for the build host."""

DIRECTORY = f"{BUILD}/tests/dynamic"
RUNPATH = "-Wl,-rpath,$ORIGIN"


def library(name, source, libs=(), flags=()):
    """lib{name}.so, found where the program that needs it lies."""
    compiled = objects(f"lib{name}", [f"source/{source}"], flags=["-fPIC"])
    return link(f"{DIRECTORY}/lib{name}.so", compiled, cxx=source.endswith(".cc"), libs=libs,
                flags=["-shared", f"-Wl,-soname,lib{name}.so", RUNPATH, *flags])


base = library("base", "libbase.c")
counter = library("counter", "libcounter.c", [f"//{base}"])
plugin = library("plugin", "libplugin.c", [f"//{base}"])
throw = library("throw", "libthrow.cc")

# The loader with Linux below it in place of Twizzler's kernel and of the descriptors of runtime-min.
below = glob("host/*.c") + ["//tests/host-runtime/file.c", "//tests/host-runtime/thread.c",
                                "//tests/host-runtime/untried.c"]
shared = [f"//runtime-min/{name}.c" for name in ["exec/cache", "exec/elf", "exec/image", "lock", "start", "string"]]
loader = link(f"{DIRECTORY}/libtwz_rt.so",
              objects("loader", use("runtime-ref", "sources") + shared + below, tool="freestanding",
                      flags=use("runtime-min", "flags")),
              tool="freestanding", flags=use("runtime-ref", "ldflags"), libs=["-lgcc"])
on_host = [f"-Wl,--dynamic-linker={ROOT}/{loader}"]

# The note of an ABI version that no system provides, put over a good one.
note = generate("note", r"printf '\011\0\0\0\014\0\0\0\001\0\0\0Twizzler\0\0\0\0c\0\0\0\001\0\0\0\0\0\0\0' > " + f"{OUT}/note",
                needs=["build.py"])


def other_version(output, source):
    return generate(f"{DIRECTORY}/{output}", [f"{PREFIX}objcopy", "--update-section", f".note.twizzler={note}", "$in", "$out"],
                    [f"//{source}"], needs=[f"//{note}"])


programs = []
for name, source, libs, flags in [
    ("hello", "hello.c", [], []),
    ("fixed", "hello.c", [], ["-no-pie"]),
    ("library", "library.c", [counter, base], []),
    ("open", "open.c", [], ["-rdynamic"]),
    ("throw", "throw.cc", [throw], []),
    ("start", "start.c", [], []),
    ("start-static", "start.c", [], ["-static"]),
    ("fork", "fork.c", [], []),
    ("fork-static", "fork.c", [], ["-static"]),
]:
    compiled = objects(f"program-{name}", [f"source/{source}"])
    for place, more in [("", [])] if source in ("start.c", "fork.c") else [("", []), ("host-", on_host)]:
        programs.append(link(f"{DIRECTORY}/{place}{name}", compiled, cxx=source.endswith(".cc"), flags=[RUNPATH, *flags, *more],
                             libs=[f"//{lib}" for lib in libs], needs=[f"//{loader}"]))

programs += [other_version("other-abi/libbase.so", base), other_version("other-abi-hello", f"{DIRECTORY}/hello"),
             other_version("host-other-abi-hello", f"{DIRECTORY}/host-hello")]
default(*[f"//{path}" for path in [plugin, *programs]])
