# SPDX-License-Identifier: BSD-2-Clause
# --trace: every call of a program that is known, with its arguments by kind, errors by name, threads apart; and nothing without it.
# shellcheck shell=bash
. tests/debug/lib.sh

# normal FILE: ids and addresses, which differ from run to run, as ID and ADDRESS; the one that comes back keeps its place.
normal() {
	sed -E 's/0{13}abc0{15}([0-9a-f])/FOREIGN\1/g; s/\b0{14}110{14}22\b/WRONG/g; s/\b[0-9a-f]{32}\b/ID/g; s/0x[0-9a-f]{5,}/ADDRESS/g' "$1"
}

sixtyfour=$(printf 'x%.0s' $(seq 64))
cat >"$work/want" <<END
stream_find("begin", 5) = NOT_FOUND (name not found)
object_create({flags=RAW, kind=DATA, protections=READ|WRITE|DELETE}, ID) = 0
object_stat(ID, {id=ID, flags=RAW, rights=READ|WRITE|DELETE}) = 0
object_create({flags=RAW|0x80, kind=DATA}, ADDRESS) = INVALID_ARGUMENT (invalid argument)
object_create(0x10, ADDRESS) = BAD_ADDRESS (address not mapped with the needed rights)
object_stat(WRONG, ADDRESS) = NO_SUCH_OBJECT (no object with this id)
object_protect(ID, 0, 4096, READ|EXEC) = 0
thread_sync([{word=ADDRESS, value=1, kind=WAKE}, {word=ADDRESS, value=7, kind=WAIT, flags=FIRM}], 2, FOREVER) = 1
thread_interrupt(999999, 65) = INVALID_ARGUMENT (invalid argument)
clock_read(99) = INVALID_ARGUMENT (invalid argument)
stream_write(77, "$sixtyfour"..., 100) = BAD_HANDLE (no such file descriptor, stream or handle)
stream_find("no\\"such\\x01port\\n", 13) = NOT_FOUND (name not found)
object_delete(ID) = 0
UNKNOWN
stream_find("end", 3) = NOT_FOUND (name not found)
END

for shape in static dynamic unikernel; do
	cpus=(--smp 2)
	[ $shape != unikernel ] || cpus=()
	ends 7 "${cpus[@]}" --trace="$work/trace" $place/traced-$shape
	[ ! -s "$work/err" ] || fail "$shape: there is something on standard error"
	normal "$work/trace" >"$work/normal"
	main=$(sed -n 's/^\([0-9]*\.[0-9]*\) stream_find("begin".*/\1/p' "$work/normal")
	sed -n '/stream_find("begin"/,/stream_find("end"/p' "$work/normal" | sed -n "s/^$main //p" |
		sed -E 's/^call_0x1fff\(0x1, 0x2, .*\) = NO_SUCH_SYSCALL \(no such system call\)$/UNKNOWN/' >"$work/got"
	if [ $shape = unikernel ]; then
		grep -v UNKNOWN "$work/want" >"$work/want.$shape"
	else
		cp "$work/want" "$work/want.$shape"
	fi
	diff "$work/want.$shape" "$work/got" || fail "$shape: the trace is not what the program did"
	# Four threads, five calls each, each under its own number and none under the main thread's.
	for i in 1 2 3 4; do
		who=$(sed -n "s/^\([0-9]*\.[0-9]*\) object_delete(FOREIGN$i) = NO_SUCH_OBJECT .*/\1/p" "$work/normal")
		[ "$(wc -l <<<"$who")" = 5 ] && [ "$(sort -u <<<"$who" | wc -l)" = 1 ] || fail "$shape: thread $i: $who"
		sort -u <<<"$who" >>"$work/who.$shape"
	done
	[ "$(sort -u "$work/who.$shape" | wc -l)" = 4 ] || fail "$shape: the threads are mixed up"
	! grep -qx "$main" "$work/who.$shape" || fail "$shape: a thread has the main thread's number"
	[ "$(grep -c ' thread_spawn({' "$work/normal")" = 4 ] || fail "$shape: not four threads spawned"
	matches normal '^[0-9.]+ view_exit\(7\) = '
	checks=$((checks + 8))
done

# Names by pattern; standard error; a program that is killed while a call sleeps.
ends 124 --timeout 2 --trace --trace-calls 'thread_sync,object_del*' $place/traced-static sleep
matches err '^1\.[0-9]+ thread_sync\(\[.*kind=WAIT, flags=FIRM\}\], 2, FOREVER\) = (\?|INTERRUPTED .*)$'
matches err '^1\.[0-9]+ object_delete\('
! grep -E '^[0-9.]+ ' "$work/err" | grep -vE ' (thread_sync|object_delete)\(' || fail "a call that was not asked for"

# Two programs of one boot.
printf '%s\n' "@expect=7 $place/traced-static" "@expect=any $place/crash-static" >"$work/list"
ends 0 --batch "$work/list" --trace="$work/trace" --results "$work/results"
matches trace "^# $place/traced-static$"
matches trace "^# $place/crash-static$"
matches trace '^1\.[0-9]+ stream_find\("end", 3\)'
matches trace '^2\.[0-9]+ '

ends 2 --trace --jobs 2 --batch "$work/list"
says err '--trace: follows a program or a batch in one boot'
ends 2 --trace-calls 'x' $place/traced-static
says err '--trace-calls: of which trace? add --trace'
ends 125 --trace=/nowhere/file $place/traced-static
says err '--trace=/nowhere/file: No such file or directory'
finish
