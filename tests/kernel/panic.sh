#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# A panic names its reason, prints registers and a backtrace with function names, and leaves with code 127.
. tests/kernel/lib.sh
output=$(boot kernel.elf panic.img -M q35)
status=$?
printf '%s\n' "$output"
[ $status -eq 255 ] || exit 1
for line in '^kernel panic: the first program ended with code 5 without shutting down' '^rbx [0-9a-f]{16} rbp' \
	'^backtrace:' '^  ffffffff8[0-9a-f]{7} boot_program_start\+[0-9a-f]+' '^  ffffffff8[0-9a-f]{7} start\+' '^  ffffffff8[0-9a-f]{7} thread_begin\+'; do
	grep -Eq "$line" <<<"$output" || { echo "missing: $line"; exit 1; }
done
