# SPDX-License-Identifier: BSD-2-Clause
"""Running a list of programs: in one boot of Twizzler, or one after another on the host's Linux."""

import os
import shlex
import signal
import subprocess

from programs import TOOLS

# What a boot needs besides its programs' own time.
BOOT_SECONDS = 60
MEMORY = "512M"


class Ending:
    """How a program ended (exit code; 128 + signal; "timeout" and so on in words), all that it printed, and its seconds in a boot."""

    def __init__(self, code, words, output, seconds=0.0):
        self.code, self.words, self.output, self.seconds = code, words, output, seconds


def unescape(text):
    """The runner's escapes of an output, undone."""
    return text.encode("latin-1").decode("unicode_escape")


def input_file(program, index, directory):
    """Write a program's standard input; the file's name in `directory`."""
    with open(f"{directory}/{index:03}.in", "wb") as file:
        file.write(program.input)
    return f"{index:03}.in"


def run_in_boot(programs, directory, extra=()):
    """Run the programs, built in `directory` as their index, in one boot; an Ending for each."""
    lines, owners = [], []
    for index, program in enumerate(programs):
        options = ["@expect=any", f"@timeout={program.timeout}", *[f"@env={word}" for word in program.environment]]
        if program.scratch:
            options.append("@env=CONFORMANCE_SCRATCH=/tmp")
        if program.input is not None:
            options.append(f"@stdin={input_file(program, index, directory)}")
        for arguments in (*program.before, program.arguments):
            lines.append(shlex.join([*options, f"./{index:03}", *arguments]))
            owners.append(index)
    with open(f"{directory}/list", "w") as file:
        file.write("\n".join(lines) + "\n")
    command = [f"{TOOLS}/x86_64-twizzler-run", "--memory", MEMORY, "--batch", "list", "--results", "results",
               "--output-limit", "1M", *extra]
    limit = BOOT_SECONDS + sum(program.timeout + 10 for program in programs)
    done = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=limit)
    endings = [Ending(-1, "no result: " + done.stdout.decode(errors="replace").strip()[-500:], "") for _ in programs]
    # The first of a program's runs that fails is how it ended, else the last.
    failed = [False] * len(programs)
    try:
        with open(f"{directory}/results", encoding="latin-1") as file:
            for line in file:
                if line.startswith("#"):
                    continue
                field = line.rstrip("\n").split("\t")
                owner = owners[int(field[0]) - 1]
                if not failed[owner]:
                    endings[owner] = Ending(int(field[4]), field[3], unescape(field[8]) + unescape(field[9]),
                                            endings[owner].seconds + int(field[5]) / 1e6)
                    failed[owner] = endings[owner].code != 0
    except OSError:
        pass
    return endings


def run_on_linux(programs, directory):
    """The same on the host."""
    endings = []
    for index, program in enumerate(programs):
        for arguments in (*program.before, program.arguments):
            ending = one_on_linux(program, index, arguments, directory)
            if ending.code != 0:
                break
        endings.append(ending)
    return endings


def one_on_linux(program, index, arguments, directory):
    """One run of the program that is `index` of the directory; its Ending."""
    environment = {"PATH": "/usr/bin:/bin", **dict(word.split("=", 1) for word in program.environment)}
    standard_input = os.devnull if program.input is None else f"{directory}/{input_file(program, index, directory)}"
    with open(standard_input, "rb") as source, open(f"{directory}/output", "wb") as output:
        process = subprocess.Popen([f"./{index:03}", *arguments], cwd=directory, env=environment, stdin=source,
                                   stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = process.wait(timeout=program.timeout)
            words = f"exit {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
            code = code if code >= 0 else 128 - code
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code, words = 124, "timeout"
    with open(f"{directory}/output", encoding="latin-1", newline="") as file:
        return Ending(code, words, file.read(1 << 20))
