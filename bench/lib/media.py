# SPDX-License-Identifier: BSD-2-Clause
"""Programs that want a medium, on Twizzler with a store and on the Linux guest with ext4, on the same NVDIMM or disk: QEMU's
devices are the same, the files are as large and lie in the same directory."""

import json
import os
import shutil
import socket
import subprocess
import threading
import time

from . import guests

SIZE = 512 << 20
MEMORY = "1G"
# What `modprobe` would load, in the order of their dependences; ext4 is in the kernel.
MODULES = ["arch/x86/crypto/crc32c-intel", "drivers/nvdimm/libnvdimm", "drivers/nvdimm/nd_btt", "drivers/nvdimm/nd_pmem",
           "drivers/acpi/nfit/nfit", "drivers/virtio/virtio_ring", "drivers/virtio/virtio", "drivers/virtio/virtio_pci_modern_dev",
           "drivers/virtio/virtio_pci_legacy_dev", "drivers/virtio/virtio_pci", "drivers/block/virtio_blk"]
# Of a namespace in the mode "fsdax" whose struct pages are in memory: where its data begins (bench/guest/init.c).
NAMESPACE = 2 << 20
MEDIA = {"nvdimm": "dax", "blk": "disk"}  # ours, and the Linux init's word for it


def linux_compiler():
    """The same compiler linking against plain musl."""
    guests.run([f"{guests.ROOT}/toolchain/linux-musl.sh"])
    return f"{guests.ROOT}/build/linux-musl/bin/linux-musl-gcc"


def source(work, name):
    """A source pinned in toolchain/sources.lock, fetched and unpacked: its directory."""
    tarball = guests.run(["bash", "-ec", '. "$TWZ_ROOT/toolchain/lib.sh"; . "$TWZ_ROOT/toolchain/sources.sh"; fetch "$1"', "bench", name],
                         env={**os.environ, "TWZ_ROOT": guests.ROOT}).strip()
    place = f"{work}/{name}"
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    guests.run(["tar", "-xf", tarball, "-C", place, "--strip-components=1"])
    return place


class Requests(threading.Thread):
    """What a machine asks of its disk: `found` has QEMU's counts, a tenth of a second before its end or later. The machine has to be
    started by `qemu`."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.path, self.qemu, self.found = f"{work}/qmp", f"{work}/qemu-qmp", {}
        with open(self.qemu, "w", encoding="ascii") as file:
            file.write(f'#!/bin/sh\nexec qemu-system-x86_64 "$@" -qmp unix:{self.path},server=on,wait=off\n')
        os.chmod(self.qemu, 0o755)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.start()

    def run(self):
        with socket.socket(socket.AF_UNIX) as channel:
            while True:
                try:
                    channel.connect(self.path)
                    break
                except (FileNotFoundError, ConnectionRefusedError):
                    time.sleep(0.05)
            words = channel.makefile("rw", encoding="utf-8")
            words.readline()
            try:
                for command in self.commands():
                    words.write(json.dumps({"execute": command}) + "\n")
                    words.flush()
                    answer = json.loads(words.readline() or "null")
                    while answer and "event" in answer:
                        answer = json.loads(words.readline() or "null")
                    if not answer:
                        return
                    for drive in answer["return"]:
                        self.found = drive["stats"]
            except (BrokenPipeError, ConnectionResetError):
                return

    @staticmethod
    def commands():
        yield "qmp_capabilities"
        while True:
            time.sleep(0.1)
            yield "query-blockstats"


class Linux:
    """The guest, with programs in its initramfs."""

    def __init__(self, work, programs):
        kernel, self.version = guests.linux_kernel()
        home = os.path.dirname(os.path.dirname(kernel))
        init = f"{work}/init"
        guests.run([linux_compiler(), "-O2", "-std=gnu17", f"{guests.ROOT}/bench/guest/init.c", "-o", init])
        files = [(f"modules/{number:02}-{os.path.basename(name)}.ko", f"{home}/lib/modules/{self.version}/kernel/{name}.ko")
                 for number, name in enumerate(MODULES)]
        files += [(os.path.basename(program), program) for program in programs]
        guests.initramfs(f"{work}/initramfs", init, files)
        self.kernel, self.ramdisk = kernel, f"{work}/initramfs"

    def run(self, place, medium, words, size=SIZE, qemu="qemu-system-x86_64"):
        """The program's output. The file system of an earlier run in the same place stays, else there is a new one."""
        image = f"{place}/linux.img"
        start = NAMESPACE if medium == "nvdimm" else 0
        if not os.path.exists(image):
            with open(image, "wb") as file:
                file.truncate(size)
            # nothing is left to be made while the guest runs
            guests.run(["mkfs.ext4", "-q", "-F", "-b", "4096", "-E", f"offset={start},lazy_itable_init=0,lazy_journal_init=0,nodiscard",
                        image, f"{(size - 2 * start) >> 10}K"], env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        machine, devices = {"memory": MEMORY}, ["-drive", f"if=none,id=store,format=raw,discard=unmap,file={image}", "-device",
                                                "virtio-blk-pci,disable-legacy=on,ioeventfd=off,drive=store"]
        if medium == "nvdimm":
            machine = {"memory": f"{MEMORY},slots=2,maxmem={int(MEMORY[:-1]) * 1024 + (size >> 20) + 1024}M", "nvdimm": True}
            devices = ["-object", f"memory-backend-file,id=store,share=on,mem-path={image},size={size}", "-device", "nvdimm,memdev=store"]
        words = [MEDIA[medium], "/" + os.path.basename(words[0]), *words[1:]]
        command = guests.linux_command(self.kernel, self.ramdisk, words, devices, **machine)
        output = start_and_wait([qemu, *command[1:]], 1)
        if medium == "nvdimm" and "dax=always" not in output:
            guests.fail(f"the Linux guest's file system is not mounted with dax=always: {output[:300]!r}")
        return output


def twizzler(place, medium, words, size=SIZE, qemu="qemu-system-x86_64"):
    """The program's output. The store of an earlier run in the same place stays, else there is a new one."""
    return start_and_wait([guests.tool("x86_64-twizzler-run"), "--memory", MEMORY, "--store",
                           f"{place}/twizzler.img,{medium},size={size >> 20}M", *words], 0, {"TWZ_QEMU": qemu})


def start_and_wait(command, good, environment=None):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=3600, check=False,
                            env={**os.environ, **(environment or {})})
    if result.returncode != good:
        guests.fail(f"{' '.join(command[-6:])}: exit {result.returncode}: {result.stdout[-400:]!r} {result.stderr[-400:]!r}")
    return result.stdout


def lines(output, kind):
    """The lines "kind TAB name TAB value": [(name, value)]."""
    return [tuple(line.split("\t")[1:3]) for line in output.splitlines() if line.startswith(kind + "\t")]
