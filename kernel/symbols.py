# SPDX-License-Identifier: BSD-2-Clause
"""Print the kernel's symbol table as C, from the output of nm: for backtraces.

Usage: symbols.py NM KERNEL OUTPUT.c; KERNEL "-" makes an empty table, for the first link.
"""
import subprocess
import sys


def read_symbols(nm, kernel):
    start, symbols = None, []
    for row in subprocess.run([nm, "-n", kernel], check=True, capture_output=True,
                              text=True).stdout.splitlines():
        address, kind, name = row.split()[:3] if len(row.split()) == 3 else ("0", "?", "")
        if name == "kernel_image_start":
            start = int(address, 16)
        elif kind in "tT" and not name.startswith(".L"):
            symbols.append((int(address, 16), name))
    return [(address - start, name) for address, name in symbols if address >= start]


def main():
    nm, kernel, output = sys.argv[1:]
    symbols = [] if kernel == "-" else read_symbols(nm, kernel)
    offsets, names, text, at = [], [], [], 0
    for offset, name in symbols:
        offsets.append(f"\t{offset:#x},\n")
        names.append(f"\t{at},\n")
        text.append(f'\t"{name}\\0"\n')
        at += len(name) + 1
    with open(output, "w", encoding="ascii") as out:
        out.write("/* SPDX-License-Identifier: BSD-2-Clause */\n"
                  "/* Made by kernel/symbols.py: the kernel's functions by address. */\n"
                  "#include <stdint.h>\n\n"
                  "extern const uint32_t kernel_symbol_count;\n"
                  "extern const uint32_t kernel_symbol_offsets[], kernel_symbol_names[];\n"
                  "extern const char kernel_symbol_text[];\n\n"
                  f"const uint32_t kernel_symbol_count = {len(symbols)};\n"
                  "const uint32_t kernel_symbol_offsets[] = {\n" + "".join(offsets or ["\t0,\n"]) + "};\n"
                  "const uint32_t kernel_symbol_names[] = {\n" + "".join(names or ["\t0,\n"]) + "};\n"
                  "const char kernel_symbol_text[] =\n" + "".join(text or ['\t""\n']) + "\t;\n")


main()
