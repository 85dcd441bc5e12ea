# SPDX-License-Identifier: BSD-2-Clause
"""Times the paths of bench/paths on Twizzler and on a Linux guest of the same QEMU, boot by boot in turn."""

import argparse
import os
import statistics
import subprocess

from . import guests

SOURCES = ["main.c", "syscalls.c", "memory.c", "threads.c"]
MEMORY = "2G"
# What the peer cannot say: Linux maps a file page by page, so it has no such path to compare.
LOOPS = ("integer-loop", "copy-loop", "chase-loop")


def build(work):
    """The same sources by the same compiler: for Twizzler, and for Linux with plain musl."""
    source = f"{guests.ROOT}/bench/paths"
    sources = [f"{source}/{name}" for name in SOURCES]
    flags = ["-static", "-O2"]
    guests.run([guests.tool("x86_64-twizzler-gcc"), *flags, *sources, f"{source}/twizzler.c", "-o", f"{work}/twizzler"])
    guests.run([f"{guests.ROOT}/toolchain/linux-musl.sh"])
    guests.run([f"{guests.ROOT}/build/linux-musl/bin/linux-musl-gcc", *flags, *sources, f"{source}/linux.c", "-o", f"{work}/linux"])


def once(side, command, environment):
    """One boot: {path: median of its rounds}."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900,
                            env={**os.environ, **environment})
    if result.returncode != (0 if side == "twizzler" else 1):
        guests.fail(f"{side}: exit {result.returncode}: {result.stdout[-300:]!r} {result.stderr[-300:]!r}")
    rows = [line.split("\t") for line in result.stdout.splitlines() if line.startswith("path\t")]
    if any(len(row) != 4 for row in rows):
        guests.fail(f"{side}: a line is not whole: {result.stdout!r}")
    return {row[1]: float(row[2]) for row in rows}


def compare(sides, runs):
    """Boots the sides in turn; {path: {side: median of the boots}}."""
    results = {}
    for _ in range(runs):
        for side, (command, environment) in sides.items():
            for path, value in once(side, command, environment).items():
                results.setdefault(path, {}).setdefault(side, []).append(value)
    return {path: {side: statistics.median(values) for side, values in both.items()}
            for path, both in results.items()}


def table(title, unit, results):
    print(f"\n{title}\n{'path':24} {'twizzler':>12} {'linux':>12}  ratio   ({unit} an operation)")
    ratios = []
    for path, both in results.items():
        ratio = both["twizzler"] / both["linux"]
        if path not in LOOPS:
            ratios.append(ratio)
        print(f"{path:24} {both['twizzler']:12.1f} {both['linux']:12.1f}  {ratio:5.2f}")
    if ratios:
        print(f"{'worst kernel path':24} {'':12} {'':12}  {max(ratios):5.2f}")
        print(f"{'median kernel path':24} {'':12} {'':12}  {statistics.median(ratios):5.2f}")


def main(group, processors):
    """Benchmarks a group of paths, on each number of processors and by guest instructions on one."""
    parser = argparse.ArgumentParser(description=f"Times the {group} paths: Twizzler against a Linux guest.")
    parser.add_argument("--runs", type=int, default=3, help="boots of each side (3)")
    parser.add_argument("--only", metavar="PATH", help="this path alone")
    parser.add_argument("--no-icount", action="store_true", help="leave out the count of guest instructions")
    arguments = parser.parse_args()
    work = guests.work_directory(group)
    build(work)
    kernel, version = guests.linux_kernel()
    guests.initramfs(f"{work}/initramfs", f"{work}/linux")
    words = [group] + ([arguments.only] if arguments.only else [])
    print(f"{guests.qemu_version()}, {guests.ACCELERATOR}; Linux {version}, mitigations=off; medians of "
          f"{arguments.runs} boots, each the median of seven rounds")

    def sides(cpus, qemu):
        twizzler = [guests.tool("x86_64-twizzler-run"), "--smp", str(cpus), "--memory", MEMORY, f"{work}/twizzler"]
        linux = guests.linux_command(kernel, f"{work}/initramfs", words, cpus=cpus, memory=MEMORY)
        linux[0] = qemu
        return {"twizzler": (twizzler + words, {"TWZ_QEMU": qemu}), "linux": (linux, {})}

    for cpus in processors:
        table(f"time, {cpus} CPU{'s' * (cpus > 1)}", "ns", compare(sides(cpus, "qemu-system-x86_64"), arguments.runs))
    if not arguments.no_icount:
        table("guest instructions, 1 CPU", "instructions", compare(sides(1, guests.counting_qemu(work)), 1))
