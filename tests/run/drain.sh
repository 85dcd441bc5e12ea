# SPDX-License-Identifier: BSD-2-Clause
# A program ends while its output waits for a reader that has stopped: none of it shows up in the next program's.
# shellcheck shell=bash
. tests/run/lib.sh

cp build/tests/programs/hello-static "$work/hello"
cp build/tests/programs/mess-static "$work/mess"
cd "$work"
printf './mess pour\n./hello good\n./hello good\n' >list

timeout 60 "$run" --memory 64M --output-limit 64K --results table --batch list </dev/null >out 2>err &
guard=$!
for _ in $(seq 300); do
	[ ! -e pouring ] || break
	sleep 0.1
done
[ -e pouring ] || fail "the program does not begin"
runner=$(pgrep -P "$guard")
kill -STOP "$runner"
: >stopped
# the program fills what lies between them, and ends; a program after it would have begun by now
sleep 2
kill -CONT "$runner"
wait "$guard" || fail "the batch fails"
[ "$(awk -F'\t' '$4 == "exit 0"' table | wc -l)" = 3 ] || fail "$(cut -c 1-200 table)"
awk -F'\t' '$2 == "./hello good" { print $9 }' table >said
[ "$(sort -u said | wc -l)" = 1 ] || fail "the next program's output begins with the last one's: $(cut -c 1-200 said)"
grep -q good said || fail "the next program says nothing"
! grep -q xx said || fail "the last program's output goes on in the next one's"
checks=$((checks + 3))
cd "$root"
finish
