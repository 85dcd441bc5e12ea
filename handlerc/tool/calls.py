# SPDX-License-Identifier: BSD-2-Clause
"""Finds what the event functions reach, and refuses what a handler may not call."""

import fnmatch
import os
import re
import subprocess
from collections import deque

from elf import (SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHN_UNDEF,
                 STT_FUNC, STT_SECTION)


def read_list(path):
    with open(path) as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


class Places:
    """Source places of code and data of one object file, from its debug information."""

    def __init__(self, path, source, nm, addr2line):
        self.path, self.source, self.addr2line = path, source, addr2line
        self.symbols = {}
        out = subprocess.run([nm, "-l", path], capture_output=True, text=True, check=True).stdout
        for line in out.splitlines():
            entry, _, place = line.partition("\t")
            file, _, number = place.rpartition(":")
            if number.isdigit():
                self.symbols[entry.split()[-1]] = (shorten(file), int(number))

    def frames(self, section, offset):
        """[(function, place)] of a code offset, the function itself first, what was inlined last."""
        out = subprocess.run([self.addr2line, "-e", self.path, "-j", section, "-f", "-i", hex(offset)],
                             capture_output=True, text=True, check=True).stdout.splitlines()
        frames = []
        for name, place in zip(out[::2], out[1::2]):
            file, _, line = place.split(" ")[0].rpartition(":")
            frames.append((name, (shorten(file), int(line)) if line.isdigit() else None))
        return frames[::-1]

    def symbol(self, name):
        return self.symbols.get(name)

    def thread_local(self, name):
        """nm finds no line for thread-local variables, so the source is searched for the declaration."""
        pattern = re.compile(rf"\b(__thread|_Thread_local|thread_local)\b.*\b{re.escape(name)}\b")
        with open(self.source, errors="replace") as f:
            for number, line in enumerate(f, 1):
                if pattern.search(line):
                    return self.source, number
        return None


def shorten(file):
    """As the user named it, where it lies below the current directory."""
    relative = os.path.relpath(file)
    return file if relative.startswith("..") else relative


class Graph:
    """Sections as nodes (-ffunction-sections, -fdata-sections), references as edges."""

    def __init__(self, elf, places):
        self.elf, self.places = elf, places

    def name_at(self, section, offset):
        """The function or variable of this object file at a section's offset."""
        best = None
        for s in self.elf.symbols:
            if s.section == section.index and s.type != STT_SECTION and s.name and s.value <= offset:
                if best is None or s.value > best.value or s.type == STT_FUNC and s.value == best.value:
                    best = s
        return best.name if best else section.name

    def steps(self, section, relocation):
        """(names, place): the functions that lead to a reference in `section`, and its source place."""
        if section.flags & SHF_EXECINSTR:
            frames = self.places.frames(section.name, relocation.offset)
            if frames and frames[0][0] != "??":
                return [f[0] for f in frames], frames[-1][1]
        name = self.name_at(section, relocation.offset)
        return [name], self.places.symbol(name)

    def reachable(self, roots):
        """Yields (chain, place, symbol) for each reference to an undefined symbol, shortest chains."""
        queue = deque((root, []) for root in roots)
        seen = {root.index for root in roots}
        while queue:
            section, chain = queue.popleft()
            for relocation in self.elf.relocations(section):
                target = relocation.symbol
                if target.section == SHN_UNDEF:
                    if target.name:
                        names, place = self.steps(section, relocation)
                        yield chain + names, place, target.name
                elif target.section < len(self.elf.sections) and target.section not in seen:
                    seen.add(target.section)
                    names, _ = self.steps(section, relocation)
                    queue.append((self.elf.sections[target.section], chain + names))


class Rules:
    def __init__(self, directory):
        self.allowed = set(read_list(os.path.join(directory, "allowlist")))
        self.refused = [tuple(part.strip() for part in line.split(":", 1))
                        for line in read_list(os.path.join(directory, "refused"))]

    def reason(self, name):
        for pattern, reason in self.refused:
            if fnmatch.fnmatchcase(name, pattern):
                return reason
        return "is not among the functions that a handler may call"


# Symbols that are no call: the linker's and the object format's own.
NEUTRAL = {"_GLOBAL_OFFSET_TABLE_"}


def check_calls(elf, places, rules, problems):
    """Refuses every symbol outside the allowlist that an event function reaches."""
    events = elf.section(".twz.events")
    graph = Graph(elf, places)
    roots = []
    for relocation in elf.relocations(events):
        symbol = relocation.symbol
        if symbol.section != SHN_UNDEF and elf.sections[symbol.section].flags & SHF_EXECINSTR:
            root = elf.sections[symbol.section]
            if root not in roots:
                roots.append(root)
        elif symbol.section == SHN_UNDEF and symbol.name:
            problems.add(f"the event function {symbol.name}() is declared and not defined",
                         places.symbol(f"twz_on_{symbol.name}"))
    reported = set()
    for chain, place, name in graph.reachable(roots):
        if name in rules.allowed or name in NEUTRAL or (name, place) in reported:
            continue
        reported.add((name, place))
        problems.add(f"{name}() {rules.reason(name)} ({' -> '.join(chain + [name])})", place)


def check_sections(elf, places, problems):
    """Refuses thread-local storage and constructors."""
    for symbol in elf.symbols:
        if symbol.section in (SHN_UNDEF,) or symbol.section >= len(elf.sections) or not symbol.name:
            continue
        section = elf.sections[symbol.section]
        if section.flags & SHF_TLS and symbol.type != STT_SECTION:
            problems.add(f"'{symbol.name}' is thread-local; a handler has one thread, so make it a plain global",
                         places.thread_local(symbol.name))
    for section in elf.sections:
        if section.name.startswith((".init_array", ".preinit_array", ".ctors", ".fini_array", ".dtors")) \
                and section.flags & SHF_ALLOC:
            for relocation in elf.relocations(section):
                target = relocation.symbol
                name = target.name
                if target.type == STT_SECTION:
                    name = graph_name(elf, target, relocation.addend)
                problems.add(f"'{name}' is a constructor or destructor; a handler's globals are initialised once "
                             "for all runs, so give them initial values", places.symbol(name))


def graph_name(elf, symbol, addend):
    return Graph(elf, None).name_at(elf.sections[symbol.section], addend)
