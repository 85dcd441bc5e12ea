# SPDX-License-Identifier: BSD-2-Clause
"""Writes the handler image (.twh) that <twizzler/handler_image.h> describes."""

import os
import struct

from elf import SHF_ALLOC

PAGE = 4096
HEADER = struct.Struct("<QIIIIIIQQ64s32sIIQ4Q4Q4QIIII")
CHECKSUM_OFFSET = 40


def fnv1a(data):
    value = 0xcbf29ce484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def page_up(n):
    return (n + PAGE - 1) // PAGE * PAGE


def slot_contents(elf, start, size):
    """(stored bytes, memory size) of the slot at `start`."""
    end = stored = start
    for s in elf.sections:
        if s.flags & SHF_ALLOC and s.size and start <= s.address < start + size:
            end = max(end, s.address + s.size)
            if s.data:
                stored = max(stored, s.address + s.size)
    return elf_bytes(elf, start, stored), end - start


def elf_bytes(elf, start, end):
    data = bytearray(end - start)
    for s in elf.sections:
        if s.flags & SHF_ALLOC and s.data and start <= s.address < end:
            data[s.address - start:s.address - start + len(s.data)] = s.data
    return bytes(data)


def build(elf, abi, handler, events, outputs):
    """The image's bytes."""
    events_offset = HEADER.size
    outputs_offset = events_offset + 24 * len(events)
    strings_offset = outputs_offset + 8 * len(outputs)
    strings = bytearray()

    def add(text):
        at = strings_offset + len(strings)
        strings.extend(text + b"\0")
        return at

    tables = b"".join(struct.pack("<IIQQ", e.kind, add(e.name) if e.name else 0, e.period_ms, e.function)
                      for e in events)
    tables += b"".join(struct.pack("<II", o.kind, add(o.path)) for o in outputs)
    header_size = strings_offset + len(strings)
    body = bytearray()
    segments = []
    for address in (abi["TWZ_HANDLER_RODATA"], abi["TWZ_HANDLER_TEXT"], abi["TWZ_HANDLER_DATA"]):
        data, memory = slot_contents(elf, address, abi["TWZ_SLOT_SIZE"])
        offset = page_up(header_size) + len(body) if data else 0
        segments += [offset, len(data), address, memory]
        body += data + bytes(page_up(len(data)) - len(data))
    image_size = page_up(header_size) + len(body)
    header = HEADER.pack(abi["TWZ_HANDLER_MAGIC"], abi["TWZ_HANDLER_FORMAT"], header_size,
                         abi["TWZ_ABI_MAJOR"], abi["TWZ_ABI_MINOR"], abi["TWZ_ABI_PATCH"], 0, image_size, 0,
                         handler.name, handler.version, handler.budget_ms, handler.memory_kb, elf.entry,
                         *segments, events_offset, len(events), outputs_offset, len(outputs))
    image = bytearray(header + tables + strings)
    image += bytes(page_up(header_size) - len(image)) + body
    struct.pack_into("<Q", image, CHECKSUM_OFFSET, fnv1a(image))
    return bytes(image)


def publish(path, data):
    """Writes under another name, then renames: a failure leaves no half image."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as f:
            f.write(data)
        os.replace(temporary, path)
    except OSError:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
