#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Each check of the debug kernel fires: UBSan, the order of locks, the TLB rule, frames and tables given back wrongly.
. tests/kernel/lib.sh
result=0

# fires NAME TEXT: provoke=NAME ends in a panic that says TEXT, and whose backtrace leads there.
fires() {
	local output status
	output=$(boot_append=" provoke=$1" boot "${3:-kernel-debug.elf}" panic.img -M q35)
	status=$?
	printf '%s: %s\n' "$1" "$(grep '^kernel panic' <<<"$output")"
	if [ $status -ne 255 ] || ! grep -Eq "^kernel panic: $2" <<<"$output" || ! grep -Eq '^  [0-9a-f]{16} boot_program_start\+' <<<"$output"; then
		printf '%s\nno panic from there that says "%s" (exit %s)\n' "$output" "$2" "$status"
		result=1
	fi
}

fires overflow 'undefined behaviour'
fires shift 'undefined behaviour'
fires bounds 'undefined behaviour'
fires lock-order 'lock order: rank 30 taken with rank 110 held'
fires lock-twice 'lock order: rank 40 taken with rank 40 held'
fires lock-free '.*assertion failed: lock->held'
fires sleep-locked '.*lock_depth|.*assertion failed: .*may_sleep'
fires stale '.*assertion failed: !frame->stale'
fires free-twice '.*assertion failed: frame->state == FRAME_USED'
fires full-table '.*assertion failed: .*== 0'
fires nothing 'provoke names nothing'
fires stale 'provoke wants the debug kernel' kernel.elf
exit $result
