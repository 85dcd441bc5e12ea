#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Print the functions of the Runtime ABI's headers as a table for main.c; or check that each one has a contract test.

usage: contracts.py --table HEADER... | contracts.py --check TESTS HEADER...
"""

import glob
import os
import re
import sys


def functions(path):
    """Each (name, whether it returns a twz_result) that a header declares outside of comments."""
    with open(path) as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    declaration = r"^(?!typedef|static|extern|\s|#)([^\n;{}()]*?)\b(twz_rt_\w+)\("
    found = [(name, kind.strip() == "twz_result") for kind, name in re.findall(declaration, text, re.M)]
    mentioned = set(re.findall(r"\b(twz_rt_\w+)\s*\(", text))
    missed = mentioned - {name for name, _ in found}
    if missed:
        sys.exit(f"{path}: this script does not understand the declaration of {', '.join(sorted(missed))}")
    return found


def check(tests, headers):
    """Every declared function has a contract, every contract a function; a contract calls what it is for."""
    bodies = {}
    for source in sorted(glob.glob(os.path.join(tests, "*.c"))):
        with open(source) as file:
            for name, body in re.findall(r"^CONTRACT\((\w+)\)\n\{\n(.*?)^\}", file.read(), re.M | re.S):
                if name in bodies:
                    sys.exit(f"{source}: a second contract of {name}")
                bodies[name] = body
    wrong = 0
    declared = [(name, header) for header in headers for name, _ in functions(header)]
    for name, header in declared:
        if name not in bodies:
            print(f"{header}: {name} has no contract test: write CONTRACT({name}) in {tests}")
            wrong += 1
    for name in sorted(set(bodies) - {name for name, _ in declared}):
        print(f"{tests}: CONTRACT({name}) is for no function of the headers")
        wrong += 1
    if wrong:
        sys.exit(1)
    print(f"{len(declared)} functions of {len(headers)} headers have contracts")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if sys.argv[1] == "--check":
        check(sys.argv[2], sys.argv[3:])
        return
    if sys.argv[1] != "--table":
        sys.exit(__doc__)
    for header in sys.argv[2:]:
        for name, result in functions(header):
            print(f'TWZ_RT_FUNCTION({name}, "rt/{os.path.basename(header)}", {str(result).lower()})')


if __name__ == "__main__":
    main()
