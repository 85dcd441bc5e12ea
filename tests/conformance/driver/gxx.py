# SPDX-License-Identifier: BSD-2-Clause
"""g++.dg: the tests of GCC's C++ testsuite that say themselves that they are to be run."""

import os

import directives
from programs import Program
from source import unpacked

SUMMARY = "the run tests of g++.dg of GCC's own testsuite"
LEVELS = ["-"]  # each test says its own options

# Folders whose drivers do more than build and run a program, or whose libraries this compiler is configured without.
ELSEWHERE = {
    "asan": "libsanitizer is not built", "ubsan": "libsanitizer is not built", "tsan": "libsanitizer is not built",
    "hwasan": "libsanitizer is not built", "gcov": "libgcov is not built", "bprob": "libgcov is not built",
    "tree-prof": "libgcov is not built", "gomp": "libgomp is not built", "goacc": "libgomp is not built",
    "goacc-gomp": "libgomp is not built", "tm": "libitm is not built", "lto": "its driver links several files' halves",
    "compat": "its driver links two compilers' halves", "guality": "its driver is gdb", "simulate-thread": "its driver is gdb",
    "pch": "its driver makes precompiled headers", "modules": "its driver builds modules in order",
    "plugin": "configured without plugins", "graphite": "configured without isl", "analyzer": "compiled only"}

HAS = {name: True for name in (
    "alloca", "c99_runtime", "cxa_atexit", "exceptions", "fpic", "indirect_jumps", "init_priority", "int32", "int32plus", "int128",
    "label_values", "lp64", "pie", "pie_enabled", "pthread", "pthread_h", "ptr32plus", "size20plus", "size32plus", "sse",
    "sse2", "sse2_runtime", "sse_runtime", "stdint_types", "tls", "tls_native", "tls_runtime", "trampolines", "ucn", "unwrapped",
    "vect_int", "wchar", "rtti", "hosted", "mmap", "fstack_protector", "return_address", "pcc_bitfield_type_matters", "non_bionic",
    "cxx11_abi", "float16", "float16_runtime", "float32", "float32_runtime", "float64", "float64_runtime", "float128",
    "float128_runtime", "float32x", "float32x_runtime", "float64x", "float64x_runtime", "run_expensive_tests", "gas", "gld",
    "named_sections", "weak_undefined", "sync_int_long", "sync_char_short", "fenv_exceptions", "ieee", "section_anchors",
    "untyped_assembly", "nonlocal_goto", "strub", "store_merge", "longlong64", "musl", "fileio", "stack_size", "const_volatile_readonly_section",
    "alias", "lto", "sync_long_long", "sync_long_long_runtime", "large_double", "double64", "double64plus", "avx_runtime", "avx2_runtime", "avx", "avx2", "mempcpy",
    "non_strict_align", "thread_fence", "size24plus", "large_long_double", "unaligned_store", "issignaling")}
HAS.update({name: False for name in (
    "arm32", "arm_neon", "arm_fp16_alternative_ok", "arm_eabi", "avx512f_runtime", "avx512f", "default_packed", "dfp", "dfprt",
    "dlopen", "fgraphite", "fopenmp", "freestanding", "hard_float", "ia32", "ifunc", "ilp32", "int16", "llp64",
    "mips64", "native", "newlib", "nonpic", "offload_device", "offload_nvptx", "powerpc_vsx_ok", "profile_update_atomic",
    "simulator", "split_stack", "static", "strict_align", "vect_no_align", "x32", "uclibc", "vxworks_kernel", "vxworks_rtp",
    "keeps_null_pointer_checks", "no_exceptions", "arm_thumb1", "mingw", "cet", "hwaddress_exec", "shared",
    "powerpc64", "s390_vx", "avr_tiny", "bfloat16_runtime", "cxx_contracts", "sysv", "short_enums", "avxvnni", "trapping", "fenv",
    "ppc_float128_sw", "powerpc_spe_nocache", "arm_thumb1_ok", "vmx_hw", "powerpc_altivec_ok", "sse4_runtime", "s390_vxe", "bmi2", "pow10", "lax_strtofp", "c++20_modules")})
