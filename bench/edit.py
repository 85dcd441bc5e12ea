#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""From a changed line to a program run on it: one line in each part of ours is changed, all is built, hello is booted; seconds of each."""

import os
import resource
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUN = "build/toolchain/bin/x86_64-twizzler-run"
LIMIT = 15.0

# What is changed, and the shape of the program that then runs on it: the static one takes runtime-min, the dynamic one runtime-ref.
EDITS = [
    ("kernel/main.c", "static"),
    ("libtwz/alloc.c", "static"),
    ("runtime-min/fd/pipe.c", "static"),
    ("runtime-ref/kind.c", "dynamic"),
    ("libstd-c/twix/call.c", "static"),
]


def fail(message):
    sys.exit(f"build.sh: bench edit: {message}")


def timed(command):
    """Run COMMAND; (its seconds, its CPU seconds, what it wrote)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        fail(f"{' '.join(command)} failed:\n{done.stdout}")
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def boot(shape):
    """Boot and run hello in that shape."""
    seconds, cpu, output = timed([RUN, f"build/tests/programs/hello-{shape}"])
    if "hello" not in output.lower():
        fail(f"hello-{shape} ran and did not say hello: {output!r}")
    return seconds, cpu


def edit(path, shape):
    """Change PATH, build and boot; the file is as it was afterwards. (build seconds, boot seconds, CPU seconds)."""
    with open(path, "rb") as file:
        before = file.read()
    # A line that changes the object, not only its date.
    line = b'static const char edited[] __attribute__((used)) = "%d";\n' % time.time_ns()
    try:
        with open(path, "ab") as file:
            file.write(line)
        built, build_cpu, _ = timed(["./build.sh", "build"])
        booted, boot_cpu = boot(shape)
    finally:
        with open(path, "wb") as file:
            file.write(before)
    return built, booted, build_cpu + boot_cpu


def main():
    os.chdir(ROOT)
    if len(sys.argv) > 1:
        fail("takes no arguments")
    timed(["./build.sh", "build"])
    boot("static")
    print(f"one changed line, built and run ({os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f} at the start; at most {LIMIT:.0f} s on a quiet machine)")
    print(f"  {'changed':36} {'build s':>8} {'boot s':>8} {'both s':>8} {'CPU s':>8}")
    slow = []
    try:
        for path, shape in EDITS:
            built, booted, cpu = edit(path, shape)
            print(f"  {path:36} {built:8.1f} {booted:8.1f} {built + booted:8.1f} {cpu:8.1f}", flush=True)
            if built + booted > LIMIT:
                slow.append(path)
    finally:
        subprocess.run(["./build.sh", "build"], check=True)
    if slow:
        fail(f"above {LIMIT:.0f} s: {', '.join(slow)}")


if __name__ == "__main__":
    main()
