#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes docs/libtwz.md from the contracts in libtwz/include/twz; --check says whether it is what they say."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = f"{ROOT}/docs/libtwz.md"
INCLUDE = f"{ROOT}/libtwz/include/twz"
ORDER = ["object", "ptr", "fot", "name", "persist", "alloc", "tx", "lock", "list", "item", "btree", "hashmap", "append_log", "queue", "ptr.hpp"]
HEAD = """# libtwz: the reference

Made from the headers in `libtwz/include/twz/` by `libtwz/reference.py`; what it is for and how it fits together is in
[objects.md](objects.md). Calls return `TWZ_OK` or a number that is not negative, else an error negated (`twizzler/error.def`).
Headers that are not here are the layout that the kernel and the host tools share.
"""


def text_of(comment):
    """A comment's text, its indented lines as code."""
    lines = [re.sub(r"^\s*\*? ?", "", line) for line in comment.strip()[2:-2].strip().split("\n")]
    out, code = [], False
    for line in lines:
        is_code = line.startswith("\t") or (code and not line)
        if is_code != code:
            out += ["```c"] if is_code else ["```"]
            code = is_code
        out.append(line.removeprefix("\t") if code else line.strip())
    return "\n".join(out + ["```"] * code)


def without_bodies(code):
    """Declarations: what an inline function does is not for readers of a reference."""
    return re.sub(r"(?m)^(static inline [^;{]*?\))\n\{\n.*?^\}$", r"\1;", code, flags=re.S)


def section(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    comments = re.match(r"/\*.*?\*/\s*(/\*.*?\*/)", text, re.S)
    body = text[comments.end():]
    body = re.sub(r'#ifdef __cplusplus\n.*?#endif\n', "", body, flags=re.S)
    body = re.sub(r"(?m)^#(ifndef|include|endif).*\n", "", body)
    body = re.sub(r"(?m)^#define TWZ_\w+_HP?P?\n", "", body)
    body = without_bodies(re.sub(r"(?m)^TWZ_STATIC_ASSERT.*\n", "", body))
    name = os.path.basename(path)
    out = [f"## {name}", "", text_of(comments.group(1)), ""]
    if name.endswith(".hpp"):
        return "\n".join(out + ["```cpp", body.strip(), "```", ""])
    for paragraph in re.split(r"\n\s*\n(?=\S)", body.strip()):
        match = re.match(r"\s*(/\*.*?\*/)\n", paragraph, re.S)
        code = paragraph[match.end():].strip() if match else paragraph.strip()
        if not code and not match:
            continue
        out += [text_of(match.group(1)), ""] if match else []
        out += ["```c", code, "```", ""] if code else []
    return "\n".join(out)


def page():
    paths = [f"{INCLUDE}/{name if '.' in name else name + '.h'}" for name in ORDER]
    return HEAD + "\n" + "\n".join(section(path) for path in paths)


def main():
    made = page()
    if "--check" in sys.argv:
        with open(PAGE, encoding="utf-8") as file:
            if file.read() != made:
                sys.exit("docs/libtwz.md is not what libtwz's headers say; run libtwz/reference.py")
        return
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(made)


if __name__ == "__main__":
    main()
