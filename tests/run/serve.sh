# SPDX-License-Identifier: BSD-2-Clause
# A boot that stays up: clients queue, each has its own streams and status; a dead machine is replaced; nothing is left behind.
# shellcheck shell=bash
. tests/run/lib.sh

cp "$program" "$work/tool"
cd "$work"
mkdir sub

# serve ARGUMENT...: a server at ./socket; its number in $server
serve() {
	"$run" --server socket "$@" >server.out 2>server.err </dev/null &
	server=$!
}

# ends PID CODE: that process ends within 10 s, with that status, and leaves no machine and no socket
ends() {
	local status=0 machines
	machines=$(pgrep -P "$1" || true)
	for _ in $(seq 100); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	! kill -0 "$1" 2>/dev/null || fail "the server goes on"
	wait "$1" || status=$?
	[ $status = "$2" ] || fail "the server ended with $status, not $2: $(cat server.err)"
	for machine in $machines; do
		! kill -0 "$machine" 2>/dev/null || fail "a machine outlives its server"
	done
	[ ! -e socket ] || fail "the socket is still there"
	checks=$((checks + 1))
}

serve
boots 0 --connect socket ./tool arguments one 'two words' '' </dev/null
prints '[./tool]
[arguments]
[one]
[two words]
[]'
silent
machine=$(pgrep -P $server)
export TWIZZLER_RUN_SERVER=$work/socket
boots 9 ./tool exit 9 </dev/null
boots 139 ./tool null </dev/null
complains '#0 do_null at .*channel\.c:[0-9]+'
boots 0 ./tool error there </dev/null
prints 'this is standard output'
complains '^this is standard error: there$'
boots 0 --env COLOUR=red ./tool environment COLOUR MISSING </dev/null
prints 'COLOUR=red
MISSING=(none)'
boots 127 ./missing </dev/null

# Input: from a file, from a pipe; what a program leaves stays its client's, and is not its successor's.
head -c 300000 /dev/urandom >input
boots 0 ./tool copy <input
cmp input out || fail "the input was changed"
printf 'one\ntwo\n' | boots 0 ./tool line
prints one
boots 1 ./tool line </dev/null
printf 'first\nsecond\n' | {
	boots 0 ./tool exit 0
	read -r line
	[ "$line" = first ] || fail "a program that does not read has taken input"
}
printf 'three\n' | boots 0 ./tool copy
prints three

# The client's directory, below the server's.
cd sub
boots 0 ../tool directory </dev/null
prints /host/sub
cd ..

# A reader that goes away ends the writer.
{ timeout 60 "$run" ./tool lines 100000000 2>err </dev/null || echo $? >status; } | head -n 1 >out || true
grep -qxE '3|141' status || fail "the writer ended with $(cat status)"

# A client that is killed takes its program with it; one that times out too.
starts ./tool forever
client=$runner
kill $client
boots 124 --timeout 0.3 ./tool spin </dev/null

# Clients queue; each gets its own answer.
for i in $(seq 20); do
	(
		status=0
		timeout 60 "$run" ./tool exit "$i" </dev/null >/dev/null 2>&1 || status=$?
		echo "$status" >"status.$i"
	) &
	queued[i]=$!
done
wait "${queued[@]}"
for i in $(seq 20); do
	[ "$(cat "status.$i")" = "$i" ] || fail "client $i got $(cat "status.$i")"
done
[ "$(pgrep -P $server)" = "$machine" ] || fail "the machine was not the same all along"

# A machine that dies takes its program with it; the next one gets a new machine.
starts ./tool forever
client=$runner
kill -KILL "$machine"
status=0
wait $client || status=$?
[ $status = 125 ] || fail "exit $status, not 125, after the machine's death"
complains 'QEMU was killed by SIGKILL'
boots 5 ./tool exit 5 </dev/null

# Programs that the server cannot see, and machines that it is not.
cp tool "$root/build/tests/run-serve-tool"
boots 6 "$root/build/tests/run-serve-tool" exit 6 </dev/null
boots 125 --connect socket "$root/build/tests/run-serve-tool" exit 6 </dev/null
complains 'start it with --share'
rm -f "$root/build/tests/run-serve-tool"
boots 0 --smp 2 ./tool processors </dev/null
prints 2
boots 2 --connect socket --smp 2 ./tool processors </dev/null
boots 125 --server socket </dev/null
complains 'a server is there already'
boots 0 --stop </dev/null
ends $server 0
boots 125 ./tool exit 0 </dev/null
complains 'no server at .*; start it with'

# Its other ends: a signal, idleness, its parent's end. A socket that a killed server left is taken over.
serve
boots 0 ./tool exit 0 </dev/null
kill -TERM $server
ends $server 143
serve --idle 0.5
boots 0 ./tool exit 0 </dev/null
ends $server 0
serve
boots 0 ./tool exit 0 </dev/null
kill -KILL $server
wait $server 2>/dev/null || true
[ -S socket ] || fail "a killed server cannot have removed its socket"
(
	"$run" --server socket >server.out 2>server.err </dev/null &
	echo $! >server.pid
	timeout 60 "$run" ./tool exit 3 </dev/null || echo $? >status
)
[ "$(cat status)" = 3 ] || fail "exit $(cat status), not 3, from the server that took over: $(cat server.err)"
for _ in $(seq 100); do
	[ -e socket ] || break
	sleep 0.1
done
[ ! -e socket ] || fail "the server outlives its parent"
unset TWIZZLER_RUN_SERVER

# One made for a command.
# shellcheck disable=SC2016
boots 7 --jobs 2 --keep sh -c '"$0" ./tool exit 0 && "$0" ./tool arguments && [ -S "$TWIZZLER_RUN_SERVER" ] &&
	echo "${TWIZZLER_RUN_SERVER%/*}" >directory && "$0" ./tool exit 7' "$run" </dev/null
prints '[./tool]
[arguments]'
[ ! -e "$(cat directory)" ] || fail "the server's directory is still there"
boots 127 --keep ./missing </dev/null
cd "$root"
finish
