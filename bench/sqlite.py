#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""SQLite with its databases in objects, beside stock SQLite of the same source on a Linux guest: speedtest1, and inserts, an index
and selects, on the same NVDIMM (ext4 with dax=always) and on the same disk (ext4). Both are durable when COMMIT returns, but for
the rows called "advised", which are set up as SQLite's documentation advises for a write-ahead log."""

import argparse
import os
import re
import shutil
import statistics
import tempfile

from lib import guests, media

PORT = f"{guests.ROOT}/build/ports/sqlite"
# As ports/sqlite/recipe.sh has them, but for what its VFS needs.
FLAGS = ["-static", "-O2", "-w", "-DSQLITE_THREADSAFE=1", "-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_DIRECT_OVERFLOW_READ", "-DSQLITE_ENABLE_RTREE",
         "-DSQLITE_ENABLE_FTS5", "-DSQLITE_ENABLE_MATH_FUNCTIONS"]
ADVISED = ["-DSQLITE_DEFAULT_WAL_SYNCHRONOUS=1", f"-DSQLITE_DEFAULT_MMAP_SIZE={256 << 20}", "-DSQLITE_DEFAULT_CACHE_SIZE=-65536"]
# Linux's ways: the library, speedtest1's arguments, the pragmas of rows.
WAYS = {"journal": ("stock", [], ["-", "-"]),
        "wal": ("stock", ["--journal", "wal"], ["wal", "-"]),
        "advised": ("advised", ["--journal", "wal"], ["wal", "-"])}
DURABLE = ("journal", "wal")
TITLES = {"object": "objects", "journal": "rollback journal, FULL (the defaults)", "wal": "write-ahead log, FULL",
          "advised": "write-ahead log, NORMAL, mmap_size 256 MiB, cache of 64 MiB as ours: commits not durable"}


def build(work):
    """speedtest1 and rows: with the port's library, and with stock ones for Linux."""
    guests.run([f"{guests.ROOT}/build.sh", "port", "sqlite"])
    speedtest, rows = f"{PORT}/source/test/speedtest1.c", f"{guests.ROOT}/bench/sqlite/rows.c"
    root, made, linux = f"{PORT}/root/usr", f"{PORT}/source/made", media.linux_compiler()
    for name, source in (("speedtest1", speedtest), ("rows", rows)):
        guests.run([guests.tool("x86_64-twizzler-gcc"), *FLAGS[:3], f"-I{root}/include", source, f"{root}/lib/libsqlite3.a", "-o", f"{work}/{name}"])
    for way, more in (("stock", []), ("advised", ADVISED)):
        guests.run([linux, *FLAGS, *more, "-c", f"{made}/sqlite3.c", "-o", f"{work}/sqlite3-{way}.o"])
        for name, source in (("speedtest1", speedtest), ("rows", rows)):
            guests.run([linux, *FLAGS[:3], f"-I{made}", source, f"{work}/sqlite3-{way}.o", "-o", f"{work}/{name}-{way}"])


def speedtest_results(output):
    """{test: seconds}, "total" last."""
    found = {}
    for number, what, seconds in re.findall(r"^ *(\d+) - (.*?)\.* +([0-9.]+)s$", output, re.M):
        found[f"{number} {what}"] = float(seconds)
    total = re.search(r"TOTAL\.+ +([0-9.]+)s", output)
    if not total:
        guests.fail(f"speedtest1 did not come to its end: {output[-300:]!r}")
    found["total"] = float(total[1])
    return found


def rows_results(output):
    return {name: float(value) for name, value in media.lines(output, "result")}


