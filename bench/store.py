#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Time boots with a store of many objects beside boots with an empty one of the same size, on both media, and twzstore on a large
sparse store, and a file that is written and read in order: medians, side by side in one run."""

import argparse
import hashlib
import os
import shutil
import statistics
import struct
import time

from lib import guests, media

WORK = guests.work_directory("store")
PERSISTENT, RIGHTS_ALL, KIND_DATA = 2, 0x1F, 0


def crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc32c_table()


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFF


def write_objects(path, count):
    """A file for `twzstore import` (docs/store.md) of objects without pages of their own: each becomes a record and a meta page."""
    with open(path, "wb") as file:
        file.write(struct.pack("<8sII", b"TWZOBJS\0", 1, count))
        for number in range(1, count + 1):
            nonce = (0x5EED, number)
            digest = hashlib.blake2b(struct.pack("<QQQQI", *nonce, 0, 0, RIGHTS_ALL), digest_size=16).digest()
            head = struct.pack("<QQQQQQIII", *struct.unpack(">QQ", digest), *nonce, 0, 0, PERSISTENT, KIND_DATA, RIGHTS_ALL)
            rest = struct.pack("<Q", 0)
            file.write(head + struct.pack("<I", crc32c(head + bytes(4) + rest)) + rest)


def timed(command):
    """(seconds, standard output) of a command that must do its work."""
    start = time.monotonic()
    output = guests.run(command)
    return time.monotonic() - start, output


def boot(store, medium):
    seconds, output = timed([guests.tool("x86_64-twizzler-run"), "--store", f"{store},{medium}", f"{WORK}/hello"])
    if "hello" not in output:
        guests.fail(f"the boot with {store},{medium} printed {output[-200:]!r}")
    return seconds


def make_store(path, size):
    if os.path.exists(path):
        os.unlink(path)
    seconds, _ = timed([guests.tool("twzstore"), "mkfs", path, size])
    return seconds


def bench_boot(objects, size, runs):
    """Boots with `objects` objects and with none, in turn; the ratio of each medium."""
    twzstore = guests.tool("twzstore")
    write_objects(f"{WORK}/objects", objects)
    print(f"boot to a static hello with a store of {objects} objects, medians of {runs}; {guests.qemu_version()}")
    print(f"{'medium':10} {'empty':>10} {'full':>10}   ratio   (import, check of the full one)")
    for medium in "nvdimm", "blk":
        stores = {"empty": f"{WORK}/empty", "full": f"{WORK}/full"}
        for path in stores.values():
            make_store(path, size)
            boot(path, medium)  # the first one makes the root directory
        imported, _ = timed([twzstore, "import", stores["full"], f"{WORK}/objects"])
        checked, told = timed([twzstore, "check", stores["full"]])
        if " 0 wrong" not in told:
            guests.fail(f"check: {told}")
        times = {name: [] for name in stores}
        for name, path in stores.items():
            boot(path, medium)  # it is in the page cache from here on
        for _ in range(runs):
            for name, path in stores.items():
                times[name].append(boot(path, medium))
        empty, full = (statistics.median(times[name]) * 1000 for name in ("empty", "full"))
        print(f"{medium:10} {empty:7.1f} ms {full:7.1f} ms   {full / empty:5.2f}   ({imported:.1f} s, {checked:.1f} s)")
        for path in stores.values():
            os.unlink(path)


def bench_large(size, larger):
    """A sparse store: what each command takes, and the boots."""
    path, twzstore = f"{WORK}/large", guests.tool("twzstore")
    rows = [(f"mkfs {size}", make_store(path, size))]
    for medium in "nvdimm", "blk":
        boot(path, medium)
        rows.append((f"boot, {medium}", boot(path, medium)))
    rows.append(("check", timed([twzstore, "check", path])[0]))
    rows.append((f"resize to {larger}", timed([twzstore, "resize", path, larger])[0]))
    rows.append(("check", timed([twzstore, "check", path])[0]))
    rows.append((f"resize to {size}", timed([twzstore, "resize", path, size])[0]))
    used = os.stat(path).st_blocks * 512 >> 20
    print(f"\na sparse store of {size}, which takes {used} MiB of the host's disk")
    for what, seconds in rows:
        print(f"{what:24} {seconds * 1000:9.1f} ms")
    os.unlink(path)


def bench_sequential(runs, mebibytes):
    """A file written and made durable from its first byte to the last, and read at another boot; beside the Linux guest's ext4."""
    source, program, peer = f"{guests.ROOT}/bench/store/sequential.c", f"{WORK}/sequential", f"{WORK}/sequential-linux"
    guests.run([guests.tool("x86_64-twizzler-gcc"), "-static", "-O2", source, "-o", program])
    guests.run([media.linux_compiler(), "-static", "-O2", source, "-o", peer])
    linux, speeds = media.Linux(WORK, [peer]), {}
    for _ in range(runs):
        for medium in media.MEDIA:
            place = f"{WORK}/sequential-{medium}"
            shutil.rmtree(place, ignore_errors=True)
            os.makedirs(place)
            for action in "write", "read":
                words = [str(mebibytes), action]
                outputs = (media.twizzler(place, medium, [program, "/store/file", *words]), linux.run(place, medium, [peer, "/data/file", *words]))
                for side, output in enumerate(outputs):
                    speeds.setdefault((medium, action), ([], []))[side].append(float(media.lines(output, "speed")[0][1]))
            shutil.rmtree(place)
    print(f"\na file of {mebibytes} MiB as memory, from the first byte to the last, medians of {runs}; MiB a second")
    print(f"{'medium':10} {'':10} {'Twizzler':>9} {'ext4':>9}   ratio")
    for (medium, action), sides in speeds.items():
        ours, theirs = (statistics.median(values) for values in sides)
        print(f"{medium:10} {action:10} {ours:9.1f} {theirs:9.1f}   {ours / theirs:5.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="boots of each kind; a fifth as many of files")
    parser.add_argument("--objects", type=int, default=100000)
    parser.add_argument("--size", default="2G", help="of the stores whose boots are compared")
    parser.add_argument("--large", default="64G", help="of the sparse store")
    parser.add_argument("--larger", default="80G", help="what it is resized to and back")
    parser.add_argument("--file", type=int, default=64, help="MiB of the file that is written and read")
    parser.add_argument("--only", choices=("boot", "large", "sequential"))
    arguments = parser.parse_args()
    guests.run([guests.tool("x86_64-twizzler-gcc"), "-static", "-O2", f"{guests.ROOT}/bench/boot/hello.c", "-o", f"{WORK}/hello"])
    if arguments.only in (None, "boot"):
        bench_boot(arguments.objects, arguments.size, arguments.runs)
    if arguments.only in (None, "large"):
        bench_large(arguments.large, arguments.larger)
    if arguments.only in (None, "sequential"):
        bench_sequential(max(1, arguments.runs // 5), arguments.file)


if __name__ == "__main__":
    main()
