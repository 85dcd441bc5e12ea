#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every system call, by the debug kernel (UBSan, lock order, TLB rule) on two CPUs.
. tests/kernel/lib.sh
boot_calls kernel-debug.elf q35 -smp 2
