# SPDX-License-Identifier: BSD-2-Clause
# What the toolchain tests share: a small copy of the tree whose stages are made of nothing, and checks.
# shellcheck shell=bash
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0

fail() {
	echo "FAIL: $*"
	[ ! -f "$work/out" ] || sed 's/^/    /' "$work/out"
	exit 1
}

# refused PATTERN COMMAND...: it fails, and its last line of complaint, the only one of build.sh, matches.
refused() {
	local pattern=$1 status=0
	shift
	"$@" >"$work/out" 2>&1 </dev/null || status=$?
	[ "$status" -ne 0 ] || fail "'$*' succeeded"
	[ "$status" -lt 126 ] || fail "'$*' ended with status $status"
	[ "$(grep -c '^build.sh: ' "$work/out")" = 1 ] || fail "'$*': not exactly one line of complaint"
	tail -n 1 "$work/out" | grep -qE "^build.sh: .*$pattern" || fail "'$*': the complaint does not match '$pattern'"
	checks=$((checks + 1))
}

# holds COMMAND...: it succeeds.
holds() {
	"$@" >"$work/out" 2>&1 </dev/null || fail "'$*' failed"
	checks=$((checks + 1))
}

# empty DIRECTORY: there is nothing in it, or it is not there.
empty() {
	[ -z "$(ls -A "$1" 2>/dev/null)" ] || fail "$1 holds: $(ls -A "$1")"
	checks=$((checks + 1))
}

# fixture: a tree in $tree with build.sh and toolchain/ as they are, but with stages that only write their name, and no programs.
fixture() {
	local name
	tree=$work/tree
	export TWZ_CACHE=$work/cache TWZ_HOST_READY=1
	mkdir -p "$tree"
	cp -r "$TWZ_ROOT/build.sh" "$TWZ_ROOT/toolchain" "$tree/"
	rm -rf "$tree/toolchain/run" "$tree/toolchain/store"
	for name in $(cat "$tree/toolchain/stages/order"); do
		{
			grep '^# needs: ' "$tree/toolchain/stages/$name.sh" | sed 's/ *package:[a-z]*//'
			echo "mkdir -p \"\$OUT/bin\"; echo $name >\"\$OUT/bin/$name\""
		} >"$work/stage"
		mv "$work/stage" "$tree/toolchain/stages/$name.sh"
	done
}

finish() {
	[ "$checks" -gt 0 ] || fail "nothing was checked"
	echo "ok: $checks checks"
}
