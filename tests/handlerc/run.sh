#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Tests the handler compiler's command line: every file of bad/ is refused with the line in its
# "expect:" comment and leaves no output; every handler of examples/handlers compiles silently.
# Usage: run.sh [HANDLERC]
set -u
here=$(dirname -- "$(readlink -f -- "$0")")
handlerc=$(readlink -f -- "${1:-$here/../../build/toolchain/bin/x86_64-twizzler-handlerc}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	echo "FAIL $1" >&2
	[ -z "${2-}" ] || sed 's/^/    /' "$2" >&2
}

# refused NAME EXPECTED ARGUMENTS...: fails with a message that holds EXPECTED and without output files
refused() {
	local name=$1 expected=$2 status
	shift 2
	rm -rf "$work/out"
	mkdir "$work/out"
	(cd "$here/bad" && "$handlerc" -o "$work/out/x.twh" "$@") >"$work/log" 2>&1
	status=$?
	if [ "$status" -ne 1 ]; then
		fail "$name: exit status $status, not 1" "$work/log"
	elif ! grep -qF -- "$expected" "$work/log"; then
		fail "$name: no '$expected'" "$work/log"
	elif [ -n "$(ls -A "$work/out")" ]; then
		fail "$name: left $(ls -A "$work/out")"
	else
		pass
	fi
}

for source in "$here"/bad/*.c; do
	refused "$(basename "$source")" "$(sed -n 's|^/\* expect: \(.*\) \*/$|\1|p' "$source")" "$(basename "$source")"
done
refused "no source" "usage:"
refused "unknown option" "unknown option '--frob'" --frob blocking.c
refused "linker option" "unknown option '-Wl,-x'" -Wl,-x blocking.c
refused "option without argument" "-I needs an argument" -I
refused "two sources" "a handler is one C file" blocking.c heap.c
refused "missing source" "no such file" missing.c
refused "C++" "handlers are written in C" handler.cc
refused "not C" "not a C file" README.md
refused "no directory" "No such file" -o "$work/no/such/x.twh" ../../../examples/handlers/counter.c

examples=$(cd "$here/../../examples/handlers" && pwd)
for source in "$examples"/*.c; do
	name=$(basename "$source")
	if ! (cd "$work" && "$handlerc" "$source") >"$work/log" 2>&1; then
		fail "$name" "$work/log"
	elif [ -s "$work/log" ]; then
		fail "$name: not silent" "$work/log"
	elif [ "$(head -c 7 "$work/${name%.c}.twh")" != TWZHNDL ]; then
		fail "$name: no image"
	else
		pass
	fi
	(cd "$examples" && "$handlerc" -o "$work/again" "$name") >>"$work/log" 2>&1
	if cmp -s "$work/again" "$work/${name%.c}.twh"; then
		pass
	else
		fail "$name: another path gives another image" "$work/log"
	fi
done

echo "handlerc: $passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -ge 40 ]
