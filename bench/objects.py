#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Objects beside PMDK's libpmemobj, LMDB and SQLite: dereference, maps and YCSB, natively on this machine. The times are CPU
time of the one thread; the files lie in the same tmpfs; both sides flush by CLFLUSHOPT and wait by SFENCE."""

import argparse
import glob
import os
import shutil
import statistics
import subprocess
import tempfile

from lib import guests

SOURCE = f"{guests.ROOT}/bench/objects"
PACKAGES = ["libpmem1", "libpmem-dev", "libpmemobj1", "libpmemobj-dev", "libndctl6", "libdaxctl1", "liblmdb0", "liblmdb-dev",
            "libsqlite3-0", "libsqlite3-dev"]
# libpmem flushes by CLWB on Intel's processors only, so neither side does; a tmpfs is no device that it knows.
PMEM = {"PMEM_NO_CLWB": "1", "PMEM_IS_PMEM_FORCE": "1"}
SETS = {"L1": "16 KiB", "L3": "8 MiB", "memory": "64 MiB"}


def packages():
    """The peers' Debian packages, unpacked in the cache: (root, versions)."""
    home = f"{guests.CACHE}/objects"
    if not os.path.exists(f"{home}/versions"):
        temporary = tempfile.mkdtemp(prefix="twizzler-bench-")
        guests.run(["apt-get", "-q", "download", *PACKAGES], cwd=temporary)
        versions = []
        for package in sorted(glob.glob(f"{temporary}/*.deb")):
            guests.run(["dpkg", "-x", package, f"{temporary}/root"])
            versions.append(os.path.basename(package).removesuffix(".deb"))
        with open(f"{temporary}/root/versions", "w", encoding="ascii") as file:
            file.write("\n".join(versions))
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(f"{temporary}/root", home, symlinks=True)
        shutil.rmtree(temporary)
    with open(f"{home}/versions", encoding="ascii") as file:
        names = dict(line.split("_")[:2] for line in file.read().split())
    return f"{home}/usr", names


def build(work, usr):
    """Every program of the benchmark by the host's compiler, libtwz with its host layer."""
    libtwz = f"{guests.ROOT}/libtwz"
    ours = [path for part in ("", "layout/", "host/", "collections/") for path in sorted(glob.glob(f"{libtwz}/{part}*.c"))]
    flags = ["gcc", "-O2", "-g", "-pthread", f"-I{SOURCE}"]
    native = flags + ["-DTWZ_FLUSH_METHOD=METHOD_CLFLUSHOPT", f"-I{libtwz}", f"-I{libtwz}/include",
                      f"-I{guests.ROOT}/sysroot/include", f"-I{guests.ROOT}/bin/twzkv"]
    library = f"{usr}/lib/x86_64-linux-gnu"
    peer = flags + [f"-I{usr}/include", f"-L{library}", f"-Wl,-rpath,{library}"]
    examples = f"{usr}/share/doc/libpmemobj-dev/examples"
    maps = [f"-I{examples}/tree_map", f"-I{examples}/hashmap", f"{SOURCE}/maps_pmem.c", f"{examples}/tree_map/btree_map.c",
            f"{examples}/hashmap/hashmap_tx.c"]
    ycsb = [f"{SOURCE}/ycsb.c"]
    guests.run([*native, f"{SOURCE}/chase_twz.c", *ours, "-o", f"{work}/chase_twz"])
    guests.run([*native, f"{SOURCE}/maps_twz.c", *ours, "-Wl,--wrap=twz_fence,--wrap=twz_persist", "-o", f"{work}/maps_twz"])
    guests.run([*native, *ycsb, f"{SOURCE}/ycsb_twzkv.c", f"{guests.ROOT}/bin/twzkv/kv.c", *ours, "-lm", "-o",
                f"{work}/ycsb_twzkv"])
    guests.run([*peer, f"{SOURCE}/chase_pmem.c", "-lpmemobj", "-lpmem", "-o", f"{work}/chase_pmem"])
    guests.run([*peer, *maps, "-lpmemobj", "-lpmem", "-o", f"{work}/maps_pmem"])
    guests.run([*peer, *ycsb, f"{SOURCE}/ycsb_lmdb.c", "-llmdb", "-lm", "-o", f"{work}/ycsb_lmdb"])
    guests.run([*peer, *ycsb, f"{SOURCE}/ycsb_sqlite.c", "-lsqlite3", "-lm", "-o", f"{work}/ycsb_sqlite"])


