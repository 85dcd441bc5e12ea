# SPDX-License-Identifier: BSD-2-Clause
"""Reads what a linked handler declares (TWZ_HANDLER and the rest) and checks it."""

import re
import struct
from collections import namedtuple

Handler = namedtuple("Handler", "name version budget_ms memory_kb")
Event = namedtuple("Event", "kind name period_ms function")
Output = namedtuple("Output", "kind path")

DEFAULT_BUDGET_MS, DEFAULT_MEMORY_KB = 100, 64
NAME = re.compile(rb"[A-Za-z0-9._-]+")
VERSION = re.compile(rb"[!-~]+")
VERSION_MAX = 32


def shown(text):
    return text.decode("utf-8", "backslashreplace")


class Reader:
    def __init__(self, elf, places, abi, problems):
        self.elf, self.places, self.abi, self.problems = elf, places, abi, problems

    def refuse(self, message, symbol):
        self.problems.add(message, self.places.symbol(symbol))

    def string(self, pointer):
        return self.elf.string(pointer) if pointer else b""

    def records(self, prefix, layout):
        """(symbol, fields) of each record whose symbol starts with prefix, in the order of the source."""
        found = [s for s in self.elf.symbols if s.name.startswith(prefix) and s.section]
        for s in sorted(found, key=lambda s: s.value):
            yield s.name, struct.unpack(layout, self.elf.read(s.value, struct.calcsize(layout)))

    def check_name(self, name, what, symbol):
        if not NAME.fullmatch(name):
            self.refuse(f"{what} \"{shown(name)}\" must be letters, digits, '.', '-' and '_'", symbol)
        elif len(name) >= self.abi["TWZ_HANDLER_NAME_MAX"]:
            self.refuse(f"{what} \"{shown(name)}\" is longer than {self.abi['TWZ_HANDLER_NAME_MAX'] - 1} bytes", symbol)

    def handler(self):
        symbol = "twz_handler_declaration"
        (_, (name, version, budget, memory)), = self.records(symbol, "<QQII")
        name, version = self.string(name), self.string(version)
        self.check_name(name, "the handler's name", symbol)
        if not VERSION.fullmatch(version):
            self.refuse("the version must be printable text without blanks; give .version = \"1.0\"", symbol)
        elif len(version) >= VERSION_MAX:
            self.refuse(f"the version is longer than {VERSION_MAX - 1} bytes", symbol)
        budget, memory = budget or DEFAULT_BUDGET_MS, memory or DEFAULT_MEMORY_KB
        if budget > self.abi["TWZ_HANDLER_BUDGET_MAX"]:
            self.refuse(f".budget_ms = {budget} is more than {self.abi['TWZ_HANDLER_BUDGET_MAX']}", symbol)
        if memory > self.abi["TWZ_HANDLER_MEMORY_MAX"]:
            self.refuse(f".memory_kb = {memory} is more than {self.abi['TWZ_HANDLER_MEMORY_MAX']}", symbol)
        return Handler(name, version, budget, memory)

    def events(self):
        events, names = [], set()
        for symbol, (kind, _, period, name, function, function_name) in self.records("twz_on_", "<IIQQQQ"):
            name, fn = self.string(name), shown(self.string(function_name))
            if kind == self.abi["TWZ_EVENT_TIMER"]:
                if not 1 <= period <= self.abi["TWZ_HANDLER_PERIOD_MAX"]:
                    self.refuse(f"the timer {fn} needs a .period_ms of 1 to {self.abi['TWZ_HANDLER_PERIOD_MAX']}", symbol)
            elif kind == self.abi["TWZ_EVENT_APPLICATION"]:
                self.check_name(name, "the event", symbol)
                if name in names:
                    self.refuse(f"the event \"{shown(name)}\" has two functions; call one from the other", symbol)
                names.add(name)
            events.append(Event(kind, name, period, function))
        return events

    def outputs(self):
        outputs, paths = [], set()
        for symbol, (kind, _, path) in self.records("twz_may_", "<IIQ"):
            path = self.string(path)
            parts = path.split(b"/")[1:]
            if not path.startswith(b"/") or any(part in (b"", b".", b"..") for part in parts):
                self.refuse(f"the output \"{shown(path)}\" must be an absolute path without '.', '..' and empty parts",
                            symbol)
            elif len(path) >= self.abi["TWZ_HANDLER_PATH_MAX"] or any(len(part) > 255 for part in parts):
                self.refuse(f"the output \"{shown(path[:40])}...\" is too long a path", symbol)
            if path in paths:
                self.refuse(f"the output \"{shown(path)}\" is declared twice", symbol)
            paths.add(path)
            outputs.append(Output(kind, path))
        return outputs


def check_uses(obj, places, outputs, problems):
    """Compares the literal paths of twz_append in the object file with the declared outputs."""
    section = obj.section(".twz.uses")
    if not section:
        return
    declared = {o.path for o in outputs}
    targets = {r.offset: r for r in obj.relocations(section)}
    for use in obj.symbols:
        if use.section != section.index or not use.name or use.value not in targets:
            continue  # no relocation: not a literal
        target = targets[use.value]
        data = obj.sections[target.symbol.section].data
        start = target.symbol.value + target.addend
        path = shown(data[start:data.index(b"\0", start)])
        if path.encode() not in declared:
            problems.add(f"twz_append to \"{path}\", which is not declared; add TWZ_MAY_APPEND(\"{path}\")",
                         places.symbol(use.name))
