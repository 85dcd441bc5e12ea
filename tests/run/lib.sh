# SPDX-License-Identifier: BSD-2-Clause
# What the run channel's tests share: boots with exact expectations of output, error and exit code.
# shellcheck shell=bash
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
root=$PWD
run=$root/build/toolchain/bin/x86_64-twizzler-run
program=$root/build/tests/programs/channel-static
[ -x "$program" ] || {
	echo "FAIL: no $program"
	exit 1
}

fail() {
	echo "FAIL: $*"
	[ ! -f "$work/out" ] || head -c 2000 "$work/out" | sed 's/^/    out: /'
	[ ! -f "$work/err" ] || head -c 2000 "$work/err" | sed 's/^/    err: /'
	exit 1
}

# boots CODE ARGUMENT...: x86_64-twizzler-run ends with that code; its output is in $work/out and $work/err.
# Standard input is the caller's.
boots() {
	local want=$1 got=0
	shift
	timeout 60 "$run" "$@" >"$work/out" 2>"$work/err" || got=$?
	[ "$got" = "$want" ] || fail "exit $got, not $want: $*"
	checks=$((checks + 1))
}

# starts ARGUMENT...: x86_64-twizzler-run in the background, its number in $runner; returns when the program has said something.
starts() {
	# What an earlier one has said is not this one's: the shell's child truncates the file too late.
	: >"$work/out"
	"$run" "$@" >"$work/out" 2>"$work/err" </dev/null &
	runner=$!
	for _ in $(seq 300); do
		[ ! -s "$work/out" ] || return 0
		kill -0 $runner 2>/dev/null || fail "it ended before it said anything: $*"
		sleep 0.1
	done
	fail "it says nothing: $*"
}

# prints TEXT: exactly this was the output.
prints() {
	[ "$(cat "$work/out")" = "$1" ] || fail "the output is not '$1'"
	checks=$((checks + 1))
}

# complains PATTERN: some line of standard error matches the extended regular expression.
complains() {
	grep -qE -- "$1" "$work/err" || fail "no complaint like '$1'"
	checks=$((checks + 1))
}

# silent: nothing on standard error.
silent() {
	[ ! -s "$work/err" ] || fail "there is something on standard error"
	checks=$((checks + 1))
}

finish() {
	[ "$checks" -gt 0 ] || fail "nothing was checked"
	echo "ok: $checks checks"
}
