# SPDX-License-Identifier: BSD-2-Clause
"""Programs that the tests of crash reports, of gdb and of --trace run."""

DIRECTORY = f"{BUILD}/tests/debug"
RUNPATH = "-Wl,-rpath,$ORIGIN"

library = link(f"{DIRECTORY}/libfault.so", objects("library", ["source/libfault.c"], flags=["-fPIC"]),
               flags=["-shared", "-Wl,-soname,libfault.so"])
crash = objects("crash", ["source/crash.c"])
throws = objects("throws", ["source/throws.cc"])
for shape, flags in [("static", ["-static"]), ("unikernel", ["-unikernel"])]:
    default(link(f"{DIRECTORY}/crash-{shape}", crash, flags=flags))
    default(link(f"{DIRECTORY}/throws-{shape}", throws, flags=flags, cxx=True))
traced = objects("traced", ["source/traced.c"], flags=["-I//libtwz/include"])
for shape, flags in [("static", ["-static"]), ("dynamic", [])]:
    default(link(f"{DIRECTORY}/traced-{shape}", traced, flags=flags))
default(link(f"{DIRECTORY}/traced-unikernel", objects("traced-objects", ["source/traced.c"],
                                                      flags=["-I//libtwz/include", "-DUNIKERNEL"]), flags=["-unikernel"]))
look = objects("look", ["source/look.c"], flags=["-I//libtwz/include"])
for shape, flags in [("static", ["-static"]), ("dynamic", [RUNPATH])]:
    default(link(f"{DIRECTORY}/look-{shape}", look, flags=flags))
default(link(f"{DIRECTORY}/throws-dynamic", throws, cxx=True))
default(link(f"{DIRECTORY}/crash-dynamic", objects("crash-library", ["source/crash.c"], flags=["-DWITH_LIBRARY"]),
             flags=[RUNPATH], libs=[f"//{library}"]))
