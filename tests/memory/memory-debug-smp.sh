#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Copies, ties, rights of pages and memory under pressure, by the debug kernel on two CPUs.
. tests/memory/lib.sh
boot_tests kernel-debug.elf memory.img -M q35 -m 24M -smp 2
