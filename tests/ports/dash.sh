# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# /bin/sh of the initial image: a script of most of the language, against what the host's dash makes of it; system and
# popen in both runtimes; how a shell that fails ends.
# timeout: 300
set -euo pipefail

fail() {
	echo "FAIL: $*"
	exit 1
}

run() {
	x86_64-twizzler-run --timeout 60 "$@"
}

here=$PWD/tests/ports/dash
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cp "$here/language.sh" "$place"
cd "$place"

run image:/bin/sh language.sh one 'two words' <<<"from standard input" >output 2>errors || fail "language.sh exits with $?: $(cat errors)"
diff "$here/language.expected" output || fail "language.sh prints something else"
[ ! -s errors ] || fail "language.sh complains: $(cat errors)"

# exit codes: the script's own, a syntax error, no such file, no such command, a signal
code() {
	local want=$1 got=0
	shift
	run image:/bin/sh "$@" >output 2>errors </dev/null || got=$?
	[ "$got" = "$want" ] || fail "sh $*: exits with $got, not $want: $(cat errors)"
}
code 7 -c 'exit 7'
code 2 -c 'if'
grep -q 'Syntax error' errors || fail "a syntax error goes without a word"
code 2 ./missing.sh
code 127 -c 'missing-command'
code 126 -c './output'
code 143 -c 'kill -TERM $$; echo not reached'

for shape in -static ''; do
	# shellcheck disable=SC2086
	x86_64-twizzler-gcc -O2 -Wall -Wextra -Werror $shape -I"$OLDPWD/tests/programs" "$here/calls.c" -o calls
	run ./calls >output </dev/null || fail "calls ${shape:-dynamic}: $(cat output)"
	grep -q '^calls: [1-9][0-9]* checks, 0 failed$' output || fail "calls ${shape:-dynamic}: $(cat output)"
done
echo "ok: /bin/sh, system and popen"
