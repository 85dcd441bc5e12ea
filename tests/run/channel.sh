# SPDX-License-Identifier: BSD-2-Clause
# The run channel: arguments, environment, exit codes, the three standard streams, files of the host.
# shellcheck shell=bash
. tests/run/lib.sh

boots 0 "$program" arguments one 'two words' '' "it's" <<<''
prints "[$program]
[arguments]
[one]
[two words]
[]
[it's]"
silent

boots 0 --env COLOUR=red --env 'EMPTY=' "$program" environment COLOUR EMPTY PATH MISSING </dev/null
prints 'COLOUR=red
EMPTY=
PATH=/bin
MISSING=(none)'

for code in 0 1 42 127 128 255; do
	boots $code "$program" exit $code </dev/null
done
silent

boots 0 "$program" error there </dev/null
prints 'this is standard output'
complains '^this is standard error: there$'

# Input and output of some size come through unchanged, binary bytes too.
head -c 3000000 /dev/urandom >"$work/input"
boots 0 "$program" copy <"$work/input"
cmp "$work/input" "$work/out" || fail "3 MB were changed on their way"
cat "$work/input" | boots 0 "$program" copy
cmp "$work/input" "$work/out" || fail "3 MB from a pipe were changed on their way"
boots 0 "$program" copy </dev/null
prints ''

# A program that reads one line, and one that reads nothing, leave the rest to the next reader.
printf 'first\nsecond\n' | {
	boots 0 "$program" exit 0
	read -r line
	[ "$line" = first ] || fail "a program that does not read has taken input"
}

# A reader that goes away ends the writer, not the machine's patience.
{ timeout 60 "$run" "$program" lines 100000000 2>"$work/err" </dev/null || echo $? >"$work/status"; } |
	head -n 3 >"$work/out" || true
prints '1
2
3'
grep -qxE '3|141' "$work/status" || fail "the writer ended with $(cat "$work/status")"

# The current directory is /host; programs in it, below it and elsewhere.
mkdir -p "$work/here/sub" "$work/there"
cp "$program" "$work/here/tool"
cp "$program" "$work/here/sub/tool"
cp "$program" "$work/there/tool"
echo 'from the host' >"$work/here/file"
cd "$work/here"
boots 0 ./tool directory </dev/null
prints /host
boots 0 ./tool read file </dev/null
prints 'from the host'
boots 0 sub/tool read /host/file </dev/null
prints 'from the host'
boots 0 ../there/tool read file </dev/null
prints 'from the host'
boots 0 ../there/tool write made 'by the guest' </dev/null
[ "$(cat made)" = 'by the guest' ] || fail "the guest's file holds '$(cat made)'"
boots 1 ./tool read ../there/tool </dev/null
prints 'cannot open: No such file or directory'
boots 1 ./tool read nothing </dev/null
prints 'cannot open: No such file or directory'
ln -s "$work/there/tool" linked
boots 7 ./linked exit 7 </dev/null
cd "$root"
finish
