# SPDX-License-Identifier: BSD-2-Clause
# A terminal's mode: bytes without echo, a time limit, signals, lines with editing again.
# shellcheck shell=bash
. tests/run/lib.sh

program=$root/build/tests/programs/terminal-unikernel

# until TEXT: the program has said so.
until_said() {
	for _ in $(seq 200); do
		! grep -q "^$1" "$work/out" || return 0
		sleep 0.05
	done
	return 0
}

: >"$work/out"
{
	until_said raw
	printf 'a'
	sleep 0.3
	printf '\r\3'
	until_said signals
	printf '\3'
	until_said lines
	printf 'x\177y\r'
	until_said parts
	printf 'pqrs\r'
	until_said rest
	printf 'w\025z\r'
} | boots 0 --timeout 40 "$program"
tr -d '\r' <"$work/out" >"$work/plain"
mv "$work/plain" "$work/out"
prints "raw
raw 3: 61 0d 03
timed 0:
signals
interrupted 0:
1
lines
x$(printf '\b \b')y
line 2: 79 0a
parts
pqrs
first 2: 70 71
byte 1: 72
rest 2: 73 0a
w$(printf '\b \b')z
next 2: 7a 0a"
finish
