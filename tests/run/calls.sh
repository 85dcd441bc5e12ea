# SPDX-License-Identifier: BSD-2-Clause
# The system calls of streams and host files, with good and bad arguments; what a program leaves open is given back.
# shellcheck shell=bash
. tests/run/lib.sh

calls=$root/build/tests/programs/host_calls-static
cd "$work"
printf 'known text' >known
for machine in q35 microvm; do
	printf 'some input' | boots 0 --machine $machine "$calls"
	grep -qx 'host_calls: [0-9]* checks, 0 failed' out || fail "not every call did as it should on $machine"
	grep -qx written out || fail "a written line is lost on $machine"
done
cp "$program" tool
for _ in 1 2 3; do echo './tool read known'; done >list
boots 0 --batch list </dev/null
[ "$(grep -c $'\tknown text\t' out)" = 3 ] || fail 'not three times the known text'
cd "$root"
finish
