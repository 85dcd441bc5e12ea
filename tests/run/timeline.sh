# SPDX-License-Identifier: BSD-2-Clause
# The boot's time line, told after the clock's rate was measured again: each mark is where it was.
# shellcheck shell=bash
. tests/run/lib.sh

boots 0 --append timeline --kernel-log "$work/log" "$root/build/tests/programs/timers-static"
tr -d "\r" <"$work/log" | sed -n 's/^timeline: \([0-9]*\) us \(.*\)/\1 \2/p' >"$work/out"
ended=$(sed -n 's/ program ended$//p' "$work/out" | tail -n 1)
mapped=$(sed -n 's/ memory mapped$//p' "$work/out")
calibrated=$(sed -n 's/ clock calibrated$//p' "$work/out")
[ "$((ended - mapped))" -gt 50000 ] || fail "it ended too soon: the rate was not measured again"
[ "$((calibrated - mapped))" -ge 300 ] || fail "the clock was calibrated $((calibrated - mapped)) us after memory was mapped, in less than it takes"
checks=$((checks + 2))
finish
