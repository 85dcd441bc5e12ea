#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Time x86_64-twizzler-run of a static hello against the floor and against Linux: medians of five, in one run."""

import argparse
import os
import statistics
import subprocess
import time

from lib import guests

WORK = guests.work_directory("boot")


def build():
    """The three programs."""
    source = f"{guests.ROOT}/bench/boot"
    guests.run([guests.tool("x86_64-twizzler-gcc"), "-static", "-O2", f"{source}/hello.c", "-o", f"{WORK}/hello"])
    guests.run(["gcc", "-static", "-nostdlib", "-no-pie", "-Wl,-Ttext=0x100000", "-Wl,--build-id=none", f"{source}/floor.S",
         "-o", f"{WORK}/floor.elf"])
    guests.run(["gcc", "-static", "-O2", f"{source}/linux_hello.c", "-o", f"{WORK}/linux_hello"])


def commands(kernel):
    guests.initramfs(f"{WORK}/initramfs", f"{WORK}/linux_hello")
    return {
        "floor": guests.qemu() + ["-kernel", f"{WORK}/floor.elf"],
        "twizzler": [guests.tool("x86_64-twizzler-run"), f"{WORK}/hello"],
        "linux": guests.linux_command(kernel, f"{WORK}/initramfs"),
    }


def once(name, command):
    """Seconds from process start to exit; the run must have done its work."""
    start = time.monotonic()
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    elapsed = time.monotonic() - start
    expected = 0 if name == "twizzler" else 1  # isa-debug-exit makes 1 of 0
    if result.returncode != expected or (name != "floor" and b"hello" not in result.stdout):
        guests.fail(f"{name}: exit {result.returncode}, output {result.stdout[-200:]!r}, {result.stderr[-300:]!r}")
    return elapsed


def time_line(runs, environment):
    """What the kernel's `timeline` tells, medians: [(what, microseconds since the machine's reset)]."""
    log = f"{WORK}/kernel.log"
    command = [guests.tool("x86_64-twizzler-run"), "--append", "timeline", "--kernel-log", log, f"{WORK}/hello"]
    marks = {}
    for _ in range(runs):
        guests.run(command, env={**os.environ, **environment})
        with open(log, encoding="utf-8", errors="replace") as file:
            words = [line.split(None, 3) for line in file if line.startswith("timeline: ")]
        for number, (_, value, _, what) in enumerate(words):
            marks.setdefault((number, what.strip()), []).append(int(value))
    return [(what, statistics.median(values)) for (_, what), values in sorted(marks.items())]


def print_time_line(runs, total):
    """Where the boot's time goes: by the clock, and by guest instructions (1 ns each under -icount; waits for the host count as time)."""
    clock = time_line(runs, {})
    counted = time_line(1, {"TWZ_QEMU": guests.counting_qemu(WORK, sleep="on")})
    print(f"\n{'time line since the reset':32} {'at':>8} {'took':>9}    {'instructions':>12}")
    before = before_count = 0.0
    for (what, value), (_, count) in zip(clock, counted):
        print(f"{what:32} {value / 1000:8.1f} {(value - before) / 1000:9.2f} ms {(count - before_count) * 1000:12,.0f}")
        before, before_count = value, count
    print(f"{'QEMU itself, start and end':32} {'':8} {total * 1000 - before / 1000:9.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-linux", action="store_true", help="leave out the Linux guest")
    arguments = parser.parse_args()
    build()
    kernel, version = (None, None) if arguments.no_linux else guests.linux_kernel()
    sides = commands(kernel or "")
    if arguments.no_linux:
        del sides["linux"]
    times = {name: [] for name in sides}
    for name, command in sides.items():
        once(name, command)  # the files are in the page cache from here on
    for _ in range(arguments.runs):
        for name, command in sides.items():
            times[name].append(once(name, command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    floor = medians["floor"]
    print(f"static hello, process start to exit, medians of {arguments.runs}; {guests.qemu_version()}")
    for name, value in medians.items():
        low, high = min(times[name]) * 1000, max(times[name]) * 1000
        what = f"linux {version}" if name == "linux" else name
        print(f"{what:32} {value * 1000:8.1f} ms  ({low:.1f} to {high:.1f})  {value / floor:6.2f} x floor")
    print_time_line(arguments.runs, medians["twizzler"])


if __name__ == "__main__":
    main()
