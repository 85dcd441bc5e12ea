# SPDX-License-Identifier: BSD-2-Clause
"""libstdc++'s own testsuite: its run tests, each with the first language standard that it takes."""

import glob
import os
import subprocess

import directives
from gxx import planned
from programs import ROOT, TOOLS, Program
from source import unpacked

SUMMARY = "the run tests of libstdc++'s own testsuite"
LEVELS = ["-"]

HAS = {name: True for name in (
    "cxx11_abi", "exceptions_enabled", "exceptions", "gthreads", "hosted", "ieee_floats", "int32plus", "large_long_double", "lp64", "net_ts_ip",
    "pthread", "random_device", "rtti", "size32plus", "std_allocator_new", "tls_runtime", "tls", "tzdb", "run_expensive_tests",
    "static", "unwrapped", "x86", "fileio", "thread_fence", "libatomic_available", "normal_namespace", "normal_mode", "wchar_t")}
HAS.update({name: False for name in (
    "broken_cplxf_arg", "debug_mode", "dfp", "dummy_wcsftime", "futex", "ia32", "ilp32", "lax_strtofp", "llp64", "native", "newlib",
    "newlib_broken_long_double_io", "simulator", "tbb_backend", "x32", "no_exceptions", "avr_tiny", "short_enums", "freestanding",
    "uclibc", "rtems", "parallel_mode")})

# check_v3_target_* of the testsuite, as this library's c++config.h answers them.
OPTIONS = {
    "ieee": [], "libatomic": [], "net_ts": [], "tls": [], "strict_std": [],
    "no_pch": ["-D__GLIBCXX__=99999999"], "using-deprecated": ["-U_GLIBCXX_USE_DEPRECATED", "-D_GLIBCXX_USE_DEPRECATED=1"],
    "dg-require-c-std": True, "dg-require-cstdint": True, "dg-require-cmath": True, "dg-require-gthreads": True,
    "dg-require-gthreads-timed": True, "dg-require-fileio": True, "dg-require-time": True, "dg-require-thread-fence": True,
    "dg-require-atomic-cmpxchg-word": True, "dg-require-atomic-builtins": True, "dg-require-sleep": True,
    "dg-require-sched-yield": True, "dg-require-string-conversions": True, "dg-require-swprintf": True, "dg-require-binary-io": True,
    "dg-require-nprocs": True, "dg-require-static-libstdcxx": True, "dg-require-little-endian": True, "dg-require-normal-mode": True,
    "dg-require-normal-namespace": True, "dg-require-target-fs-symlinks": True,
    "dg-require-target-fs-lwt": True, "dg-require-cpp-feature-test": True, "dg-require-effective-target": True,
    "dg-require-filesystem-ts": True,
    # The generic locale model knows "C" alone.
    "dg-require-namedlocale": False,
    # The whole library would have to be compiled in these modes.
    "dg-require-debug-mode": False, "dg-require-parallel-mode": False, "dg-require-profile-mode": False,
    # No libiconv; the programs are static.
    "dg-require-target-fs-space": True, "dg-require-iconv": False, "dg-require-sharedlib": False}

SUPPORT = ["testsuite_abi.cc", "testsuite_allocator.cc", "testsuite_character.cc", "testsuite_hooks.cc",
           "io/verified_cmd_line_input.cc", "io/prog_bar.cc", "performance/time/elapsed_timer.cc"]
# Folders of other drivers, and names that conformance.exp leaves out.
ELSEWHERE = {"libstdc++-prettyprinters": "its driver is gdb", "libstdc++-xmethods": "its driver is gdb",
             "libstdc++-abi": "its driver compares symbol tables", "performance": "measures and checks nothing"}


def support(builder, place):
    """libtestc++.a: what the tests link with."""
    objects = [builder.object(f"{place}/util/{file}", ["-O2", "-w", f"-I{place}", f"-I{place}/util"], "g++") for file in SUPPORT]
    library = f"{ROOT}/build/conformance/libtestc++.a"
    os.makedirs(os.path.dirname(library), exist_ok=True)
    new = f"{library}.{os.getpid()}"
    subprocess.run([f"{TOOLS}/x86_64-twizzler-ar", "rcs", new, *objects], check=True)
    os.rename(new, library)
    return library


def programs(_level, builder):
    """Every test with a "dg-do run"."""
    place = unpacked("gcc-testsuite") + "/libstdc++-v3/testsuite"
    base = ["-fdiagnostics-plain-output", "-O2", '-DLOCALEDIR="."', f"-I{place}/util"]
    data = glob.glob(f"{place}/data/*.t*")
    library = support(builder, place)
    made = []
    for source in glob.glob(f"{place}/**/*.cc", recursive=True):
        name = os.path.relpath(source, place)[:-3]
        with open(source, encoding="latin-1") as file:
            text = file.read()
        if not any(words[:2] == ["dg-do", "run"] for words in directives.directives(text)):
            continue
        program = Program(name, [source], compiler="g++", objects=[library], timeout=120)
        made.append(program)
        if name.split("/")[0] in ELSEWHERE or "_xin" in name:
            program.unsupported = ELSEWHERE.get(name.split("/")[0], "wants a person at the terminal")
            continue
        try:
            plan = planned(text, [], base, HAS, OPTIONS)
        except directives.Unsupported as why:
            program.unsupported = str(why)
            continue
        if any(flag.endswith(".so") for flag in plan.flags):
            program.unsupported = "a shared library beside a static program"
        # In a boot on Twizzler's own files: the host's have times of another clock, and nobody says how much room there is.
        program.scratch = "filesystem" in name.split("/")
        program.flags, program.shouldfail, program.xfail = plan.flags, plan.shouldfail, plan.xfail
        program.outputs, program.environment = plan.outputs, plan.environment
        if "stacktrace" in name:
            program.flags, program.debug = [*program.flags, "-g"], True
        program.sources += [os.path.join(os.path.dirname(source), extra) for extra in plan.sources]
        named = {word for file in plan.files for word in [os.path.basename(file)]}
        program.files = [file for file in data if os.path.basename(file) in named or os.path.basename(file) in text]
    return made
