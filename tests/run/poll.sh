# SPDX-License-Identifier: BSD-2-Clause
# poll sleeps until something happens on standard input, a port or the console: it does not look by the clock, and misses nothing.
# shellcheck shell=bash
. tests/run/lib.sh

trace=$work/trace

# sleeps LEAST MOST: the program slept on words that often.
sleeps() {
	local count
	count=$(grep -c ' thread_sync(' "$trace" || true)
	[ "$count" -ge "$1" ] || fail "it slept $count times only"
	[ "$count" -le "$2" ] || fail "it slept $count times"
	checks=$((checks + 1))
}

# later TEXT COUNT END: the text that often, each after a while, then what ends it.
later() {
	for _ in $(seq "$2"); do
		sleep 0.7
		printf '%s' "$1"
	done
	sleep 0.7
	printf '%s' "$3"
}

for program in "$root"/build/tests/programs/polls-{static,dynamic}; do
	sleep 5 | boots 0 --trace="$trace" --trace-calls thread_sync "$program" 700
	prints 'polling
nothing'
	sleeps 1 3
	later some 3 '' | boots 0 --trace="$trace" --trace-calls thread_sync "$program"
	prints 'polling
in 4
in 4
in 4
inhup 0'
	sleeps 4 12
done

# The console: half a line is nothing to read yet; what is typed is echoed.
program=$root/build/tests/programs/polls-unikernel
later "a
" 2 $'b\4\4' | boots 0 --trace="$trace" --trace-calls thread_sync "$program"
tr -d '\r' <"$work/out" >"$work/plain"
mv "$work/plain" "$work/out"
prints 'polling
a
in 2
a
in 2
bin 1
in 0'
sleeps 2 12
finish