OPTIONS = {"tls": [], "ieee": [], "float16": [], "float32": [], "float64": [], "float128": [], "float32x": [], "float64x": [],
           "stack_size": [], "bfloat16": [], "bind_pic_locally": [], "dg-require-gc-sections": True, "dg-require-weak": True, "dg-require-alias": True, "dg-require-cxa-atexit": True,
           "dg-require-visibility": True, "dg-require-profiling": False, "dg-require-dll": False, "dg-require-iconv": True,
           "dg-require-stack-check": True, "dg-require-linker-plugin": True, "dg-require-named-sections": True,
           # An IFUNC in a static program needs relocations that crt1 would have to apply.
           "dg-require-ifunc": False, "dg-require-stack-size": True, "dg-require-fork": True, "dg-require-prefork": True,
           "dg-require-host-local": True, "dg-require-weak-override": True}

DEFAULT = ["-pedantic-errors", "-Wno-long-long"]
# The standards to try: this compiler's default first.
ORDER = [17, 20, 23, 26, 14, 11, 98]


def planned(text, default, base, has, options, default_action="compile", order=ORDER):
    """The plan with the standard that the test names, or else the first in `order` that it can have."""
    named = None
    for name, *arguments in directives.directives(text):
        if name in ("dg-options", "dg-additional-options") and arguments:
            named = directives.standard_of(directives.words(arguments[0])) or named
    if named is not None:
        return directives.plan(text, default, base, named, has, options, default_action)
    refused = None
    for standard in order:
        try:
            plan = directives.plan(text, default, [*base, f"-std=gnu++{standard}"], standard, has, options, default_action)
            if plan.action == "run":
                return plan
            refused = refused or directives.Unsupported(f"dg-do {plan.action}")
        except directives.Unsupported as why:
            refused = refused or why
    raise refused


def programs(_level, _builder):
    """Every test of g++.dg with a "dg-do run"."""
    place = unpacked("gcc-testsuite") + "/gcc/testsuite/g++.dg"
    made = []
    for folder, _, files in os.walk(place):
        for file in files:
            source = os.path.join(folder, file)
            if not file.endswith(".C"):
                continue
            with open(source, encoding="latin-1") as stream:
                text = stream.read()
            if not any(words[:2] == ["dg-do", "run"] for words in directives.directives(text)):
                continue
            name = os.path.relpath(source, place)[:-2]
            program = Program(name, [source], compiler="g++")
            made.append(program)
            top = name.split("/")[0]
            if top in ELSEWHERE:
                program.unsupported = ELSEWHERE[top]
                continue
            default = ["-O2"] if top == "torture" else DEFAULT
            try:
                plan = planned(text, default, ["-fdiagnostics-plain-output"], HAS, OPTIONS,
                               order=[20, 23, 26] if top == "coroutines" else ORDER)
            except directives.Unsupported as why:
                program.unsupported = str(why)
                continue
            if plan.action != "run":
                program.unsupported = f"dg-do {plan.action}"
                continue
            program.flags, program.shouldfail, program.xfail = plan.flags, plan.shouldfail, plan.xfail
            program.outputs, program.environment = plan.outputs, plan.environment
            program.sources += [os.path.join(folder, extra) for extra in plan.sources]
            # A source among the options, named from DejaGnu's $srcdir.
            program.sources += [f"{place}/../{flag[10:]}" for flag in plan.flags if flag.startswith("${srcdir}/")]
            program.flags = [flag for flag in plan.flags if not flag.startswith("${srcdir}/")]
            if "-march=native" in plan.flags:
                program.unsupported = "asks for the build host's processor"
            if any(flag.startswith(("-fsanitize", "-fprofile", "-fopenmp", "-fgnu-tm")) for flag in plan.flags):
                program.unsupported = "options for a library that is not built"
    return made
