# SPDX-License-Identifier: BSD-2-Clause
# DejaGnu: runtest --target_board=twizzler compiles for the board and judges by the programs' ends.
# shellcheck shell=bash
. tests/integration/lib.sh
needs runtest

sample dejagnu
cd testsuite
export DEJAGNU_TIMEOUT=1
fails x86_64-twizzler-run --keep runtest --tool sample --srcdir . --target_board='twizzler{,-static}' sample.exp
for board in twizzler twizzler/-static; do
	says "Running target $board\$" sample.sum
done
while read -r count line; do
	[ "$(grep -cx -- "$line" sample.sum)" = "$count" ] || fail "not $count times '$line': $(cat sample.sum)"
	checks=$((checks + 1))
done <<'END'
2 PASS: arguments compiles
2 PASS: arguments runs
2 PASS: arguments has its arguments
2 FAIL: fails runs
2 FAIL: crashes runs
2 FAIL: hangs runs
END
says 'killed by SIGABRT' sample.log
says 'killed after 1 s' sample.log
finish
