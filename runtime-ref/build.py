# SPDX-License-Identifier: BSD-2-Clause
"""libtwz_rt.so: the loader, the sources that both runtimes share, and libtwz, whole."""

flags = use("runtime-min", "flags")
libtwz = f"{BUILD}/libtwz/libtwz.a"
sources = glob("*.c", "*.S")
ldflags = ["-shared", "-Wl,-soname,libtwz_rt.so", "-Wl,-Bsymbolic", "-Wl,-z,defs,-z,relro,-z,now",
           "-Wl,-e,loader_entry", "-Wl,--gc-sections", f"-Wl,--version-script={FOLDER}/exports.map"]
parts = objects("ref", sources + use("runtime-min", "shared"), tool="freestanding", flags=flags)
library = link("libtwz_rt.so", parts, tool="freestanding", needs=["exports.map", libtwz], flags=ldflags,
               libs=["-Wl,--whole-archive", libtwz, "-Wl,--no-whole-archive", "-lgcc"])
install(library, "lib/libtwz_rt.so")
image_file("/lib/libtwz_rt.so", library)
default(library)
alias("runtime-ref", [library])
export("library", library)
export("sources", sources)
export("ldflags", ldflags)

unit_test("elf", ["//tests/unit/elf_test.c", "//runtime-min/exec/elf.c"], flags=["-I//runtime-min"])
unit_test("loader", ["//tests/unit/loader_test.c", "//runtime-min/exec/elf.c", *glob("loader_dynamic.c", "loader_relocate.c", "loader_symbol.c")],
          flags=["-I//runtime-min"])
