# SPDX-License-Identifier: BSD-2-Clause
"""libtwz_rt_min.a; the sources that go into both runtimes, for runtime-ref."""

shared = glob("**/*.c", exclude=["static/*.c"])
flags = ["-I//runtime-min", "-I//libtwz/include", "-fPIC", "-fno-stack-protector", "-fno-asynchronous-unwind-tables",
         "-ffunction-sections", "-fdata-sections"]

# One member whose internal names are its own: no function of a program can stand in for them; and the byte functions,
# for programs without libstd-c.
members = objects("min", shared + glob("static/*.c"), tool="freestanding", flags=flags)
byte_functions = [member for member in members if member.endswith("/string.c.o")]
rest = [member for member in members if member not in byte_functions]
library = archive("libtwz_rt_min.a",
                  [relocatable("runtime-min.o", rest, objcopy=["--localize-hidden"]), *byte_functions])
install(library, "lib/libtwz_rt_min.a")
default(library)
alias("runtime-min", [library])
export("shared", shared)
export("flags", flags)
export("library", library)
