#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Programs per minute of x86_64-twizzler-run: a boot for each, --batch in one boot and in two at once, and a boot that serves."""

import argparse
import os
import statistics
import subprocess
import time

from lib import guests

WORK = guests.work_directory("batch")


def build():
    """The program: a static hello."""
    guests.run([guests.tool("x86_64-twizzler-gcc"), "-static", "-O2", f"{guests.ROOT}/bench/boot/hello.c", "-o", f"{WORK}/hello"])


def timed(command, count):
    """Programs a minute of a command that runs `count` programs."""
    start = time.monotonic()
    result = subprocess.run(command, cwd=WORK, stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    elapsed = time.monotonic() - start
    if result.returncode != 0:
        guests.fail(f"{' '.join(command)}: exit {result.returncode}, {result.stderr[-300:]!r}")
    return 60 * count / elapsed


def batch(run, count, jobs):
    """All in one list; every one must have said its words."""
    with open(f"{WORK}/list", "w", encoding="utf-8") as file:
        file.write("./hello\n" * count)
    rate = timed([run, "--batch", "list", "--jobs", str(jobs), "--results", "table"], count)
    with open(f"{WORK}/table", encoding="utf-8") as file:
        said = sum("\texit 0\t" in line and "hello" in line.split("\t")[8] for line in file)
    if said != count:
        guests.fail(f"{count - said} of {count} programs did not run")
    return rate


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=2000, help="of a batch (2000)")
    parser.add_argument("--runs", type=int, default=3, help="of which the median counts (3)")
    arguments = parser.parse_args()
    build()
    run, count = guests.tool("x86_64-twizzler-run"), arguments.programs
    one_by_one = f"for i in $(seq {{0}}); do {run} ./hello >/dev/null || exit; done"
    ways = {
        "a boot for each": lambda: timed(["sh", "-c", one_by_one.format(count // 50)], count // 50),
        "served, a client for each": lambda: timed([run, "--keep", "sh", "-c", one_by_one.format(count // 10)], count // 10),
        "batch, one boot": lambda: batch(run, count, 1),
        "batch, two boots": lambda: batch(run, count, 2),
    }
    rates = {way: [] for way in ways}
    for _ in range(arguments.runs):
        for way, measure in ways.items():
            rates[way].append(measure())
    print(f"Static hello, {guests.qemu_version()}, {os.cpu_count()} CPUs, {count} programs, median of {arguments.runs}")
    print(f"{'way':28} {'programs/minute':>16} {'ms each':>9}")
    for way, values in rates.items():
        middle = statistics.median(values)
        print(f"{way:28} {middle:16.0f} {60000 / middle:9.2f}")


main()
