#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Objects on the NVDIMM of a Twizzler guest beside the same sources on the NVDIMM of a Linux guest, whose files (ext4 with dax=always,
MAP_SYNC) stand for objects: dereference, maps, YCSB on twzkv (beside SQLite and LMDB, too), and opening what is small and large. On a
disk: YCSB on twzkv, beside SQLite and LMDB on ext4."""

import argparse
import glob
import statistics
import tempfile

from lib import guests, media

SOURCE = f"{guests.ROOT}/bench/objects"
LIBTWZ = f"{guests.ROOT}/libtwz"
SETS = {"L1": "16 KiB", "L3": "8 MiB", "memory": "64 MiB"}
SIZES = {"4": "4 KiB", "1024": "1 MiB", "1047552": "1023 MiB"}
BIG = 2 << 30
LMDB = {"lmdb": "0", "lmdb-map": "MDB_WRITEMAP"}  # how its environment is opened


def build(work):
    """Each program for Twizzler with libtwz, for Linux with libtwz's host layer; YCSB's other stores are stock SQLite and LMDB."""
    linux = media.linux_compiler()
    guests.run([f"{guests.ROOT}/build.sh", "port", "sqlite"])
    made = f"{guests.ROOT}/build/ports/sqlite/source/made"
    ours = [path for part in ("", "layout/", "host/", "collections/") for path in sorted(glob.glob(f"{LIBTWZ}/{part}*.c"))]
    flags = ["-static", "-O2", "-DCLOCK=CLOCK_MONOTONIC", f"-I{SOURCE}", f"-I{guests.ROOT}/bin/twzkv"]
    wrap = ["-Wl,--wrap=twz_fence,--wrap=twz_persist"]
    kv = f"{guests.ROOT}/bin/twzkv/kv.c"
    for name, more in (("chase_twz", []), ("maps_twz", wrap), ("ycsb_twzkv", [f"{SOURCE}/ycsb.c", kv, "-lm"])):
        guests.run([guests.tool("x86_64-twizzler-gcc"), *flags, "-DOBJECT_FLAGS=TWZ_OBJECT_PERSISTENT", f"{SOURCE}/{name}.c", *more,
                    "-o", f"{work}/{name}"])
        guests.run([linux, *flags, f"-I{LIBTWZ}", f"-I{LIBTWZ}/include", f"{SOURCE}/{name}.c", *more, *ours, "-o", f"{work}/{name}-linux"])
    guests.run([guests.tool("x86_64-twizzler-gcc"), *flags, f"{SOURCE}/open_twz.c", "-o", f"{work}/open_twz"])
    guests.run([linux, *flags, f"{SOURCE}/open_linux.c", "-o", f"{work}/open_linux"])
    guests.run([linux, *flags, "-w", "-DSQLITE_THREADSAFE=1", "-DSQLITE_OMIT_LOAD_EXTENSION", f"-I{made}", f"{SOURCE}/ycsb.c",
                f"{SOURCE}/ycsb_sqlite.c", f"{made}/sqlite3.c", "-lm", "-o", f"{work}/ycsb_sqlite-linux"])
    lmdb = f"{media.source(work, 'lmdb')}/libraries/liblmdb"
    for name, way in LMDB.items():
        guests.run([linux, *flags, "-w", f"-DLMDB_FLAGS={way}", f"-I{lmdb}", f"{SOURCE}/ycsb.c", f"{SOURCE}/ycsb_lmdb.c", f"{lmdb}/mdb.c",
                    f"{lmdb}/midl.c", "-lm", "-o", f"{work}/ycsb_{name}-linux"])


class Bench:
    """The two guests."""

    def __init__(self, work, arguments):
        self.work, self.arguments = work, arguments
        self.qemu = guests.counting_qemu(work) if arguments.icount else "qemu-system-x86_64"
        names = ["chase_twz-linux", "maps_twz-linux", "ycsb_twzkv-linux", "ycsb_sqlite-linux", *(f"ycsb_{name}-linux" for name in LMDB), "open_linux"]
        self.linux = media.Linux(work, [f"{work}/{name}" for name in names])

    def once(self, side, program, medium, words, size=media.SIZE, qemu=None):
        """Boots with the words in turn and the same medium: what they print."""
        with tempfile.TemporaryDirectory(prefix="twizzler-bench-", dir=self.arguments.place) as place:
            machine = {"size": size, "qemu": qemu or self.qemu}
            if side == "twizzler":
                return "".join(media.twizzler(place, medium, [f"{self.work}/{program}", *each], **machine) for each in words)
            return "".join(self.linux.run(place, medium, [program, *each], **machine) for each in words)

    def compare(self, runs, words, size=media.SIZE, medium="nvdimm", **sides):
        """In turn, each side's program with the words: {side: {result: median}}."""
        seen = {side: {} for side in sides}
        for _ in range(runs):
            for side, program in sides.items():
                for name, value in media.lines(self.once(side, program, medium, words, size), "result"):
                    seen[side].setdefault(name, []).append(float(value))
        return {side: {name: statistics.median(values) for name, values in found.items()} for side, found in seen.items()}

    def table(self, title, rows, results, sides=("twizzler", "linux")):
        print(f"\n{title}\n{'':40}" + "".join(f"{side:>12}" for side in sides) + "   ratio")
        for name, what in rows.items():
            values = [results[side][name] for side in sides]
            print(f"{what:40}" + "".join(f"{value:12.1f}" for value in values) + f"{values[0] / min(values[1:]):8.2f}")

    def ycsb(self, medium):
        """twzkv, and the stores that Linux has, each durable when a change returns; on the NVDIMM twzkv on Linux, too."""
        records = str(self.arguments.records)
        peers = {peer: f"ycsb_{peer}-linux" for peer in ("sqlite", *LMDB)}
        own = {"twizzler": "ycsb_twzkv"} | ({"linux": "ycsb_twzkv-linux"} if medium == "nvdimm" else {})
        sides = {**own, **peers}
        results = self.compare(self.arguments.runs, [[".", records, records]], medium=medium, **sides)
        unit = "instructions" if self.arguments.icount else "ns"
        print(f"\n{medium}: YCSB, {records} records of 1000 bytes, {unit} an operation; times: the best of the others' on Linux, of twzkv's here"
              f"\n{'':6}" + "".join(f"{name:>12}" for name in sides) + f"{'times':>8}")
        for mix in ["load", *"ABCDEF"]:
            times = min(results[side][mix] for side in peers) / results["twizzler"][mix]
            print(f"{mix:6}" + "".join(f"{results[side][mix]:12.0f}" for side in sides) + f"{times:8.2f}" +
                  ("" if mix == "load" else "   at least 1.5" + ("" if times >= 1.5 else "   missed")))
        if medium == "blk" and not self.arguments.icount:
            self.requests(sides)

    def requests(self, sides):
        """What the same asks of the disk; A to F have so many changes an operation in all."""
        records = self.arguments.records
        changes = records * (1 + 0.5 + 0.05 + 0.05 + 0.05 + 0.5)
        print(f"\n{'a change':12}{'flushes':>10}{'writes':>10}{'KiB':>10}")
        for side, program in sides.items():
            requests = media.Requests(self.work)
            self.once(side, program, "blk", [[".", str(records), str(records)]], qemu=requests.qemu)
            requests.join()
            found = requests.found
            print(f"{side:12}{found['flush_operations'] / changes:10.2f}{found['wr_operations'] / changes:10.2f}"
                  f"{found['wr_bytes'] / 1024 / changes:10.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each program on each side, in turn (3); the medians are shown")
    parser.add_argument("--keys", type=int, default=100000, help="of the maps (100000)")
    parser.add_argument("--records", type=int, default=5000, help="of YCSB, and operations of each mix (5000)")
    parser.add_argument("--only", choices=["dereference", "maps", "ycsb", "open"])
    parser.add_argument("--medium", choices=list(media.MEDIA), help="this one alone; a disk has YCSB alone")
    parser.add_argument("--icount", action="store_true", help="by guest instructions: the guests' clocks count them, 1 ns each")
    parser.add_argument("--place", default=None, help="where the media's files lie (build/bench/guest)")
    arguments = parser.parse_args()
    work = guests.work_directory("guest")
    arguments.place = arguments.place or work
    build(work)
    bench = Bench(work, arguments)
    print(f"{guests.qemu_version()}, {guests.ACCELERATOR}, 1 CPU; Linux {bench.linux.version}, mitigations=off, ext4 (dax=always on the NVDIMM); "
          f"medians of {arguments.runs}")
    if arguments.medium != "blk":
        on_nvdimm(bench, arguments)
    if arguments.medium != "nvdimm" and arguments.only in (None, "ycsb"):
        bench.ycsb("blk")


