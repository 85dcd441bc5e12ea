#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Dynamic programs in the OS: a user's libraries, dlopen, TLS, exceptions, what the loader refuses.
set -u
. tests/dynamic/lib.sh

run=build/toolchain/bin/x86_64-twizzler-run

runs 4 'hello, you' $run "$place/hello" you 4
runs 5 'hello, you' $run "$place/fixed" you 5
runs 0 $'library: 22 checks, 0 failed\natexit\nlibcounter destructed\nlibbase destructed' $run "$place/library"
runs 0 'open: 56 checks, 0 failed' $run "$place/open"
runs 0 'throw: caught' $run "$place/throw"
refuses_all '' $run
finish
