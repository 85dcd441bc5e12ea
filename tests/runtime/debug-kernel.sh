#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every function of the Runtime ABI once more by the debug kernel, which checks itself, on two processors.
. tests/runtime/lib.sh
export TWZ_KERNEL=$root/build/kernel/kernel-debug.elf
contracts static minimal --smp 2
