#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Time x86_64-twizzler-run of a static hello against the floor and against Linux: medians of five, in one run."""

import argparse
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


if __name__ == "__main__":
    main()
