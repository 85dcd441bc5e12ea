# SPDX-License-Identifier: BSD-2-Clause
"""gcc.c-torture/execute by DejaGnu itself: GCC's own drivers (execute.exp, ieee.exp, builtins.exp) on our board."""

import os
import re
import shutil
import subprocess
import sys

from programs import ROOT, TOOLS
from source import unpacked

DRIVERS = ("execute.exp", "ieee.exp", "builtins.exp")
FOLDER = "gcc.c-torture/execute/"
# "PASS: gcc.c-torture/execute/X.c   -O2  execution test" (gcc-dg.exp) and "PASS: .../builtins/X.c execution,  -O2 " (c-torture.exp)
LINE = re.compile(r"^([A-Z]+): " + re.escape(FOLDER) + r"(\S+)\.c\s*(.*)$")

SITE = """set rootme "{work}"
set srcdir "{source}"
set tmpdir "{work}"
set objdir "{work}"
set host_triplet x86_64-pc-linux-gnu
set build_triplet x86_64-pc-linux-gnu
set target_triplet x86_64-pc-twizzler
set target_alias x86_64-twizzler
set CFLAGS ""
set CXXFLAGS ""
set GCC_UNDER_TEST "{tools}/x86_64-twizzler-gcc"
set TORTURE_OPTIONS [list {{ {level} }}]
"""


def verdicts(lines):
    """{name: (verdict, why)} of a .sum file's lines: the worst of a test's own lines counts."""
    found = {}
    for line in lines:
        match = LINE.match(line)
        if not match:
            continue
        word, name, what = match.groups()
        if word == "UNSUPPORTED":
            new = ("unsupported", "DejaGnu says so")
        elif word == "PASS":
            if "execution" not in what:
                continue  # it compiled, which alone is no result
            new = ("pass", "")
        elif word == "XFAIL":
            new = ("xfail", what)
        else:
            new = ("fail", f"{word} {what}")
        if name not in found or found[name][0] in ("pass", "unsupported"):
            found[name] = new
    return found


def run(place, level, pattern, jobs):
    """Run all tests whose name holds `pattern` in `jobs` runtests, each with a boot of its own; {name: (verdict, why)}."""
    if shutil.which("runtest") is None:
        sys.exit("build.sh: no runtest on this host; install dejagnu (./build.sh doctor)")
    source = unpacked("gcc-testsuite") + "/gcc/testsuite"
    shutil.rmtree(place, ignore_errors=True)
    environment = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}", "LC_ALL": "C",
                   "DEJAGNU": f"{ROOT}/build/toolchain/share/twizzler/dejagnu/site.exp"}
    if jobs > 1:
        os.makedirs(f"{place}/shares")
        environment["GCC_RUNTEST_PARALLELIZE_DIR"] = f"{place}/shares"
    chosen = [f"{driver}=*{pattern}*" if pattern else driver for driver in DRIVERS]
    processes = []
    for number in range(jobs):
        work = f"{place}/{number}"
        os.makedirs(work)
        with open(f"{work}/site.exp", "w") as file:
            file.write(SITE.format(work=work, source=source, tools=TOOLS, level=level))
        with open(f"{work}/output", "w") as output:
            processes.append(subprocess.Popen([f"{TOOLS}/x86_64-twizzler-run", "--keep", "runtest", "--tool", "gcc",
                                               "--target_board=twizzler/-static", *chosen], cwd=work, env=environment,
                                              stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT))
    lines = []
    for number, process in enumerate(processes):
        code = process.wait()
        summary = f"{place}/{number}/gcc.sum"
        # 1 is a failed test; a driver that itself went wrong says ERROR.
        if code not in (0, 1) or not os.path.exists(summary):
            sys.exit(f"build.sh: runtest ended with {code}; see {place}/{number}/output")
        with open(summary, errors="replace") as file:
            text = file.read()
        if "\nERROR:" in text:
            sys.exit(f"build.sh: a driver went wrong; see ERROR in {summary}")
        lines += text.splitlines()
    return verdicts(lines)
