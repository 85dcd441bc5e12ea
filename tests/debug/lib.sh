# SPDX-License-Identifier: BSD-2-Clause
# What the tests of debugging share: known lines of the sources, and a program's run with its report.
# shellcheck shell=bash
set -euo pipefail

export PATH=$PWD/build/toolchain/bin:$PATH
place=build/tests/debug
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0

fail() {
	echo "FAIL: $*"
	[ ! -f "$work/out" ] || head -c 6000 "$work/out" | sed 's/^/    out: /'
	[ ! -f "$work/err" ] || head -c 3000 "$work/err" | sed 's/^/    err: /'
	exit 1
}

# line_of MARK FILE: the number of the line of tests/debug/source/FILE that holds MARK.
line_of() {
	local found
	found=$(grep -nF -- "$1" "tests/debug/source/$2" | cut -d: -f1)
	[[ $found =~ ^[0-9]+$ ]] || fail "'$1' does not stand once in $2"
	echo "$found"
}

# ends CODE ARGUMENT...: x86_64-twizzler-run ends with that code; its output is in $work/out, its errors in $work/err.
ends() {
	local want=$1 got=0
	shift
	timeout 60 x86_64-twizzler-run "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
	[ "$got" = "$want" ] || fail "exit $got, not $want: $*"
	checks=$((checks + 1))
}

# says FILE TEXT: a line of $work/FILE holds the text.
says() {
	grep -qF -- "$2" "$work/$1" || fail "no line of '$1' says '$2'"
	checks=$((checks + 1))
}

# matches FILE PATTERN: a line of $work/FILE matches the extended regular expression.
matches() {
	grep -qE -- "$2" "$work/$1" || fail "no line of '$1' matches '$2'"
	checks=$((checks + 1))
}

# by_debug_kernel NAME...: run tests/boot/NAME.exp in a tree of their own, by the debug kernel; each must pass.
by_debug_kernel() {
	local root=$PWD tree name
	tree=$(mktemp -d "$root/build/tests/debug.XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$tree' '$work'" EXIT
	mkdir -p "$tree/build/tests"
	ln -s "$root"/build/* "$tree/build/" 2>/dev/null || true
	# what the guest opens by a name below its /host cannot be a link to elsewhere
	mkdir "$tree/build/tests/programs"
	find "$root/build/tests/programs" -maxdepth 1 -type f -exec ln -t "$tree/build/tests/programs" {} +
	ln -s "$root/tests" "$root/build.sh" "$root/toolchain" "$root/sysroot" "$tree/"
	export TWZ_KERNEL=$root/build/kernel/kernel-debug.elf
	[ -f "$TWZ_KERNEL" ] || fail "no $TWZ_KERNEL"
	cd "$tree"
	for name; do
		if ! expect -f "tests/boot/$name.exp" >output 2>&1; then
			tail -n 25 output
			fail "boot/$name by the debug kernel"
		fi
		echo "ok $name: $(grep -a -c '^+ ' output) boots"
		checks=$((checks + 1))
	done
	cd "$root"
}

finish() {
	[ "$checks" -gt 0 ] || fail "nothing was checked"
	echo "ok: $checks checks"
}
