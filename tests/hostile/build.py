# SPDX-License-Identifier: BSD-2-Clause
# The fuzz targets of hostile objects (libFuzzer, of clang): made when ./build.sh fuzz --target asks for them.

library = glob("*.c", "collections/*.c", "layout/*.c", "host/*.c", root="//libtwz")
store = glob("*.c", root="//kernel/store", exclude=["kernel_*.c"])
SHARED = ["-I.", "-I//libtwz/include", "-I//tests/unit", "-O1"]
code = objects("fuzzed", ["main.c", "objects.c", "collections.c"] + library, tool="fuzzed", flags=["-I//libtwz"] + SHARED)
code += objects("fuzzed", ["store.c"] + store, tool="fuzzed", flags=["-I//kernel/store"] + SHARED)
alias("hostile", [link("hostile", code, tool="fuzzed", flags=["-pthread"])])
