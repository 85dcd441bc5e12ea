#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Memory from 16 MB to 8 GB: it is all there, and no more of it is touched at boot (counted in guest instructions).
. tests/memory/lib.sh

# measure SIZE: the boot's instructions, from the kernel's entry to the first program, and the pages in use.
measure() {
	boot kernel.elf size.img "" -M q35 -m "$1" -icount shift=0,sleep=off | sed -n 's/^boot \([0-9]*\) total \([0-9]*\) used \([0-9]*\)$/\1 \2 \3/p'
}

declare -A instructions total used
for size in 16 64 8192; do
	read -r instructions[$size] total[$size] used[$size] <<<"$(measure $size)"
	echo "$size MB: ${instructions[$size]} instructions, ${total[$size]} pages, ${used[$size]} in use"
	# the kernel and the firmware take 3 MiB at most, a frame's record 1/128 of it
	[ "${total[$size]:-0}" -gt $((size * 256 * 127 / 128 - 768)) ] || exit 1
	[ "${used[$size]}" -lt 200 ] || exit 1
done
[ "${instructions[8192]}" -lt $((instructions[64] * 3 / 2)) ]
