# SPDX-License-Identifier: BSD-2-Clause
# Batches: each program has its own memory, output, input, time and end; results as tab-separated lines.
# shellcheck shell=bash
. tests/run/lib.sh

cp "$program" "$work/tool"
cd "$work"
cat >list <<'END'
# comments and blank lines are nothing

./tool arguments 'two words'
@expect=3 ./tool exit 3
@expect=SIGSEGV ./tool null
@stdin=input ./tool line
@stdin=input ./tool line
./tool line
@env=COLOUR=red @env='SHAPE=a square' ./tool environment COLOUR SHAPE
./tool error there
@timeout=0.5 @expect=timeout ./tool forever
@expect=any ./tool exit 7
./missing
./tool exit 5
END
printf 'one\ntwo\n' >input

# has INDEX FIELD TEXT: that field of that program's result
has() {
	local found
	found=$(awk -F'\t' -v index_=$1 -v field=$2 '$1 == index_ { print $field }' "${results:-out}")
	[ "$found" = "$3" ] || fail "program $1, field $2: '$found', not '$3'"
	checks=$((checks + 1))
}

boots 1 --batch list </dev/null
complains ': 9 as expected, 3 not, of 12; boots: 1$'
[ "$(head -n 1 out)" = "$(printf '#index\tprogram\tverdict\tstatus\tcode\tmicroseconds\tout_bytes\terr_bytes\tout\terr')" ] ||
	fail "another head line"
[ "$(cut -f 1 out)" = "$(printf '#index\n'; seq 12)" ] || fail "the results are not 1 to 12"
has 1 2 './tool arguments two words'
has 1 9 '[./tool]\n[arguments]\n[two words]\n'
has 1 7 33
has 2 4 'exit 3'
has 2 3 pass
has 3 4 'signal SIGSEGV'
has 3 5 139
has 4 9 'one\n'
has 5 9 'one\n'
has 6 4 'exit 1'
has 6 3 fail
has 7 9 'COLOUR=red\nSHAPE=a square\n'
has 8 9 'this is standard output\n'
has 8 10 'this is standard error: there\n'
has 9 4 timeout
has 9 5 124
has 9 3 pass
has 10 3 pass
has 11 4 'not started'
has 11 5 127
has 12 4 'exit 5'
has 12 3 fail
grep -q 'killed by SIGSEGV.*read of 0x10.*do_null at' out || fail "no report of the fault"

# Files for results and outputs; binary output stays as it is.
head -c 100000 /dev/urandom >input
printf '@stdin=input ./tool copy\n./tool exit 0\n' >list
boots 0 --batch list --results table --output outputs </dev/null
prints ''
results=table
has 1 7 100000
has 1 9 outputs/000001.out
has 2 9 ''
cmp input outputs/000001.out || fail "the output was changed"
[ "$(ls outputs)" = 000001.out ] || fail "other files: $(ls outputs)"
boots 0 --batch list --results table --output-limit 10 </dev/null
has 1 7 100000

# A machine that dies is blamed on its program; the others run in the next one.
results=out
printf './tool exit 0\n./tool forever\n./tool exit 0\n./tool exit 0\n' >list
"$run" --batch list >out 2>err </dev/null &
runner=$!
for _ in $(seq 100); do
	[ "$(wc -l <out)" = 2 ] && break
	sleep 0.1
done
kill -KILL "$(pgrep -P $runner)"
status=0
wait $runner || status=$?
[ $status = 1 ] || fail "exit $status, not 1, after a machine's death"
has 2 4 crash
has 2 5 125
has 4 4 'exit 0'
complains ': 3 as expected, 1 not, of 4; boots: 2$'
TWZ_KERNEL=$work/tool boots 125 --batch list </dev/null
complains 'boot 3 in a row in which nothing ran'

# What a program leaves goes with it, in one boot: children, files, memory.
cat >list <<'END'
./tool litter 3
./tool files
./tool files
./tool litter 1
@expect=any @timeout=20 ./tool fill
@expect=any @timeout=20 ./tool fill
./tool exit 0
END
boots 0 --memory 64M --batch list </dev/null
complains ': 7 as expected, 0 not, of 7; boots: 1$'
for i in 2 3 5 6 7; do
	has $i 9 ''
done

# Many programs in little memory, from two boots.
for _ in $(seq 100); do echo './tool exit 0'; done >list
boots 0 --memory 128M --jobs 2 --batch list </dev/null
complains ': 100 as expected, 0 not, of 100; boots: 2$'
[ "$(cut -f 1 out | sort -n | tail -n +2)" = "$(seq 100)" ] || fail "not every program ran once"
cd "$root"
finish
