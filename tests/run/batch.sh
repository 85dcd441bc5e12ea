# SPDX-License-Identifier: BSD-2-Clause
# Several programs in one boot: each has its own status, memory and end; they share standard input.
# shellcheck shell=bash
. tests/run/lib.sh

cp "$program" "$work/tool"
cd "$work"
cat >list <<'END'
# comments and blank lines are nothing

./tool arguments 'two words'
./tool exit 3
./tool null
./tool line
./tool line
./tool exit 0
END
printf 'one\ntwo\n' | boots 3 --batch list
prints "[./tool]
[arguments]
[two words]
one
two"
complains '\./tool: exit 3 \([0-9]+ ms\)$'
complains '\./tool: killed by SIGSEGV'
complains '\./tool: exit 139 '
[ "$(grep -c ': exit 0 (' err)" = 4 ] || fail "not four programs ended well"

# A hung program is killed, the next one runs.
printf './tool forever\n./tool exit 0\n' >list
boots 124 --timeout 1 --batch list </dev/null
complains 'killed after 1 s'
complains ': exit 0 '

# Many programs, none of which leaves anything behind.
for _ in $(seq 60); do echo './tool exit 0'; done >list
boots 0 --memory 128M --batch list </dev/null
[ "$(grep -c ': exit 0 (' err)" = 60 ] || fail "not all of 60 programs ran"
cd "$root"
finish
