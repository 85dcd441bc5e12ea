#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# libstd-c and the Runtime ABI by the debug kernel.
. tests/debug/lib.sh
by_debug_kernel libc-hello libc-fork libc-malloc libc-posix libc-pthread libc-signal libc-spawn libc-stdio libc-cxx rt-pipes
