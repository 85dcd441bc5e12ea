#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The loader over Linux: dynamic programs, dlopen, TLS, exceptions, and every library that it must refuse.
set -u
. tests/dynamic/lib.sh

export LD_LIBRARY_PATH=build/toolchain/x86_64-twizzler/lib

runs 4 'hello, you' "$place/host-hello" you 4
runs 5 'hello, you' "$place/host-fixed" you 5
runs 0 $'library: 22 checks, 0 failed\natexit\nlibcounter destructed\nlibbase destructed' "$place/host-library"
runs 0 'open: 56 checks, 0 failed' "$place/host-open"
runs 0 'throw: caught' "$place/host-throw"

refuses_all host-
finish
