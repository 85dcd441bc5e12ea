#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Time x86_64-twizzler-run of a static hello against the floor and against Linux: medians of five, in one run."""

import argparse
import glob
import os
import shutil
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOLCHAIN = os.environ.get("TWZ_TOOLCHAIN", f"{ROOT}/build/toolchain")
CACHE = os.environ.get("TWZ_CACHE", os.path.expanduser("~/.cache/twizzler")) + "/bench"
WORK = f"{ROOT}/build/bench/boot"
QEMU = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-accel",
        os.environ.get("TWZ_ACCEL", "tcg"), "-cpu", "max", "-smp", "1", "-m", "512M", "-bios", "qboot.rom",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]


def fail(message):
    sys.exit(f"bench boot: {message}")


def run(command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        fail(f"{' '.join(command)}: exit {result.returncode}: {result.stderr.strip()[-300:]}")
    return result.stdout


def build():
    """The three programs."""
    os.makedirs(WORK, exist_ok=True)
    target = f"{TOOLCHAIN}/bin/x86_64-twizzler-gcc"
    if not os.path.exists(target):
        fail(f"no {target}; run ./build.sh bootstrap")
    source = f"{ROOT}/bench/boot"
    run([target, "-static", "-O2", f"{source}/hello.c", "-o", f"{WORK}/hello"])
    run(["gcc", "-static", "-nostdlib", "-no-pie", "-Wl,-Ttext=0x100000", "-Wl,--build-id=none", f"{source}/floor.S",
         "-o", f"{WORK}/floor.elf"])
    run(["gcc", "-static", "-O2", f"{source}/linux_hello.c", "-o", f"{WORK}/linux_hello"])


def linux_kernel():
    """Debian's cloud kernel by apt, kept in the cache: (path, version)."""
    depends = run(["apt-cache", "depends", "linux-image-cloud-amd64"])
    package = depends.split("Depends:")[1].split()[0]
    home = f"{CACHE}/{package}"
    if not glob.glob(f"{home}/boot/vmlinuz-*"):
        print(f"fetching {package}", file=sys.stderr)
        temporary = f"{home}.tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        os.makedirs(temporary)
        run(["apt-get", "-q", "download", package], cwd=temporary)
        run(["dpkg", "-x", glob.glob(f"{temporary}/*.deb")[0], f"{temporary}/root"])
        shutil.rmtree(home, ignore_errors=True)
        os.rename(f"{temporary}/root", home)
        shutil.rmtree(temporary)
    path = glob.glob(f"{home}/boot/vmlinuz-*")[0]
    return path, os.path.basename(path).removeprefix("vmlinuz-")


def cpio(path, files):
    """An initramfs in the "newc" format: files as (name, mode, bytes, device numbers)."""
    data = b""
    for inode, (name, mode, content, device) in enumerate(files + [("TRAILER!!!", 0, b"", (0, 0))]):
        fields = [inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0]
        entry = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        entry += b"\0" * (-len(entry) % 4) + content
        data += entry + b"\0" * (-len(entry) % 4)
    with open(path, "wb") as file:
        file.write(data)


def commands(kernel):
    with open(f"{WORK}/linux_hello", "rb") as file:
        hello = file.read()
    cpio(f"{WORK}/initramfs", [("dev", 0o40755, b"", (0, 0)), ("dev/console", 0o20600, b"", (5, 1)),
                               ("init", 0o100755, hello, (0, 0))])
    machine = ["-M", "q35,sata=off,smbus=off"]
    return {
        "floor": QEMU + machine + ["-kernel", f"{WORK}/floor.elf"],
        "twizzler": [f"{TOOLCHAIN}/bin/x86_64-twizzler-run", f"{WORK}/hello"],
        "linux": QEMU + machine + ["-serial", "stdio", "-kernel", kernel, "-initrd", f"{WORK}/initramfs", "-append",
                                   "console=ttyS0 quiet mitigations=off panic=-1"],
    }


def once(name, command):
    """Seconds from process start to exit; the run must have done its work."""
    start = time.monotonic()
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    elapsed = time.monotonic() - start
    expected = 0 if name == "twizzler" else 1  # isa-debug-exit makes 1 of 0
    if result.returncode != expected or (name != "floor" and b"hello" not in result.stdout):
        fail(f"{name}: exit {result.returncode}, output {result.stdout[-200:]!r}, {result.stderr[-300:]!r}")
    return elapsed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-linux", action="store_true", help="leave out the Linux guest")
    arguments = parser.parse_args()
    build()
    kernel, version = (None, None) if arguments.no_linux else linux_kernel()
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
    qemu = run(["qemu-system-x86_64", "--version"]).splitlines()[0]
    print(f"static hello, process start to exit, medians of {arguments.runs}; {qemu}")
    for name, value in medians.items():
        low, high = min(times[name]) * 1000, max(times[name]) * 1000
        what = f"linux {version}" if name == "linux" else name
        print(f"{what:32} {value * 1000:8.1f} ms  ({low:.1f} to {high:.1f})  {value / floor:6.2f} x floor")


if __name__ == "__main__":
    main()
