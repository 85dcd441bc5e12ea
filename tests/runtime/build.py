# SPDX-License-Identifier: BSD-2-Clause
"""The contract tests of the Runtime ABI: one set of sources, linked with either runtime."""

HEADERS = glob("*.h", root="//sysroot/include/twizzler/rt")
functions = generate("functions.inc", f"python3 {FOLDER}/contracts.py --table {' '.join(header[2:] for header in HEADERS)} > $out",
                     needs=["contracts.py", *HEADERS])

compiled = objects("objects", glob("*.c", exclude=["library.c"]), flags=["-I//libtwz/include", f"-I{OUT}"], needs=[functions])
library = link("libcontract.so", objects("library", ["library.c"], flags=["-fPIC"]), flags=["-shared"])
programs = [link("contract-static", compiled, flags=["-static"], libs=["-ltwz"]), link("contract-dynamic", compiled)]
default(library, *programs)
alias("runtime-tests", [library, *programs])
