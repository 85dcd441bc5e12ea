# SPDX-License-Identifier: BSD-2-Clause
"""Reads ELF64 little-endian files: sections, symbols, relocations."""

import struct
from collections import namedtuple

SHT_SYMTAB, SHT_RELA, SHT_NOBITS = 2, 4, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS = 1, 2, 4, 0x400
SHN_UNDEF = 0
STT_FUNC, STT_SECTION = 2, 3

Section = namedtuple("Section", "index name type flags address offset size link info data")
Symbol = namedtuple("Symbol", "name value size type bind section")
Relocation = namedtuple("Relocation", "offset type symbol addend")


class Elf:
    """A file that our own compiler and linker have written: trusted, so no checks beyond the magic."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.bytes = f.read()
        if self.bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: not a 64-bit little-endian ELF file")
        self.path = path
        self.entry, = struct.unpack_from("<Q", self.bytes, 24)
        table, = struct.unpack_from("<Q", self.bytes, 40)
        size, count, names = struct.unpack_from("<HHH", self.bytes, 58)
        raw = [struct.unpack_from("<IIQQQQIIQQ", self.bytes, table + i * size) for i in range(count)]
        strings = raw[names][4]
        self.sections = []
        for i, (name, kind, flags, address, offset, length, link, info, _, _) in enumerate(raw):
            data = b"" if kind == SHT_NOBITS else self.bytes[offset:offset + length]
            self.sections.append(Section(i, self._string(strings + name), kind, flags, address,
                                         offset, length, link, info, data))
        self.symbols = self._symbols()
        self.by_name = {s.name: s for s in self.symbols if s.name and s.section != SHN_UNDEF}

    def _string(self, at):
        return self.bytes[at:self.bytes.index(b"\0", at)].decode()

    def _symbols(self):
        symbols = []
        for table in self.sections:
            if table.type != SHT_SYMTAB:
                continue
            strings = self.sections[table.link].offset
            for name, info, _, section, value, size in struct.iter_unpack("<IBBHQQ", table.data):
                symbols.append(Symbol(self._string(strings + name), value, size, info & 15,
                                      info >> 4, section))
        return symbols

    def section(self, name):
        return next((s for s in self.sections if s.name == name), None)

    def relocations(self, section):
        """The relocations that apply to a section of a relocatable file."""
        found = []
        for table in self.sections:
            if table.type == SHT_RELA and table.info == section.index:
                for offset, info, addend in struct.iter_unpack("<QQq", table.data):
                    found.append(Relocation(offset, info & 0xffffffff, self.symbols[info >> 32], addend))
        return found

    def read(self, address, length):
        """Bytes at an address of a linked file; zero where the file stores none."""
        for s in self.sections:
            if s.flags & SHF_ALLOC and s.address <= address and address + length <= s.address + s.size:
                data = s.data[address - s.address:][:length]
                return data + bytes(length - len(data))
        raise ValueError(f"{self.path}: nothing at {address:#x}")

    def string(self, address):
        text = b""
        while (c := self.read(address, 1)) != b"\0":
            text += c
            address += 1
        return text
