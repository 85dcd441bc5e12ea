# SPDX-License-Identifier: BSD-2-Clause
"""libtwz_rt_min.a; the sources that go into both runtimes, for runtime-ref."""

shared = glob("*.c")
flags = ["-I//libtwz/include", "-fPIC", "-fno-stack-protector", "-fno-asynchronous-unwind-tables",
         "-ffunction-sections", "-fdata-sections"]

library = archive("libtwz_rt_min.a", objects("min", shared + glob("static/*.c"), tool="freestanding", flags=flags))
install(library, "lib/libtwz_rt_min.a")
default(library)
alias("runtime-min", [library])
export("shared", shared)
export("flags", flags)
export("library", library)
