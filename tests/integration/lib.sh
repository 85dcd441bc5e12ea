# SPDX-License-Identifier: BSD-2-Clause
# What the integration tests share: a copy of the sample project, the environment that ./build.sh env gives, and checks.
# shellcheck shell=bash
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
checks=0
eval "$(./build.sh env)"

fail() {
	echo "FAIL: $*"
	[ ! -f "$work/log" ] || tail -n 40 "$work/log" | sed 's/^/    /'
	exit 1
}

# needs TOOL...: they are on this host, as toolchain/host.sh has seen to
needs() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null || fail "no $tool on this host; ./build.sh bootstrap installs it"
	done
}

# sample NAME: a copy of that project in $work/NAME, which becomes the current directory
sample() {
	cp -r "tests/integration/$1" "$work/"
	cd "$work/$1"
}

# works COMMAND...: it succeeds; what it says is in $work/log
works() {
	timeout 100 "$@" >"$work/log" 2>&1 </dev/null || fail "'$*' ended with $?"
	checks=$((checks + 1))
}

# fails COMMAND...: it does not
fails() {
	! timeout 100 "$@" >"$work/log" 2>&1 </dev/null || fail "'$*' succeeded"
	checks=$((checks + 1))
}

# says PATTERN [FILE]: a line of the last command's words, or of a file, matches
says() {
	grep -qE -- "$1" "${2:-$work/log}" || fail "nothing like '$1' in ${2:-its words}"
	checks=$((checks + 1))
}

finish() {
	[ "$checks" -gt 0 ] || fail "nothing was checked"
	echo "ok: $checks checks"
}