def measure(runs, commands):
    """Runs the commands in turn, each `runs` times: [{result: median}]."""
    seen = [{} for _ in commands]
    for _ in range(runs):
        for command, values in zip(commands, seen):
            with tempfile.TemporaryDirectory(prefix="twizzler-bench-", dir="/dev/shm") as place:
                text = guests.run([word.replace("PLACE", place) for word in command], env={**os.environ, **PMEM})
            for line in text.splitlines():
                kind, name, value = line.split("\t")
                if kind == "result":
                    values.setdefault(name, []).append(float(value))
    return [{name: statistics.median(found) for name, found in values.items()} for values in seen]


def turn(process, values):
    """Lets a program of maps.h work until it waits again; False: it has ended."""
    process.stdin.write("\n")
    process.stdin.flush()
    return until_it_waits(process, values)


def until_it_waits(process, values):
    for line in process.stdout:
        if line == "turn\n":
            return True
        kind, name, value = line.split("\t")
        if kind == "result":
            values.setdefault(name, []).append(float(value))
    if process.wait() != 0:
        guests.fail(f"{' '.join(process.args)}: exit {process.returncode}")
    return False


def alternate(runs, commands):
    """Runs the commands `runs` times, all at once but taking turns: [{result: its values in order}]. What disturbs the machine's
    memory disturbs both sides of a pair."""
    seen = [{} for _ in commands]
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="twizzler-bench-", dir="/dev/shm") as place:
            pairs = []
            for command, values in zip(commands, seen):
                process = subprocess.Popen([word.replace("PLACE", place) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           text=True, env={**os.environ, **PMEM, "MAPS_TURNS": "1"})
                if not until_it_waits(process, values):
                    guests.fail(f"{' '.join(command)} does not wait for its turn")
                pairs.append((process, values))
            while pairs:
                pairs = [pair for pair in pairs if turn(*pair)]
    return seen


def verdict(good):
    return "" if good else "   missed"


def dereference(work, runs):
    ours, pmem = measure(runs, [[f"{work}/chase_twz"], [f"{work}/chase_pmem", "PLACE"]])
    print(f"\ndereference, ns a step of a chase\n{'':34}" + "".join(f"{name + ' ' + size:>15}" for name, size in SETS.items()))
    rows = {"raw pointer": "raw", "invariant, in the object": "intra", "invariant, a walk in it": "walk",
            "pmemobj_direct, one pool": "pmemobj",
            "raw pointer, over 16 objects": "raw-spread", "invariant, across 16 objects": "cross",
            "pmemobj_direct, across 16 pools": "pmemobj-pools", "raw pointer, over those pools": "raw-pools"}
    both = {**ours, **pmem}
    for title, kind in rows.items():
        print(f"{title:34}" + "".join(f"{both[f'{kind} {name}']:15.2f}" for name in SETS))
    for title, kind, peer, most in (("in the object / raw", "intra", "raw", None), ("a walk in it / raw", "walk", "raw", 1.1),
                                     ("across / raw", "cross", "raw-spread", 2.5)):
        ratios = {name: both[f"{kind} {name}"] / both[f"{peer} {name}"] for name in SETS}
        judged = [name for name in SETS if kind == "walk" or name != "L1"]
        print(f"{title:34}" + "".join(f"{ratio:15.2f}" for ratio in ratios.values()) +
              (f"   at most {most}" + verdict(all(ratios[name] <= most for name in judged)) if most else ""))
    ratios = [both[f"pmemobj-pools {name}"] / both[f"cross {name}"] for name in SETS]
    print(f"{'pmemobj_direct / across':34}" + "".join(f"{ratio:15.2f}" for ratio in ratios) + "   at least 3 in L1" +
          verdict(ratios[0] >= 3))
    ratios = [both[f"pmemobj-pools {name}"] / both[f"raw-pools {name}"] for name in SETS]
    print(f"{'pmemobj_direct / raw, there':34}" + "".join(f"{ratio:15.2f}" for ratio in ratios) + "   more no dereference could gain")
    for title, kind, peer in (("in the object adds", "intra", "raw"), ("a walk in it adds", "walk", "raw"), ("across adds", "cross", "raw-spread"),
                              ("pmemobj_direct adds", "pmemobj-pools", "raw-pools")):
        print(f"{title:34}" + "".join(f"{both[f'{kind} {name}'] - both[f'{peer} {name}']:15.2f}" for name in SETS) +
              ("   ns, to a raw step; published: under 0.5 for most" if kind == "intra" else ""))
    print(f"missed the cache of resolved entries: {ours['uncached']:.0f} ns; first map of an object (mmap): {ours['first-map']:.0f} ns")
    growth = ours["fot-insert 4096"] / ours["fot-insert 64"]
    print(f"a new FOT entry: {ours['fot-insert 64']:.0f} ns with 64 entries, {ours['fot-insert 4096']:.0f} ns with 4096: {growth:.2f}"
          f"   at most 1.5{verdict(growth <= 1.5)}")


def maps(work, runs, keys):
    print(f"\nmaps of {keys} keys, ns an operation, each a transaction; the programs take turns, times are medians of the pairs (and their range)"
          f"\n{'':20}{'twizzler':>12}{'libpmemobj':>12}{'times':>8}")
    for kind, title in (("tree", "B+tree"), ("hash", "hash map")):
        ours, pmem = alternate(runs, [[f"{work}/maps_twz", kind, str(keys)], [f"{work}/maps_pmem", kind, str(keys), "PLACE"]])
        for what in ("insert", "lookup", "delete"):
            a, b = ours[f"{kind} {what}"], pmem[f"{kind} {what}"]
            times = [theirs / own for own, theirs in zip(a, b)]
            print(f"{title + ' ' + what:20}{statistics.median(a):12.0f}{statistics.median(b):12.0f}{statistics.median(times):8.2f}"
                  f" ({min(times):.2f} to {max(times):.2f})   at least 2{verdict(statistics.median(times) >= 2)}")
        print(f"{'fences':20}{statistics.median(ours[kind + ' fences']):12.2f} an insert, "
              f"{statistics.median(ours[kind + ' delete-fences']):.2f} a delete")


def ycsb(work, runs, records, operations):
    names = ["twzkv", "lmdb", "sqlite"]
    results = measure(runs, [[f"{work}/ycsb_{name}", "PLACE", str(records), str(operations)] for name in names])
    print(f"\nYCSB, {records} records of 1000 bytes, ns an operation\n{'':8}" + "".join(f"{name:>12}" for name in names) + f"{'times':>8}")
    for what in ["load", *"ABCDEF"]:
        values = [result[what] for result in results]
        times = min(values[1:]) / values[0]
        print(f"{what:8}" + "".join(f"{value:12.0f}" for value in values) + f"{times:8.2f}" +
              (f"   at least 1.5{verdict(times >= 1.5)}" if what != "load" else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="of each program, in turn (3); the medians are shown")
    parser.add_argument("--keys", type=int, default=1000000, help="of the maps (1000000)")
    parser.add_argument("--records", type=int, default=100000, help="of YCSB, and operations of each mix (100000)")
    parser.add_argument("--only", choices=["dereference", "maps", "ycsb"])
    arguments = parser.parse_args()
    work = guests.work_directory("objects")
    usr, versions = packages()
    build(work, usr)
    print(f"libpmemobj {versions['libpmemobj1']}, LMDB {versions['liblmdb0']}, SQLite {versions['libsqlite3-0']}; all in /dev/shm; "
          f"CLFLUSHOPT and SFENCE; medians of {arguments.runs} runs")
    if arguments.only in (None, "dereference"):
        dereference(work, arguments.runs)
    if arguments.only in (None, "maps"):
        maps(work, arguments.runs, arguments.keys)
    if arguments.only in (None, "ycsb"):
        ycsb(work, arguments.runs, arguments.records, arguments.records)


if __name__ == "__main__":
    main()
