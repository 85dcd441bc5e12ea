#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Races that were mended once, made to happen: the debug kernel waits in the middle of a call.
. tests/kernel/lib.sh
output=$(boot_append=" race=tie,end,made,join" boot kernel-debug.elf races.img -M q35)
status=$?
printf '%s\n' "$output"
[ $status -eq 1 ] && grep -Eq '^[1-9][0-9]* passed, 0 failed' <<<"$output"
