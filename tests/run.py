#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Run every test of the tree, or those whose name holds the filter, and count them.

A test is an Expect script (tests/FOLDER/NAME.exp), a shell script (tests/FOLDER/NAME.sh) or a unit test (a unit_test() of some
build.py). It passes when it says something and exits 0; exit 77 is a skip, whose last line says why. Everything else,
a crash, a hang and silence too, is a failure.
"""

import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOGS = "build/tests/log"
TIMEOUT = 120
PARALLEL = 2
SLOWEST = 10  # that many tests are named at the end


def listed():
    """Every test as (name, command, source)."""
    tests = []
    for source in glob.glob("tests/*/*.exp"):
        if os.path.basename(source) != "lib.exp":
            tests.append((source[6:-4], ["expect", "-f", source], source))
    for source in glob.glob("tests/*/*.sh"):
        if os.path.basename(source) != "lib.sh":
            tests.append((source[6:-3], ["bash", source], source))
    with open("build/build.ninja") as file:
        for line in file:
            if line.startswith("build unit-tests: phony"):
                for program in line.split()[3:]:
                    tests.append(("unit/" + os.path.basename(program), [program], program))
    return sorted(tests)


def timeout_of(source):
    """Seconds, from a '# timeout: N' line of a script."""
    if source.startswith("tests/"):
        with open(source) as file:
            found = re.search(r"^# timeout: (\d+)$", file.read(), re.M)
            if found:
                return int(found.group(1))
    return TIMEOUT


def end_session(session):
    """Kill all that a test has started: a process group would miss what runs under timeout(1) or Expect."""
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.getsid(int(entry)) == session:
                os.kill(int(entry), signal.SIGKILL)
        except ProcessLookupError:
            pass


def run(test):
    """Run one test to its end; (name, verdict, seconds, output)."""
    name, command, source = test
    start = time.monotonic()
    limit = timeout_of(source)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               start_new_session=True)
    late = False
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        late = True
        end_session(process.pid)
        output, _ = process.communicate()
    seconds = time.monotonic() - start
    text = output.decode(errors="replace")
    os.makedirs(os.path.dirname(f"{LOGS}/{name}"), exist_ok=True)
    with open(f"{LOGS}/{name}.log", "w") as file:
        file.write(text)
    if late:
        return name, "FAIL", seconds, text + f"\n(no end after {limit} s)"
    if process.returncode == 77:
        return name, "SKIP", seconds, text
    if process.returncode != 0:
        how = f"exit {process.returncode}" if process.returncode > 0 else f"signal {-process.returncode}"
        return name, "FAIL", seconds, text + f"\n({how})"
    if not text.strip():
        return name, "FAIL", seconds, "(it said nothing)"
    return name, "PASS", seconds, text


def main():
    os.chdir(ROOT)
    words = sys.argv[1:]
    if len(words) > 1 or any(word.startswith("-") for word in words):
        sys.exit("usage: ./build.sh test [FILTER]")
    environment = {"PATH": f"{ROOT}/build/toolchain/bin:{os.environ['PATH']}", "TWZ_ROOT": ROOT, "LC_ALL": "C.UTF-8"}
    os.environ.update(environment)
    every = listed()
    # Those that may take longest come first: none of them is then the end that one processor waits for.
    chosen = sorted((test for test in every if not words or words[0] in test[0]), key=lambda test: -max(TIMEOUT, timeout_of(test[2])))
    if not chosen:
        sys.exit(f"build.sh: no test's name holds '{words[0] if words else ''}'; there are {len(every)}")
    counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    ran = set()
    failed, times = [], []
    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        for future in concurrent.futures.as_completed([pool.submit(run, test) for test in chosen]):
            name, verdict, seconds, text = future.result()
            ran.add(name)
            times.append((seconds, name))
            counts[verdict] += 1
            why = f": {text.strip().splitlines()[-1]}" if verdict == "SKIP" and text.strip() else ""
            print(f"{verdict} {name} ({seconds:.1f} s){why}", flush=True)
            if verdict == "FAIL":
                failed.append(name)
                print("".join(f"    | {line}\n" for line in text.strip().splitlines()[-25:]), end="", flush=True)
    missing = {test[0] for test in chosen} - ran
    if missing or len(ran) != len(chosen):
        counts["FAIL"] += max(len(missing), 1)
        print(f"FAIL all tests ran: {len(chosen)} listed, {len(ran)} ran {' '.join(sorted(missing))}")
    if failed:
        print(f"failed: {' '.join(sorted(failed))}; whole logs in {LOGS}")
    if len(times) > SLOWEST:
        print("slowest: " + ", ".join(f"{name} {seconds:.0f} s" for seconds, name in sorted(times, reverse=True)[:SLOWEST]))
    print(f"{counts['PASS']} passed, {counts['FAIL']} failed, {counts['SKIP']} skipped")
    sys.exit(1 if counts["FAIL"] else 0)


if __name__ == "__main__":
    main()
