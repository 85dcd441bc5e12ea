# SPDX-License-Identifier: BSD-2-Clause
# fuzz: fuzz the parsers and the system calls (not in this release).
# shellcheck shell=bash

die "fuzz: fuzzing comes with a later issue; ./build.sh test runs the unit tests under ASan and UBSan"
