#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Mapping a full object takes at most 1.2 times the guest instructions of mapping a page, when its maps are alike.
. tests/memory/lib.sh
output=$(boot kernel.elf cost.img "" -M q35 -m 64M -icount shift=0,sleep=off)
printf '%s\n' "$output"
page=$(sed -n 's/^page \([0-9]*\)$/\1/p' <<<"$output") full=$(sed -n 's/^full \([0-9]*\)$/\1/p' <<<"$output")
[ "${page:-0}" -gt 0 ] && [ "${full:-0}" -gt 0 ] && [ $((full * 10)) -le $((page * 12)) ]
