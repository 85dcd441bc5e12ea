# SPDX-License-Identifier: BSD-2-Clause
"""The Open POSIX Test Suite: conformance/interfaces, each program as its own exit code tells."""

import os

from programs import ROOT, Program
from source import unpacked

SUMMARY = "the Open POSIX Test Suite 1.5.2: those programs that pass on Linux with musl"
LEVELS = ["-"]

FLAGS = ["-w", "-O1", "-std=gnu17", "-D_GNU_SOURCE", "-D_XOPEN_SOURCE=700"]
TIMEOUT = 60
SLOW = 1.0  # seconds on Linux, from which on a program is no part of the fixed part
# These never end here (posix.expected says why) and so are no part of it either.
ENDLESS = {"mmap.24-1", "shm_open.23-1", "shm_open.38-1"}
# Makes and ends 160,000 threads: a minute and more on a busy machine.
LONG = {"pthread_cond_broadcast.1-2": 240}
# Parent and child race to make one queue, and only the parent's success is counted by the parent, who judges.
EXCUSES = {"mq_open.16-1": r"Test FAILED - mq_open\(\) never succeeded\s*"}
ENDINGS = {1: "fails", 2: "is unresolved", 4: "is unsupported", 5: "is untested", 124: "takes too long"}


def reference():
    """{program: (exit code, seconds)} on Linux with musl, of posix/linux.tsv."""
    found = {}
    with open(f"{ROOT}/tests/conformance/posix/linux.tsv") as file:
        for line in file:
            if not line.startswith("#"):
                name, code, seconds = line.split()
                found[name] = (int(code), float(seconds))
    return found


def programs(_level, _builder):
    """Every program; those that do not pass on Linux are unsupported, for Linux's reason."""
    place = unpacked("posixtestsuite")
    interfaces = f"{place}/conformance/interfaces"
    made = []
    for name, (code, seconds) in reference().items():
        function, test = name.split(".", 1)
        source = f"{interfaces}/{function}/{test.replace('speculative.', 'speculative/')}.c"
        program = Program(name, [source], [*FLAGS, f"-I{place}/include", f"-I{os.path.dirname(source)}"], timeout=LONG.get(name, TIMEOUT),
                          excuse=EXCUSES.get(name))
        program.slow = seconds >= SLOW or name in ENDLESS
        if code:
            program.unsupported = f"on Linux with musl it {ENDINGS.get(code, f'ends with {code}')}"
        made.append(program)
    return made