class Bench:
    """One run of everything on one medium."""

    def __init__(self, work, medium, arguments):
        self.work, self.medium, self.arguments = work, medium, arguments
        self.linux = media.Linux(work, [f"{work}/{name}-{way}" for name in ("speedtest1", "rows") for way in ("stock", "advised")])

    def once(self, side, program, qemu="qemu-system-x86_64"):
        """One boot: {test: time}."""
        with tempfile.TemporaryDirectory(prefix="twizzler-bench-", dir=self.arguments.place) as place:
            size = str(self.arguments.size if program == "speedtest1" else self.arguments.rows)
            library, options, pragmas = WAYS.get(side, ("", [], ["-", "-"]))
            database = "/store/bench.db" if side == "object" else "bench.db"
            words = ["--size", size, *options, database] if program == "speedtest1" else [database, size, *pragmas]
            if side == "object":
                output = media.twizzler(place, self.medium, [f"{self.work}/{program}", *words], qemu=qemu)
            else:
                output = self.linux.run(place, self.medium, [f"{program}-{library}", *words], qemu=qemu)
        if program == "rows":
            print(f"  {self.medium} {side}: " + ", ".join(" ".join(pair) for pair in media.lines(output, "pragma")), flush=True)
        return speedtest_results(output) if program == "speedtest1" else rows_results(output)

    def compare(self, program, sides):
        """In turn: {test: {side: median}}."""
        results = {}
        for _ in range(self.arguments.runs):
            for side in sides:
                for what, value in self.once(side, program, self.arguments.qemu).items():
                    results.setdefault(what, {}).setdefault(side, []).append(value)
        return {what: {side: statistics.median(values) for side, values in both.items()} for what, both in results.items()}

    def requests(self, sides):
        """What `rows` asks of the disk."""
        rows = self.arguments.rows
        print(f"\n{'a commit, of ' + str(rows * 2 + rows // 10 + 2):44}{'flushes':>10}{'writes':>10}{'KiB':>10}")
        for side in sides:
            requests = media.Requests(self.work)
            self.once(side, "rows", requests.qemu)
            requests.join()
            commits, found = rows * 2 + rows // 10 + 2, requests.found
            print(f"{side:44}{found['flush_operations'] / commits:10.2f}{found['wr_operations'] / commits:10.2f}"
                  f"{found['wr_bytes'] / 1024 / commits:10.2f}")


def table(title, results, sides, only=None, width=10, digits=3):
    print(f"\n{title}\n{'':44}" + "".join(f"{side:>{width}}" for side in sides) + "   times as fast as the better durable one")
    for what, both in results.items():
        if only and what not in only:
            continue
        best = min((both[side] for side in DURABLE if side in both), default=0)
        ratio = f"{best / both['object']:8.2f}" if best and "object" in both else ""
        print(f"{what[:43]:44}" + "".join(f"{both[side]:{width}.{digits}f}" for side in sides) + ratio)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each program on each side, in turn (3); the medians are shown")
    parser.add_argument("--size", type=int, default=20, help="of speedtest1 (20)")
    parser.add_argument("--rows", type=int, default=2000, help="inserted one a commit by the other program; ten times as many by the hundred (2000)")
    parser.add_argument("--only", choices=["speedtest1", "rows"])
    parser.add_argument("--medium", choices=list(media.MEDIA), help="this one alone")
    parser.add_argument("--side", action="append", choices=["object", *WAYS], help="this one alone, or these")
    parser.add_argument("--place", default=None, help="where the media's files lie (build/bench/sqlite)")
    parser.add_argument("--icount", action="store_true", help="by guest instructions: the guests' clocks count them, 1 ns each")
    parser.add_argument("--all", action="store_true", help="show speedtest1's tests one by one")
    arguments = parser.parse_args()
    work = guests.work_directory("sqlite")
    arguments.place = arguments.place or work
    arguments.qemu = guests.counting_qemu(work) if arguments.icount else "qemu-system-x86_64"
    sides = arguments.side or ["object", *WAYS]
    build(work)
    free = shutil.disk_usage(arguments.place).free
    if free < 2 * media.SIZE:
        guests.fail(f"{arguments.place} has {free >> 20} MiB free, {2 * media.SIZE >> 20} are wanted; name another with --place")
    print(f"{guests.qemu_version()}, {guests.ACCELERATOR}, 1 CPU; medians of {arguments.runs}")
    for side in sides:
        print(f"  {side}: {TITLES[side]}")
    for medium in [arguments.medium] if arguments.medium else media.MEDIA:
        bench = Bench(work, medium, arguments)
        print(f"\n{medium}; Linux {bench.linux.version}, mitigations=off, ext4{', dax=always' * (medium == 'nvdimm')}")
        if arguments.only in (None, "speedtest1"):
            table(f"{medium}: speedtest1 --size {arguments.size}, s", bench.compare("speedtest1", sides), sides,
                  None if arguments.all else ["total"])
        if arguments.only in (None, "rows"):
            results = bench.compare("rows", sides)
            table(f"{medium}: rows, us an operation",
                  {what: {side: value / 1000 for side, value in both.items()} for what, both in results.items()}, sides, digits=1)
            if medium == "blk" and not arguments.icount:
                bench.requests(sides)


if __name__ == "__main__":
    main()
