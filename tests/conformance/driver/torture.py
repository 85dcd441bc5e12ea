# SPDX-License-Identifier: BSD-2-Clause
"""gcc.c-torture/execute: GCC's oldest tests of generated code, each compiled at one level and run."""

import glob
import os
import re

import directives
from programs import Program
from source import unpacked

SUMMARY = "gcc.c-torture/execute of GCC's own testsuite (--level=-O0, -O2, -O3)"
LEVELS = ["-O2", "-O0", "-O3"]

# What the target has, by GCC's names for it (gcc/testsuite/lib/target-supports.exp).
HAS = {name: True for name in (
    "alloca", "c99_runtime", "fpic", "double64plus", "fileio", "indirect_calls", "indirect_jumps", "int128", "int32plus", "label_values",
    "longlong64", "lp64", "mmap", "nonlocal_goto", "ptr32plus", "return_address", "signal", "size20plus", "size32plus",
    "stdint_types", "trampolines", "unwrapped", "untyped_assembly", "int32", "double64", "longdouble64", "large_double")}
HAS.update({name: False for name in ("freestanding", "newlib_nano_io", "vxworks_kernel", "ia32", "ilp32", "dfp", "simulator",
                                     "llp64", "x32", "avr_tiny", "keeps_null_pointer_checks")})
OPTIONS = {"stack_size": [], "dg-require-alias": True, "dg-require-weak": True, "dg-require-stack-size": True,
           "dg-require-ifunc": True, "dg-require-visibility": True, "ieee": []}

IEEE = ["-fno-inline"]
BUILTINS = ["-fno-tree-dse", "-fno-tree-loop-distribute-patterns", "-fno-tracer", "-fno-ipa-ra", "-fno-inline-functions"]


def extra_flags(source):
    """What a test's .x file adds: Tcl, of which only the unconditional additions matter here."""
    path = source[:-2] + ".x"
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [flag for found in re.finditer(r"^(?:lappend|set) additional_flags (.*)$", file.read(), re.M)
                for flag in directives.words(found[1])]


def programs(level, _builder):
    """Every test at a level."""
    place = unpacked("gcc-testsuite") + "/gcc/testsuite/gcc.c-torture/execute"
    made = []
    for source in glob.glob(f"{place}/*.c") + glob.glob(f"{place}/ieee/*.c") + glob.glob(f"{place}/builtins/*.c"):
        if source.endswith("-lib.c"):
            continue
        folder = os.path.basename(os.path.dirname(source))
        program = Program(os.path.relpath(source, place)[:-2], [source])
        base = ["-w", level]
        if folder == "ieee":
            base += IEEE + extra_flags(source)
        elif folder == "builtins":
            base += BUILTINS + extra_flags(source)
            program.sources += [source[:-2] + "-lib.c", f"{place}/builtins/lib/main.c"]
        with open(source, encoding="latin-1") as file:
            text = file.read()
        try:
            plan = directives.plan(text, [], base, 17, HAS, OPTIONS, "run")
            program.flags, program.shouldfail, program.xfail = plan.flags, plan.shouldfail, plan.xfail
            program.outputs = plan.outputs
        except directives.Unsupported as why:
            program.unsupported = str(why)
        made.append(program)
    return made
