#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Allocations of the kernel that fail, at many places: no panic, no loss; the debug kernel, on one CPU and on two.
. tests/memory/lib.sh
for every in 7 11 17 29 53 101; do
	output=$(boot kernel-debug.elf fail.img "fail-alloc=$every,400" -M q35 -m 32M -smp $((every % 4 == 1 ? 2 : 1)))
	status=$?
	printf 'every %s: %s\n' "$every" "$output"
	[ $status -eq 1 ] || exit 1
done
