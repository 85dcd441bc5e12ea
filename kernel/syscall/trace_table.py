#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the tracer's table, OUTPUT, from syscall.def, the headers of DIRECTORY: trace_table.py DIRECTORY OUTPUT.

The kernel takes from it which memory to copy, x86_64-twizzler-run how to print it. In OUTPUT are TRACE_NAMES (the names of a
set of values), TRACE_STRUCT (the fields of a structure) and TRACE_CALL lines (a call's arguments). What a field or an argument
means is read from its type and from the comment beside it: "enum twz_x" or "TWZ_X_*".
"""

import re
import sys

ENTRY = re.compile(r'^TWZ_SYSCALL\((0x[0-9a-f]+), (\w+), \(([^)]*)\),', re.M)
RIGHTS = "TWZ_RIGHT_*"
# Where the headers say the meaning in words only.
MEANINGS = {
    ("thread_control", "command"): "enum twz_thread_command",
    ("clock_read", "clock"): "TWZ_CLOCK_*",
    ("system_shutdown", "action"): "TWZ_SHUTDOWN_*",
    ("stream_control", "command"): "TWZ_STREAM_INPUT_*|TWZ_STREAM_OUTPUT_*|TWZ_STREAM_EVENTS*",
}
SIZES = {"uint8_t": 1, "int8_t": 1, "uint16_t": 2, "int16_t": 2, "uint32_t": 4, "int32_t": 4, "uint64_t": 8, "int64_t": 8}


def fail(text):
    sys.exit(f"trace_table.py: {text}; mend the header or kernel/syscall/trace_table.py")


class Table:
    def __init__(self, headers):
        self.text = headers
        self.lines = []
        self.sets = {}
        self.structures = set()

    def names(self, meaning):
        """A reference to the set of names that a comment or MEANINGS speaks of."""
        if meaning in self.sets:
            return self.sets[meaning]
        if meaning.startswith("enum "):
            body = re.search(meaning + r" \{(.*?)\n\}", self.text, re.S)
            if not body:
                fail(f"no '{meaning}'")
            plain = re.sub(r"/\*.*?\*/", "", body.group(1), flags=re.S)
            found = [(name, False) for name in re.findall(r"(TWZ_\w+)\s*=", plain)]
        else:
            prefixes = [word.strip()[:-1] for word in meaning.split("|")]
            found = [(name, value.startswith("0x")) for name, value in
                     re.findall(r"^#define (TWZ_\w+)\s+(?:\\\n\s*)?(0x[0-9a-f]+|[0-9]+)u?(?:ll)?\b", self.text, re.M)
                     if any(name.startswith(prefix) for prefix in prefixes)]
            found = [(name, flag) for name, flag in found if name != "TWZ_RIGHT_NONE"]
        if not found:
            fail(f"nothing is called {meaning}")
        words = [name for name, _ in found]
        shared = len(re.match(r"(.*_)", _common(words)).group(1)) if len(words) > 1 else words[0].rfind("_") + 1
        number = len(self.sets) + 1
        self.sets[meaning] = f"TRACE_SET({number})"
        listed = ", ".join(f'{{"{name[shared:]}", {name}}}' for name in words)
        self.lines.append(f"TRACE_NAMES({number}, {int(any(flag for _, flag in found))}, {listed})")
        return self.sets[meaning]

    def meaning(self, owner, name, comment):
        if name in ("rights", "protections", "access"):
            return self.names(RIGHTS)
        if (owner, name) in MEANINGS:
            return self.names(MEANINGS[owner, name])
        found = re.match(r"\s*(enum twz_\w+)", comment) or re.search(r"\b(TWZ_\w+_\*)", comment)
        if not found or found.group(1) == "enum twz_error":
            return "NULL"
        return self.names(found.group(1))

    def structure(self, name):
        """Emit the fields of struct NAME once, those of the structures in it first."""
        if name in self.structures:
            return
        self.structures.add(name)
        body = re.search(r"^struct " + name + r" \{\n(.*?)^\};", self.text, re.S | re.M)
        if not body:
            fail(f"no struct {name}")
        fields = []
        # A field, then the comment that begins on its line.
        for text, comment in re.findall(r"([^;/]+(?:/\*.*?\*/[^;/]*)*?);[ \t]*(?:/\*(.*?)\*/)?", body.group(1), re.S):
            text = " ".join(re.sub(r"/\*.*?\*/", " ", text, flags=re.S).split())
            found = re.fullmatch(r"(const )?(struct )?(\w+) (.+)", text)
            if not found:
                fail(f"struct {name}: '{text}' is not understood")
            for declarator in found.group(4).split(","):
                fields.append(self.field(name, found.group(2), found.group(3), declarator.strip(), comment))
        self.lines.append(f"TRACE_STRUCT({name}, {', '.join(fields)})")

    def field(self, owner, structure, kind, declarator, comment):
        found = re.fullmatch(r"(\*?)(\w+)(\[.*\])?", declarator)
        if not found:
            fail(f"struct {owner}: '{declarator}' is not understood")
        pointer, name, array = found.groups()
        place = f"offsetof(struct {owner}, {name}), sizeof(((struct {owner} *)0)->{name})"
        if pointer:
            shape, more = "POINTER", "NULL, NULL"
        elif kind == "twz_id":
            shape, more = "ID", "NULL, NULL"
        elif structure:
            self.structure(kind)
            shape, more = "STRUCT", f"NULL, TRACE_FIELDS({kind})"
        elif array:
            shape, more = ("TEXT" if kind == "char" else "HEX"), "NULL, NULL"
        elif kind in SIZES:
            shape, more = ("SIGNED" if kind[0] == "i" else "NUMBER"), f"{self.meaning(owner, name, comment)}, NULL"
        else:
            fail(f"struct {owner}: no size of '{kind}'")
        return f'TRACE_FIELD("{name}", {shape}, {place}, {more})'

    def call(self, number, name, text):
        words = [word.strip() for word in text.split(",")]
        parsed = []
        for word in words:
            found = re.fullmatch(r"(const )?(struct )?(\w+) (\*?)(\w+)", word)
            if not found:
                fail(f"{name}: argument '{word}' is not understood")
            parsed.append(found.groups())
        listed = [self.argument(name, parsed, index) for index in range(len(parsed))]
        self.lines.append(f"TRACE_CALL({number}, {name}, {len(listed)}, {', '.join(listed)})")

    def argument(self, call, all_of, index):
        constant, structure, kind, pointer, name = all_of[index]
        way = "IN" if constant else "OUT"
        following = all_of[index + 1][4] if index + 1 < len(all_of) else ""
        if pointer and structure:
            self.structure(kind)
            by = index + 1 if following == "count" else -1
            return f'TRACE_ARGUMENT("{name}", STRUCT, {way}, sizeof(struct {kind}), {by}, NULL, TRACE_FIELDS({kind}))'
        if pointer and kind in ("char", "void"):
            if following not in ("length", "size", "capacity"):
                fail(f"{call}: {name} has no length")
            return f'TRACE_ARGUMENT("{name}", {"TEXT" if kind == "char" else "BYTES"}, {way}, 1, {index + 1}, NULL, NULL)'
        if pointer:
            return f'TRACE_ARGUMENT("{name}", POINTER, NONE, 0, -1, NULL, NULL)'
        if name.endswith("_hi") and all_of[index + 1:index + 2] and all_of[index + 1][4] == name[:-2] + "lo":
            return f'TRACE_ARGUMENT("{name[:-3]}", ID, NONE, 0, -1, NULL, NULL)'
        if name.endswith("_lo"):
            return f'TRACE_ARGUMENT("{name}", HIDDEN, NONE, 0, -1, NULL, NULL)'
        if kind not in SIZES:
            fail(f"{call}: no size of '{kind}'")
        shape = "SIGNED" if kind[0] == "i" else "NUMBER"
        return f'TRACE_ARGUMENT("{name}", {shape}, NONE, {SIZES[kind]}, -1, {self.meaning(call, name, "")}, NULL)'


def _common(words):
    first, last = min(words), max(words)
    length = 0
    while length < min(len(first), len(last)) and first[length] == last[length]:
        length += 1
    return first[:length]


def main():
    directory, output = sys.argv[1:]
    headers = ""
    for name in ("types.h", "version.h", "object.h", "syscall.h"):
        with open(f"{directory}/{name}") as file:
            headers += file.read()
    with open(f"{directory}/syscall.def") as file:
        calls = file.read()
    table = Table(headers)
    found = ENTRY.findall(calls)
    if len(found) != len(re.findall(r"^TWZ_SYSCALL\(", calls, re.M)):
        fail("not every entry of syscall.def is understood")
    for number, name, text in found:
        table.call(number, name, text)
    with open(output, "w") as file:
        file.write("/* Made by kernel/syscall/trace_table.py from syscall.def and its headers. */\n")
        file.write("\n".join(table.lines) + "\n")


main()
