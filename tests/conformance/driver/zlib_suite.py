# SPDX-License-Identifier: BSD-2-Clause
"""zlib's own checks: its test folder's programs, and its example programs where they check what they do."""

import gzip
import re
import zlib

from programs import Program
from source import unpacked

SUMMARY = "zlib's test and example programs"
LEVELS = ["-"]

LIBRARY = ["adler32", "compress", "crc32", "deflate", "gzclose", "gzlib", "gzread", "gzwrite", "infback", "inffast", "inflate", "inftrees",
           "trees", "uncompr", "zutil"]
FLAGS = ["-O2", "-w", "-D_LARGEFILE64_SOURCE=1", "-DHAVE_UNISTD_H", "-DHAVE_STDARG_H"]
# Text that packs well, yet not all too well.
TEXT = "".join(f"hello world {number * number}\n" for number in range(4000)).encode()


def same(text):
    """What a there-and-back has to print."""
    return lambda output: None if output.encode("latin-1") == text else "the bytes that came back are others"


def packed(text, unpack):
    """What a compressor has to print: what the host's zlib unpacks to the text."""
    def check(output):
        try:
            return None if unpack(output.encode("latin-1")) == text else "the host unpacks something else"
        except (zlib.error, OSError, EOFError) as wrong:
            return f"the host cannot unpack it: {wrong}"
    return check


def fits(text, size):
    """fitblk's output, besides what it says of it: at most `size` bytes that unpack to the text's beginning."""
    def check(output):
        block = re.sub(rb"\d+ bytes unused out of .*\n", b"", output.encode("latin-1"))
        try:
            begin = zlib.decompress(block)
        except zlib.error as wrong:
            return f"the host cannot unpack it: {wrong}"
        return None if len(block) <= size < len(begin) and text.startswith(begin) else "not the text's beginning"
    return check


def programs(_level, _builder):
    """Each program, with the arguments of Makefile.in's checks where those have any."""
    place = unpacked("zlib")
    library = [f"{place}/{name}.c" for name in LIBRARY]
    made = []

    def add(name, source, *arguments, flags=(), **more):
        made.append(Program(name, [f"{place}/{source}", *library], [*FLAGS, f"-I{place}", f"-I{place}/examples", *flags],
                            arguments=list(arguments), **more))

    example = ["hello, hello!", r".*inflate\(\): hello, hello!.*large_inflate\(\): OK.*inflateSync\(\): hel.*dictionary: hello, hello!"]
    add("example", "test/example.c", "example.gz", outputs=example)
    add("example64", "test/example.c", "example64.gz", flags=["-D_FILE_OFFSET_BITS=64"], outputs=example)
    add("infcover", "test/infcover.c")
    for level in range(1, 10):
        # By name there and back: each run replaces the file; -c writes to the standard output.
        add(f"minigzip-{level}", "test/minigzip.c", "-d", "-c", f"mini{level}.txt.gz", before=[[f"-{level}", f"mini{level}.txt"]],
            contents={f"mini{level}.txt": TEXT}, judge=same(TEXT))
    for option in ("f", "h", "r"):
        add(f"minigzip-{option}", "test/minigzip.c", "-d", "-c", f"mini{option}.txt.gz", before=[[f"-{option}", f"mini{option}.txt"]],
            contents={f"mini{option}.txt": TEXT}, judge=same(TEXT))
    add("minigzip64", "test/minigzip.c", "-d", "-c", "mini64.txt.gz", before=[["mini64.txt"]], flags=["-D_FILE_OFFSET_BITS=64"],
        contents={"mini64.txt": TEXT}, judge=same(TEXT))
    add("enough", "examples/enough.c", "286", "9", "15", outputs=["maximum of 852 table entries for root = 9"])
    add("zpipe", "examples/zpipe.c", input=TEXT, judge=packed(TEXT, zlib.decompress))
    add("zpipe-d", "examples/zpipe.c", "-d", input=zlib.compress(TEXT), judge=same(TEXT))
    add("zpipe-d-damaged", "examples/zpipe.c", "-d", input=zlib.compress(TEXT)[:-5], shouldfail=True)
    add("gun", "examples/gun.c", input=gzip.compress(TEXT, mtime=0), judge=same(TEXT))
    add("gun-t", "examples/gun.c", "-t", "gun.gz", contents={"gun.gz": gzip.compress(TEXT, mtime=0)})
    add("gzjoin", "examples/gzjoin.c", "join1.gz", "join2.gz", judge=packed(TEXT + TEXT, gzip.decompress),
        contents={"join1.gz": gzip.compress(TEXT, mtime=0), "join2.gz": gzip.compress(TEXT, 1, mtime=0)})
    add("gznorm", "examples/gznorm.c", input=gzip.compress(TEXT, mtime=0) + gzip.compress(TEXT, 9, mtime=0),
        judge=packed(TEXT + TEXT, gzip.decompress))
    add("fitblk", "examples/fitblk.c", "4096", input=TEXT, judge=fits(TEXT, 4096))
    add("zran", "examples/zran.c", "zran.gz", "30000", flags=["-DTEST"], contents={"zran.gz": gzip.compress(TEXT, mtime=0)},
        judge=lambda output: None if TEXT[30000:46384].decode() in output else "not the text at that place")
    return made
