#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Kill the machine at random moments under a load that tells what is durable: each time the store checks clean, and at the
next boot all that was told is there. At the root of the tree; ./build.sh test --suite kills [--full] (docs/crash-safety.md)."""

import argparse
import os
import random
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

RUN = "build/toolchain/bin/x86_64-twizzler-run"
CHECK = "build/toolchain/bin/twzstore"
PATIENCE = 120  # seconds without a word from the machine
EARLY = 0.2  # the part of the kills that comes while the machine boots and recovers
EARLY_SECONDS, LATE_SECONDS = 0.4, 0.06
STEPS = (5, 60)  # operations told before a kill
KILLED = 125  # how the runner ends when its machine is gone
SQLITE = "build/tests/kills/churn"
MIXED = ["build/tests/programs/store_churn-static"]
TRANSACTIONS = ["build/tests/programs/tx_churn-static"]
MOMENTS = ["build/tests/programs/sync_churn-static"]
LOADS = ["mixed", "transactions", "moments", "sqlite"]


class Wrong(Exception):
    """The store, or what is in it, is not as it has to be."""


class Load:
    """A program that says "checked N" when it has found what N stands for, and from then on "said N" of what is durable."""

    def __init__(self, command, medium, store):
        self.command, self.medium, self.store = command, medium, store
        self.said, self.checked = 0, False

    def start(self, what):
        self.checked = False
        return subprocess.Popen([RUN, "--timeout", str(10 * PATIENCE), "--store", f"{self.store},{self.medium}", *self.command, what,
                                 str(self.said)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def lines(self, process, seconds=PATIENCE):
        """The machine's lines, as they come; Wrong when none does in time."""
        rest = b""
        while True:
            if not select.select([process.stdout], [], [], seconds)[0]:
                raise Wrong(f"it stands still at {self.said}")
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace").strip()

    def heed(self, line):
        """One line: that what was said is there, or what is durable from here on."""
        word, _, number = line.partition(" ")
        if word not in ("said", "checked") or not number.isdigit():
            raise Wrong(f"it says '{line}'")
        if word == "checked" and int(number) < self.said:
            raise Wrong(f"only {number} of {self.said} are there")
        if word == "said":
            self.said = max(self.said, int(number))
        self.checked = self.checked or word == "checked"

    def kill(self, process):
        """End the machine, not its runner; what it had said counts."""
        while process.poll() is None:
            with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
                machines = [int(word) for word in file.read().split()]
            for machine in machines:
                os.kill(machine, signal.SIGKILL)
            if machines:
                break
            time.sleep(0.002)
        for line in self.lines(process):
            if re.fullmatch(r"(said|checked) \d+", line):  # the rest is cut off, or the runner's word on the machine
                self.heed(line)
        if process.wait(PATIENCE) != KILLED:
            raise Wrong(f"the runner ends with {process.returncode}, not {KILLED}")

    def round(self, chance):
        """One boot, killed; True when it was before it had checked what is there."""
        process = self.start("change")
        try:
            if self.said and chance.random() < EARLY:
                time.sleep(chance.uniform(0, EARLY_SECONDS))
            else:
                until = self.said + chance.randint(*STEPS)
                for line in self.lines(process):
                    self.heed(line)
                    if self.checked and self.said >= until:
                        break
                else:
                    raise Wrong(f"it ended by itself at {self.said}")
                time.sleep(chance.uniform(0, LATE_SECONDS))
            self.kill(process)
        finally:
            process.kill()
            process.wait()
        self.check()
        return not self.checked

    def check(self):
        done = subprocess.run([CHECK, "check", self.store], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            raise Wrong(f"twzstore check: {done.stdout.strip()}")

    def last(self):
        """After all kills: everything is there, of the churn also when what was made and never named is gone; the machine ends as it should."""
        if self.command == MIXED:
            done = subprocess.run([CHECK, "repair", "--orphans", self.store], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                raise Wrong(f"twzstore repair --orphans: {done.stdout.strip()[-300:]}")
        process = self.start("check")
        for line in self.lines(process):
            self.heed(line)
        if process.wait(PATIENCE) != 0 or not self.checked:
            raise Wrong(f"the last check ends with {process.returncode}")


def sqlite_load():
    """SQLite's churn (tests/ports/sqlite), built with the port's library."""
    subprocess.run(["./build.sh", "port", "sqlite"], check=True, stdout=subprocess.DEVNULL)
    root = "build/ports/sqlite/root/usr"
    os.makedirs(os.path.dirname(SQLITE), exist_ok=True)
    subprocess.run(["build/toolchain/bin/x86_64-twizzler-gcc", "-static", "-O2", "-std=gnu17", "-Wall", "-Wextra", "-Werror",
                    f"-I{root}/include", "-o", SQLITE, "tests/ports/sqlite/churn.c", f"{root}/lib/libsqlite3.a"], check=True)
    return [SQLITE, "/store/churn.db"]


def series(name, command, medium, kills, chance):
    """That many kills of one load on one medium, on a store of their own. True when all went well."""
    place = tempfile.mkdtemp(prefix="twizzler-kills.")
    load = Load(command, medium, f"{place}/store")
    early = 0
    start = time.monotonic()
    number = 0
    try:
        for number in range(1, kills + 1):
            early += load.round(chance)
        load.last()
    except Wrong as wrong:
        print(f"FAIL {medium} {name}: kill {number}: {wrong}; the store is {load.store}")
        return False
    os.unlink(load.store)
    os.rmdir(place)
    print(f"{medium} {name}: {kills} kills, {early} of them before all was checked; {load.said} operations told, all there; "
          f"the store clean each time; {time.monotonic() - start:.0f} s", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(prog="./build.sh test --suite kills", description=__doc__)
    parser.add_argument("--full", action="store_true", help="100 kills of each load on each medium, 800 in all")
    parser.add_argument("--kills", type=int, default=0, help="so many of each load on each medium (5)")
    parser.add_argument("--medium", action="append", choices=["nvdimm", "blk"], help="only this one; may repeat")
    parser.add_argument("--load", action="append", choices=LOADS, help="only this one; may repeat")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30), help="of the moments")
    options = parser.parse_args()
    kills = options.kills or (100 if options.full else 5)
    print(f"seed {options.seed}")
    good, total = True, 0
    for name in options.load or LOADS:
        command = sqlite_load() if name == "sqlite" else {"mixed": MIXED, "transactions": TRANSACTIONS, "moments": MOMENTS}[name]
        for medium in options.medium or ["nvdimm", "blk"]:
            good = series(name, command, medium, kills, random.Random(f"{options.seed} {name} {medium}")) and good
            total += kills
    if not good:
        sys.exit(1)
    print(f"{total} kills, nothing lost")


if __name__ == "__main__":
    main()
