# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmarks share: the tools, the Linux guest that they compare with, and its initramfs."""

import glob
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLCHAIN = os.environ.get("TWZ_TOOLCHAIN", f"{ROOT}/build/toolchain")
CACHE = os.environ.get("TWZ_CACHE", os.path.expanduser("~/.cache/twizzler")) + "/bench"
ACCELERATOR = os.environ.setdefault("TWZ_ACCEL", "tcg")  # for both sides
MACHINE = "q35,sata=off,smbus=off"


def fail(message):
    name = os.path.basename(sys.argv[0]).removesuffix(".py")
    sys.exit(f"bench {name}: {message}")


def run(command, **options):
    """The command's standard output; a failure of it ends the benchmark."""
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        fail(f"{' '.join(command)}: exit {result.returncode}: {result.stderr.strip()[-300:]}")
    return result.stdout


def tool(name):
    path = f"{TOOLCHAIN}/bin/{name}"
    if not os.path.exists(path):
        fail(f"no {path}; run ./build.sh bootstrap")
    return path


def work_directory(name):
    path = f"{ROOT}/build/bench/{name}"
    os.makedirs(path, exist_ok=True)
    return path


def qemu_version():
    return run(["qemu-system-x86_64", "--version"]).splitlines()[0]


def qemu(cpus=1, memory="512M", nvdimm=False):
    """QEMU as x86_64-twizzler-run starts it."""
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-accel",
            ACCELERATOR, "-cpu", "max", "-smp", str(cpus), "-m", memory, "-M",
            MACHINE + ",nvdimm=on" * nvdimm, "-bios", "qboot.rom",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4"]


def counting_qemu(work, sleep="off"):
    """A QEMU whose clock is the number of instructions that the guest has executed: 1 ns each. A guest that waits takes the
    clock to the next timer; with sleep "on", as long as it waits."""
    path = f"{work}/qemu-icount-{sleep}"
    with open(path, "w", encoding="ascii") as file:
        file.write('#!/bin/sh\nexec qemu-system-x86_64 "$@" -icount shift=0,sleep=' + sleep + "\n")
    os.chmod(path, 0o755)
    return path


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


def initramfs(path, init, files=()):
    """An initramfs in the "newc" format with a console, the program as init, and files: (name, path), programs all."""
    names = [("init", init), *files]
    directories = sorted({os.path.dirname(name) for name, _ in names} - {""})
    files = [(name, 0o40755, b"", (0, 0)) for name in ("dev", *directories)] + [("dev/console", 0o20600, b"", (5, 1))]
    for name, source in names:
        with open(source, "rb") as file:
            files.append((name, 0o100755, file.read(), (0, 0)))
    files.append(("TRAILER!!!", 0, b"", (0, 0)))
    data = b""
    for inode, (name, mode, content, device) in enumerate(files):
        fields = [inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0]
        entry = b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        entry += b"\0" * (-len(entry) % 4) + content
        data += entry + b"\0" * (-len(entry) % 4)
    with open(path, "wb") as file:
        file.write(data)


def linux_command(kernel, ramdisk, arguments=(), devices=(), **machine):
    """A boot of Linux whose init gets the arguments; it exits through isa-debug-exit, so 1 of 0."""
    append = "console=ttyS0 quiet mitigations=off panic=-1"
    if arguments:
        append += " -- " + " ".join(arguments)
    return qemu(**machine) + [*devices, "-serial", "stdio", "-kernel", kernel, "-initrd", ramdisk, "-append", append]
