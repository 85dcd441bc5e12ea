#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write docs/runtime-abi.md (--check: compare it): every function of the Runtime ABI and what each runtime makes of it.

The functions and their words come from sysroot/include/twizzler/rt/*.h. A definition that can only fail carries the comment
NOT_SUPPORTED behind its parameters; a function that a runtime's sources do not define is an error.
"""

import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCUMENT = "docs/runtime-abi.md"
HEADERS = "sysroot/include/twizzler/rt/*.h"
SHARED = [f"runtime-min/{folder}/*.c" for folder in ["memory", "fd", "files", "exec"]]
RUNTIMES = {
    "minimal": ["runtime-min/*.c", *SHARED, "runtime-min/static/*.c"],
    "reference": ["runtime-min/*.c", *SHARED, "runtime-ref/*.c"],
}
HEAD = """\
# The Runtime ABI

Made by `runtime-ref/abi.py` from `sysroot/include/twizzler/rt/*.h` and the runtimes' sources; do not edit.

Both runtimes export every function. The minimal runtime is linked into static programs and unikernels, the reference
runtime is `libtwz_rt.so`. "works" means as the header says; "no" means that the call always fails, as a rule with
NOT_SUPPORTED.
"""


def read(path):
    with open(path) as file:
        return file.read()


def words(comment):
    """The text of a C comment, as one line."""
    lines = (re.sub(r"^[ \t]*/?\*+/?", "", line).replace("*/", "").strip() for line in comment.split("\n"))
    return " ".join(line for line in lines if line).replace("|", "\\|")


def remarks(header):
    """The comments of a header that are about no single declaration: those with a blank line behind them, each paragraph as one line."""
    for comment in re.findall(r"^/\*(?:[^*]|\*(?!/))*\*/(?=\n\n)", header, re.M):
        if not re.search(r"SPDX|Runtime ABI[,:]|^/\* ---- ", comment):
            yield from (words(paragraph) for paragraph in re.split(r"\n[ \t]*\*[ \t]*\n", comment))


def functions(header):
    """Each (name, contract) of a header, in order. A declaration right behind another has no words of its own; types and
    constants may stand between the words and the declaration."""
    found = []
    pattern = r"(?P<comment>/\*(?:[^*]|\*(?!/))*\*/)\n|^(?!typedef|static|\t|#)[^\n;{}()]*?\b(?P<name>twz_rt_\w+)\("
    comment = ""
    for match in re.finditer(pattern, header, re.M):
        if match.group("comment"):
            comment = match.group("comment")
        else:
            between = header[:match.start()].rsplit("*/\n", 1)[-1]
            between = re.sub(r"^(#.*|typedef [^;]*;|struct \w+ \{[^}]*\};)$", "", between, flags=re.M)
            found.append((match.group("name"), words(comment) if not between.strip() else ""))
    return found


def states(patterns):
    """What sources define: {name: "works" or "no"}."""
    found = {}
    for path in sorted(path for pattern in patterns for path in glob.glob(pattern)):
        for match in re.finditer(r"^\w[\w *]*?\b(twz_rt_\w+)\(([^;{}]*?)\)\s*(/\* NOT_SUPPORTED \*/)?\s*\{", read(path), re.M):
            found[match.group(1)] = "no" if match.group(3) else "works"
    return found


def document():
    lines = [HEAD]
    runtimes = {name: states(patterns) for name, patterns in RUNTIMES.items()}
    total = 0
    for path in sorted(glob.glob(HEADERS)):
        header = read(path)
        title = re.search(r"Runtime ABI[,:] ([^:.]+)", header).group(1)
        lines.append(f"## {title} (`rt/{os.path.basename(path)}`)\n")
        lines += [f"{remark}\n" for remark in remarks(header) if remark]
        lines.append("| function | minimal | reference | contract |\n| --- | --- | --- | --- |")
        for name, contract in functions(header):
            for runtime, defined in runtimes.items():
                if name not in defined:
                    sys.exit(f"{path}: the {runtime} runtime does not define {name}")
            lines.append(f"| {name} | {runtimes['minimal'][name]} | {runtimes['reference'][name]} | {contract} |")
            total += 1
        lines.append("")
    if total < 50:
        sys.exit(f"{HEADERS}: only {total} functions found; this script does not read them any more")
    return "\n".join(lines)


def main():
    os.chdir(ROOT)
    text = document()
    if sys.argv[1:] == ["--check"]:
        if not os.path.exists(DOCUMENT) or read(DOCUMENT) != text:
            sys.exit(f"{DOCUMENT}: not what the headers and sources say; run python3 runtime-ref/abi.py")
    elif sys.argv[1:]:
        sys.exit("usage: runtime-ref/abi.py [--check]")
    else:
        with open(DOCUMENT, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
