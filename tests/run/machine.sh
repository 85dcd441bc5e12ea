# SPDX-License-Identifier: BSD-2-Clause
# The machine's options: processors, memory, timeout, microvm, kernel log; and signals to the runner.
# shellcheck shell=bash
. tests/run/lib.sh

boots 0 --smp 2 "$program" processors </dev/null
prints 2
boots 0 --smp 1 "$program" processors </dev/null
prints 1

# What firmware and kernel keep is less than a tenth.
for size in 128 1024; do
	boots 0 --memory ${size}M "$program" memory </dev/null
	found=$(sed 's/ MiB//' "$work/out")
	[ "$found" -le $size ] && [ "$found" -ge $((size * 9 / 10)) ] || fail "$found MiB of $size"
done

start=$SECONDS
boots 124 --timeout 0.5 "$program" forever </dev/null
prints 'here for long'
complains 'killed after 0.5 s \(--timeout\)'
boots 124 --timeout 0.5 "$program" spin </dev/null
[ $((SECONDS - start)) -le 20 ] || fail "the timeout took $((SECONDS - start)) s"
boots 3 --timeout 30 "$program" exit 3 </dev/null
silent

boots 5 --machine microvm "$program" exit 5 </dev/null
boots 0 --machine microvm "$program" copy <"$0"
cmp "$0" "$work/out" || fail "microvm changed the bytes"

boots 0 --kernel-log "$work/log" --append verbose "$program" exit 0 </dev/null
[ -s "$work/log" ] || fail "there is no kernel log"

# A signal to the runner ends the machine too.
starts "$program" forever
prints 'here for long'
machine=$(pgrep -P $runner) || fail "the runner has no machine"
kill -TERM $runner
status=0
wait $runner || status=$?
[ $status = 143 ] || fail "exit $status, not 143, after SIGTERM"
! kill -0 "$machine" 2>/dev/null || fail "the machine outlives its runner"

# A machine that dies is told, with the kernel's last lines.
starts --append verbose "$program" forever
machine=$(pgrep -P $runner) || fail "the runner has no machine: $(cat "$work/out" "$work/err")"
kill -KILL "$machine"
status=0
wait $runner || status=$?
[ $status = 125 ] || fail "exit $status, not 125, after the machine's death"
complains 'QEMU was killed by SIGKILL'
complains '^  \| image: [0-9]+ objects'

# A runner that is killed leaves neither its machine nor its temporary directory behind.
mkdir "$work/temporary"
build/toolchain/bin/x86_64-twizzler-handlerc tests/handlers/counter.c -o "$work/counter.twh"
TMPDIR=$work/temporary starts --handler "$work/counter.twh" "$program" forever
[ "$(ls "$work/temporary")" != '' ] || fail "there is no temporary directory to leave"
kill -KILL $runner
wait $runner 2>/dev/null || true
for _ in $(seq 100); do
	[ "$(ls "$work/temporary")" ] || break
	sleep 0.1
done
[ -z "$(ls "$work/temporary")" ] || fail "left behind: $(ls "$work/temporary")"
checks=$((checks + 1))

gcc -static -nostdlib -no-pie -Wl,-Ttext=0x100000,--build-id=none bench/boot/floor.S -o "$work/floor"
TWZ_KERNEL=$work/floor boots 125 "$program" exit 0 </dev/null
complains 'the machine stopped .* before it was ready for a program'
complains 'the kernel printed nothing'
finish
