# SPDX-License-Identifier: BSD-2-Clause
"""dietlibc's own tests, against libstd-c: every C file of its test folder is a program that has to exit with 0."""

import glob
import os

from programs import Program
from source import unpacked

SUMMARY = "the tests of dietlibc's test folder"
LEVELS = ["-"]

# What runtests.sh gives them on their command line or their standard input.
ARGUMENTS = {"asprintf": ["foobar"], "cycles": ["strncpy"]}
NUMBERS = "25 54.32E-1 thompson\n56789 0123 56a72\n2 quarts of oil\n-12.8degrees Celsius\nlots of luck\n" \
          "10.0LBS      of       fertilizer\n100ergs of energy\n"
INPUT = {"read1": "foobar\n", "stdio/tstgetln": NUMBERS, "stdio/tst-ferror": NUMBERS, "stdio/tstscanf": NUMBERS,
         "stdlib/testdiv": "12 165 12 10000 10 123 546 752 12 87 98 347 3186 482 92 3941 7563 865 85371 547 28\n"}
# What no C library but dietlibc can build, and what wants a person.
ELSEWHERE = {
    "CAS": "includes dietlibc's <sys/atomic.h>", "explicit_bzero": "calls OpenBSD's timingsafe_bcmp and timingsafe_memcmp",
    "grent": "calls glibc's getgrent_r", "pwent": "calls glibc's getpwent_r", "spent": "calls glibc's getspent_r",
    "stdio/tst-printfsz": "includes glibc's <printf.h>", "stdio/tstdiomisc": "expects wchar_t in <string.h>",
    "string/memcpy": "expects __WORDSIZE in <string.h>", "string/strlen": "expects __WORDSIZE in <string.h>",
    "syscall": "includes the Linux kernel's <asm/unistd.h>", "testandset": "calls dietlibc's __testandset",
    "thread": "includes dietlibc's <write12.h>", "getpass": "wants a person at the terminal"}
# They name no standard and are older than C99's declarations.
FLAGS = ["-w", "-fpermissive", "-D_GNU_SOURCE"]


def programs(_level, _builder):
    """Every test."""
    place = unpacked("dietlibc") + "/test"
    made = []
    for source in glob.glob(f"{place}/**/*.c", recursive=True):
        name = os.path.relpath(source, place)[:-2]
        flags = [*FLAGS, "-fno-builtin"] if name.startswith("string/") else FLAGS
        made.append(Program(name, [source], list(flags), arguments=ARGUMENTS.get(name, []), unsupported=ELSEWHERE.get(name),
                            files=[f"{place}/fstab"] if name == "getmntent" else [],
                            shouldfail=name == "checkssp",  # it writes past its array, which is not to go unseen
                            input=INPUT[name].encode() if name in INPUT else None))
    return made
