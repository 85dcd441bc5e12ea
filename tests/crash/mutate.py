#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Copies of sources in which a number chooses one of the planted bugs of mutants.txt.

mutate.py MUTANTS OUTPUT FILE...: FILE... are sources, by their path in the tree; each gets a copy in OUTPUT, / as _,, and OUTPUT/mutants.c
the table. A planted bug whose text is not in its file once is listed as one that does not apply, which the test reports."""

import json
import os
import re
import sys


def parse(path):
    """[(file, title, text, replacement)] in order."""
    found = []
    lines = [line.rstrip("\n") for line in open(path) if not line.startswith("#")]
    for paragraph in "\n".join(lines).strip().split("\n\n"):
        head, _, body = paragraph.strip().partition("\n")
        file, _, title = head.partition(": ")
        text, _, replacement = body.partition("\n=>\n")
        found.append((file, title, text, replacement))
    return found


def pattern(text):
    """Finds TEXT whatever its white space, and comments between."""
    words = re.findall(r"\w+|[^\w\s]", text)
    return re.compile(r"(?:\s|/\*.*?\*/)*".join(map(re.escape, words)), re.S)


def enclosing(source, start, end):
    """The whole function that the text is in, with what stands directly above it."""
    return source.rindex("\n\n", 0, source.rindex("\n{\n", 0, start)) + 2, source.index("\n}\n", end - 1) + 3


def mutate(source, mutants):
    """The source in which each function that has bugs is there once for each, and calls the copy that is chosen. MUTANTS: [(number,
    pattern, replacement)]. Returns (text, numbers that do not apply)."""
    lost, parts = [], {}
    for number, regex, replacement in mutants:
        matches = list(regex.finditer(source))
        if len(matches) != 1:
            lost.append(number)
            continue
        start, end = matches[0].span()
        begin, close = enclosing(source, start, end)
        parts.setdefault((begin, close), []).append((number, source[begin:start] + replacement + source[end:close]))
    for (begin, close), copies in sorted(parts.items(), reverse=True):
        original = source[begin:close]
        body = original.index("\n{\n")
        head = original[:body]
        comment = head.rfind("*/")
        signature = head[comment + 2:].strip() if comment >= 0 else head.strip()
        name = re.search(r"(\w+)\(", signature).group(1)
        inside = signature[signature.index("(") + 1:signature.rindex(")")]
        arguments = ", ".join(re.search(r"(\w+)(?:\[\w*\])?$|\(\*(\w+)\)", one.strip()).group(0).strip("(*)").split("[")[0]
                              for one in split(inside)) if inside.strip() != "void" else ""
        void = re.match(r"(static )?(inline )?void \w", signature)
        texts, choose = [], ""
        static = signature if signature.startswith("static") else "static " + signature
        for number, text in copies + [(0, original)]:
            renamed = re.sub(rf"\b{name}\(", f"{name}_mutant{number}(", static, count=1)
            code = text[text.index("\n{\n"):]
            texts.append(f"__attribute__((unused)) {renamed}{code}\n")
            call = f"{name}_mutant{number}({arguments})"
            if number:
                choose += f"\tif (crash_mutant == {number})" + (f" {{ {call}; return; }}\n" if void else f"\n\t\treturn {call};\n")
            else:
                choose += f"\t{'' if void else 'return '}{call};\n"
        forward = signature + ";\n"
        source = source[:begin] + forward + "".join(texts) + signature + "\n{\n" + choose + "}\n" + source[close:]
    return source, lost


def split(arguments):
    """At commas that are not within parentheses."""
    depth, start = 0, 0
    for i, character in enumerate(arguments + ","):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            yield arguments[start:i]
            start = i + 1


def main():
    mutants, output, files = parse(sys.argv[1]), sys.argv[2], sys.argv[3:]
    lost = [i + 1 for i, mutant in enumerate(mutants) if mutant[0] not in files]
    os.makedirs(output, exist_ok=True)
    for file in files:
        own = [(i + 1, pattern(text), replacement) for i, (where, _, text, replacement) in enumerate(mutants) if where == file]
        text, missing = mutate(open(file).read(), own)
        lost += missing
        with open(f"{output}/{file.replace('/', '_')}", "w") as out:
            out.write("extern unsigned crash_mutant;\n" + text)
    with open(f"{output}/mutants.c", "w") as out:
        out.write('#include "mutants.h"\nconst struct mutant mutants[] = {\n')
        for i, (file, title, _, _) in enumerate(mutants):
            out.write(f"\t{{{json.dumps(file)}, {json.dumps(title)}, {int(i + 1 not in lost)}}},\n")
        out.write("\t{0},\n};\n")


main()
