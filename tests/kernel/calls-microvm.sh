#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Every system call, by the release kernel on microvm.
. tests/kernel/lib.sh
boot_calls kernel.elf microvm