def on_nvdimm(bench, arguments):
    if arguments.only in (None, "dereference"):
        kinds = {"raw": "raw pointer", "intra": "invariant, in the object", "raw-spread": "raw pointer, over 16 objects",
                 "cross": "invariant, across 16 objects"}
        rows = {f"{kind} {name}": f"{title}, {size}" for kind, title in kinds.items() for name, size in SETS.items()}
        rows |= {"uncached": "missed the cache of resolved entries", "first-map": "first map of an object", "fot-insert 64": "a new FOT entry"}
        bench.table("dereference, ns", rows, bench.compare(arguments.runs, [[]], twizzler="chase_twz", linux="chase_twz-linux"))
    if arguments.only in (None, "maps"):
        words = [[kind, str(arguments.keys)] for kind in ("tree", "hash")]
        rows = {f"{kind} {what}": f"{title}, {what}" for kind, title in (("tree", "B+tree"), ("hash", "hash map"))
                for what in ("insert", "lookup", "delete")}
        bench.table(f"maps of {arguments.keys} keys, ns an operation, each a transaction", rows,
                    bench.compare(arguments.runs, words, twizzler="maps_twz", linux="maps_twz-linux"))
    if arguments.only in (None, "ycsb"):
        bench.ycsb("nvdimm")
    if arguments.only in (None, "open"):
        rows = {f"open{kind} {size}": f"{title}{text}" for kind, text in (("-first", ", the first time after a boot"), ("", ", again"))
                for size, title in SIZES.items()}
        bench.table("open, map, first and last word read, close, ns", rows,
                    bench.compare(arguments.runs, [["make"], ["time"]], BIG, twizzler="open_twz", linux="open_linux"))


if __name__ == "__main__":
    main()
