#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""./build.sh test --suite NAME: build and run other people's tests, and compare with what NAME.expected says."""

import argparse
import concurrent.futures
import importlib
import os
import re
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import dejagnu
import machine
from programs import ROOT, Builder, BuildFailure

HERE = f"{ROOT}/tests/conformance"
PLACE = f"{ROOT}/build/conformance"
CI_PART = 300
CHUNK = 24  # programs a boot
VERDICTS = ("pass", "fail", "xfail", "unsupported")

# Each is a module of this folder with SUMMARY, LEVELS and programs(level, builder).
SUITES = {"c-torture": "torture", "g++.dg": "gxx", "libstdc++": "libstdcxx", "posix": "posixsuite", "dietlibc": "diet",
          "sqlite": "sqlite", "zlib": "zlib_suite"}


def read_expected(suite):
    """NAME.expected: lines "NAME LEVELS: fail: reason"; LEVELS is "all" or words such as -O0. As {(name, level): reason}."""
    expected = {}
    levels = importlib.import_module(SUITES[suite]).LEVELS
    path = f"{HERE}/{suite}.expected"
    if not os.path.exists(path):
        return expected
    with open(path) as file:
        for number, line in enumerate(file, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            found = re.fullmatch(r"(\S+) ([^:]+): fail: (\S.*)", line)
            if not found:
                sys.exit(f"build.sh: {path}:{number}: not NAME LEVELS: fail: REASON")
            for level in levels if found[2] == "all" else found[2].split():
                expected[found[1], level] = found[3]
    return expected


def even_part(programs, count):
    """COUNT of the list, evenly spread: the same ones as long as the list is the same."""
    if len(programs) <= count:
        return programs
    return [programs[index * len(programs) // count] for index in range(count)]


def judge(program, ending):
    """(verdict, why) of a program that ran."""
    why = ""
    failed = ending.code != 0
    if ending.code in (-1, 124, 125) or ending.words in ("timeout", "crash", "not started"):
        why = ending.words
    elif failed and program.excuse and re.fullmatch(program.excuse, ending.output, re.S):
        pass
    elif failed != program.shouldfail:
        why = ending.words
    elif program.judge:
        why = program.judge(ending.output) or ""
    else:
        # dg-output's texts follow each other; DejaGnu looks for them as one expression.
        pattern = "".join(program.outputs)
        if pattern and not re.search(pattern, ending.output, re.S):
            why = "other output"
    if program.xfail:
        return ("xfail", why) if why else ("fail", "passes, against the suite's own xfail")
    return ("fail", why) if why else ("pass", "")


class Run:
    """One run of a suite at one level."""

    def __init__(self, suite, level, options):
        self.suite, self.level, self.options = suite, level, options
        self.builder = Builder(options.linux)
        self.lock = threading.Lock()
        self.results, self.seconds, self.done = {}, {}, 0
        self.place = f"{PLACE}/{suite}{level}{'-linux' if options.linux else ''}"

    def build(self, program, path):
        try:
            self.builder.build(program, path)
            return None
        except BuildFailure as failure:
            return str(failure)

    def chunk(self, number, programs):
        """Build, run and judge some programs; their executables are gone afterwards."""
        directory = f"{self.place}/{number}"
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        ready = []
        for program in programs:
            wrong = self.build(program, f"{directory}/{len(ready):03}")
            if wrong:
                self.record(program, "fail", "does not build", wrong)
            else:
                ready.append(program)
                for file in program.files:
                    shutil.copy(file, directory)
                for name, content in program.contents.items():
                    with open(f"{directory}/{name}", "wb") as file:
                        file.write(content)
        if ready:
            endings = machine.run_on_linux(ready, directory) if self.options.linux else machine.run_in_boot(ready, directory)
            for program, ending in zip(ready, endings):
                self.seconds[program.name] = ending.seconds
                self.record(program, *judge(program, ending), ending.output)
        shutil.rmtree(directory, ignore_errors=True)

    def record(self, program, verdict, why, output):
        with self.lock:
            self.results[program.name] = (verdict, why)
            self.done += 1
            if verdict == "fail" or self.options.verbose:
                log = f"{self.place}/log/{program.name.replace('/', '_')}"
                with open(log, "w", errors="replace") as file:
                    file.write(f"{program.name} {self.level}: {verdict}: {why}\n{program.flags}\n{output}\n")

    def run(self, programs):
        shutil.rmtree(self.place, ignore_errors=True)
        os.makedirs(f"{self.place}/log")
        for program in programs:
            if program.unsupported:
                self.record(program, "unsupported", program.unsupported, "")
        to_run = [program for program in programs if not program.unsupported]
        size = self.options.chunk
        chunks = [to_run[start:start + size] for start in range(0, len(to_run), size)]
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            for future in concurrent.futures.as_completed([pool.submit(self.chunk, *pair) for pair in enumerate(chunks)]):
                future.result()
                if sys.stdout.isatty():
                    print(f"\r{self.suite} {self.level}: {self.done} of {len(programs)}", end="", flush=True)
        if sys.stdout.isatty():
            print("\r", end="")
        if len(self.results) != len(programs):
            sys.exit(f"build.sh: {self.suite}: {len(programs)} programs, {len(self.results)} results")


def report(run, expected, seconds):
    """Print what is unexpected and one line of the table; True when all is as expected."""
    counts = {verdict: 0 for verdict in VERDICTS}
    good = True
    for name, (verdict, why) in sorted(run.results.items()):
        counts[verdict] += 1
        reason = expected.get((name, run.level))
        if run.options.linux:
            if verdict == "fail":
                print(f"fails {name} {run.level}: {why}")
        elif verdict == "fail" and reason is None:
            good = False
            print(f"UNEXPECTED FAIL {name} {run.level}: {why}")
        elif verdict != "fail" and reason is not None:
            good = False
            print(f"UNEXPECTED {verdict.upper()} {name} {run.level}: {run.suite}.expected says: {reason}")
        elif run.options.verbose and verdict in ("unsupported", "xfail", "fail"):
            print(f"{verdict} {name} {run.level}: {reason or why}")
    judged = counts["pass"] + counts["fail"]
    rate = f"{100 * counts['pass'] / judged:.2f}%" if judged else "-"
    print(f"{run.suite:<10} {run.level:<4} {sum(counts.values()):>5} programs: {counts['pass']:>5} passed {counts['fail']:>4} failed "
          f"{counts['xfail']:>4} xfail {counts['unsupported']:>4} unsupported  rate {rate}  {seconds:.0f} s", flush=True)
    with open(f"{run.place}/results.tsv", "w") as file:
        for name, (verdict, why) in sorted(run.results.items()):
            file.write(f"{name}\t{run.level}\t{verdict}\t{why}\t{run.seconds.get(name, 0):.2f}\n")
    return good


def arguments():
    parser = argparse.ArgumentParser(prog="./build.sh test", description=__doc__)
    parser.add_argument("--suite", required=True, help="a suite's name, or list")
    parser.add_argument("--full", action="store_true", help="all of it")
    parser.add_argument("--part", type=int, default=CI_PART, help=f"so many programs, chosen evenly ({CI_PART})")
    parser.add_argument("--level", action="append", help="a level of the suite, such as -O2 (write --level=-O2); may repeat")
    parser.add_argument("--filter", default="", help="only programs whose name holds one of these words, with commas between them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="boots and compilers at once")
    parser.add_argument("--chunk", type=int, default=CHUNK, help=f"programs a boot ({CHUNK})")
    parser.add_argument("--linux", action="store_true", help="run on this host, linked with plain musl: the reference")
    parser.add_argument("--dejagnu", action="store_true", help="c-torture by GCC's own drivers and DejaGnu, on our board")
    parser.add_argument("--list", action="store_true", help="name the programs, run none")
    parser.add_argument("--verbose", action="store_true", help="name every unsupported and expected failure; keep all outputs")
    return parser.parse_args()


def main():
    options = arguments()
    if options.suite == "list":
        for name, module in SUITES.items():
            print(f"{name:<10} {importlib.import_module(module).SUMMARY}")
        return
    if options.suite not in SUITES:
        sys.exit(f"build.sh: no suite '{options.suite}'; suites: {' '.join(SUITES)}")
    suite = importlib.import_module(SUITES[options.suite])
    if options.dejagnu and options.suite != "c-torture":
        sys.exit("build.sh: --dejagnu is for c-torture")
    expected = read_expected(options.suite)
    good, ran = True, 0
    for level in options.level or (suite.LEVELS if options.full else suite.LEVELS[:1]):
        if level not in suite.LEVELS:
            sys.exit(f"build.sh: {options.suite} has no level '{level}'; levels: {' '.join(suite.LEVELS)}")
        start = time.monotonic()
        run = Run(options.suite, level, options)
        every = sorted(suite.programs(level, run.builder), key=lambda program: program.name)
        chosen = [program for program in every if any(word in program.name for word in options.filter.split(","))]
        if not options.full and not options.filter:
            chosen = even_part([program for program in chosen if not program.unsupported and not program.slow], options.part)
        if not chosen:
            sys.exit(f"build.sh: no program of {options.suite} has '{options.filter}' in its name; there are {len(every)}")
        if options.list:
            for program in chosen:
                print(f"{program.name}{': unsupported: ' + program.unsupported if program.unsupported else ''}")
            continue
        stray = {name for name, where in expected if where == level} - {program.name for program in every}
        if stray:
            sys.exit(f"build.sh: {options.suite}.expected names what is not in the suite: {' '.join(sorted(stray))}")
        if options.dejagnu:
            run.results = dejagnu.run(f"{run.place}-dejagnu", level, options.filter, options.jobs)
            missing = {program.name for program in chosen} - set(run.results)
            if missing and options.full:
                sys.exit(f"build.sh: DejaGnu has no result for {' '.join(sorted(missing))}")
            os.makedirs(run.place, exist_ok=True)
        else:
            run.run(chosen)
        good = report(run, expected, time.monotonic() - start) and good
        ran += len(chosen)
    if not good:
        sys.exit(f"{options.suite}: not as tests/conformance/{options.suite}.expected says; logs in {PLACE}")


if __name__ == "__main__":
    main()
