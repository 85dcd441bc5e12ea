#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write docs/posix.md: what each system call that musl makes comes to. With --check, compare it with what is there.

The table is libstd-c/twix/calls.def; what musl knows and the table does not is ENOSYS.
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CALLS = f"{ROOT}/libstd-c/twix/calls.def"
NUMBERS = f"{ROOT}/build/musl/arch/x86_64/bits/syscall.h.in"
OUTPUT = f"{ROOT}/docs/posix.md"

HEAD = """\
# POSIX on Twizzler

Made by `libstd-c/posix.py` from `libstd-c/twix/calls.def`; do not edit.

libstd-c is musl: what POSIX asks of a C library is there. Where musl calls the kernel of Linux, libstd-c calls the
Runtime ABI, and this page lists what each of those calls comes to. "works" means as POSIX and Linux describe it, as
far as the runtime can: in a static program, what needs the reference runtime (dlopen) fails. What
is not listed in the first table gives ENOSYS, always: a program finds out, nothing is pretended.

Not in terms of calls: `dlopen` and its family, `dl_iterate_phdr`, `pthread_getattr_np`, `posix_spawn` and what stands on it (`system`, `popen`)
go to the runtime directly. `vfork` is `fork`. A stop (SIGSTOP) takes effect where a program can take signals: what a call of it is in the middle of is done first.
Cancellation of a thread takes effect at cancellation points, or at once where the thread asks for that. There is one user, 0, and rights are a matter of security contexts.

"""


def rows():
    """(name, state, note) of each call in the table's order."""
    with open(CALLS) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    found = re.findall(r'^TWIX_CALL\((\w+), \(.*?\), (\w+), "(.*)"\)$', text, flags=re.M)
    if len(found) != text.count("TWIX_CALL"):
        sys.exit(f"posix.py: {CALLS}: a line does not read TWIX_CALL(name, (parameters), STATE, \"note\")")
    for name, state, note in found:
        if state not in ("WORKS", "PARTLY") or (state == "PARTLY" and not note):
            sys.exit(f"posix.py: {CALLS}: {name}: the state is WORKS, or PARTLY with a note")
    return found


def missing(present):
    with open(NUMBERS) as file:
        names = re.findall(r"^#define __NR_(\w+)", file.read(), flags=re.M)
    unknown = present - set(names)
    if unknown:
        sys.exit(f"posix.py: {CALLS}: no Linux call on x86_64: {', '.join(sorted(unknown))}")
    return sorted(set(names) - present)


def wrap(words, width=118):
    lines, line = [], ""
    for word in words:
        if line and len(line) + 1 + len(word) > width:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "\n".join(lines + [line])


def page():
    table = rows()
    absent = missing({name for name, _, _ in table})
    count = {state: sum(1 for row in table if row[1] == state) for state in ("WORKS", "PARTLY")}
    text = HEAD + f"{count['WORKS']} work, {count['PARTLY']} partly, {len(absent)} give ENOSYS.\n\n"
    text += "| call | state | note |\n| --- | --- | --- |\n"
    for name, state, note in sorted(table):
        text += f"| {name} | {state.lower()} | {note} |\n"
    return text + "\n## ENOSYS\n\n" + wrap(absent) + "\n"


def main():
    text = page()
    if sys.argv[1:] == ["--check"]:
        with open(OUTPUT) as file:
            if file.read() != text:
                sys.exit("docs/posix.md is not what libstd-c/twix/calls.def says; run python3 libstd-c/posix.py")
    elif sys.argv[1:]:
        sys.exit("usage: posix.py [--check]")
    else:
        with open(OUTPUT, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
