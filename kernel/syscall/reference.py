#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write docs/syscalls.md (--check: compare it): every system call as sysroot/include/twizzler/syscall.def has it."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = "docs/syscalls.md"
TABLE = "sysroot/include/twizzler/syscall.def"
HEAD = """\
# System calls

Made by `kernel/syscall/reference.py` from `sysroot/include/twizzler/syscall.def`; do not edit. Structures and constants
are in `syscall.h`, errors in `error.def`, the stubs `twz_sys_NAME` in libtwz (`<twz/sys.h>`).

Number in rax; arguments in rdi, rsi, rdx, r10, r8, r9; the result, or a negated error, in rax; rcx and r11 are lost. "Right" is
what the caller's security context must grant on the object that the call names first; "sleeps" may wait; "handler" may be
issued by a handler's run, any other call discards the run.
"""
ENTRY = re.compile(r'^TWZ_SYSCALL\((0x[0-9a-f]+), (\w+), \(([^)]*)\), (\w+), ([01]), ([01]),\s*"((?:[^"\\]|\\.)*)"\)', re.M)


def page(table):
    """The document's text."""
    lines = [HEAD]
    groups = re.split(r"^/\* (.+) \*/$", table, flags=re.M)
    found = 0
    for title, body in zip(groups[1::2], groups[2::2]):
        entries = ENTRY.findall(body)
        if not entries:
            continue
        found += len(entries)
        lines += [f"## {title[0].upper()}{title[1:]}\n", "| number | call | right | sleeps | handler | what it does |",
                  "| --- | --- | --- | --- | --- | --- |"]
        for number, name, arguments, right, sleeps, handler, doc in entries:
            mark = {"0": "", "1": "yes"}
            text = doc.replace('\\"', '"').replace("|", "\\|")
            lines.append(f"| {number} | `{name}({arguments})` | {'' if right == 'NONE' else right} | {mark[sleeps]} | {mark[handler]} | {text} |")
        lines.append("")
    if found != len(re.findall(r"^TWZ_SYSCALL\(", table, re.M)):
        sys.exit(f"{TABLE}: {found} entries understood, not all; mend the entry or kernel/syscall/reference.py")
    return "\n".join(lines)


def main():
    os.chdir(ROOT)
    with open(TABLE) as file:
        text = page(file.read())
    if sys.argv[1:] != ["--check"]:
        with open(DOCUMENT, "w") as file:
            file.write(text)
        return
    with open(DOCUMENT) as file:
        if file.read() != text:
            sys.exit(f"{DOCUMENT}: not what {TABLE} says; run python3 kernel/syscall/reference.py")


main()
