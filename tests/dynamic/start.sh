#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Starting programs from programs: waiting, killing, scripts, and every file that is no program.
set -u
. tests/dynamic/lib.sh

run=$PWD/build/toolchain/bin/x86_64-twizzler-run
hello=$PWD/$place/hello

for shape in start start-static fork fork-static; do
	runs 0 '0 failed' "$run" "$PWD/$place/$shape"
done

cp "$hello" "$work/hello"
cp "$place/other-abi-hello" "$place/libbase.so" /bin/true "$work"
head -c 30 "$hello" >"$work/short"
head -c 100 "$hello" >"$work/headers"
head -c 5000 "$hello" >"$work/half"
: >"$work/empty"
echo 'some text' >"$work/text"
printf '#!\n' >"$work/nobody"
printf '#!./missing\n' >"$work/orphan"
printf '#!./loop\n' >"$work/loop"
printf '#!./hello "from a script"\n' >"$work/script"
sed 's,/lib/libtwz_rt.so,/lib/absent_rt.so,' "$hello" >"$work/interpreter"
chmod +x "$work"/*
cp "$hello" "$work/data"
chmod -x "$work/data"
program=$PWD/$place/start
cd "$work" || exit 1
runs 0 '13 refused' "$run" "$program" bad ./missing ./short ./headers ./half ./empty ./text ./nobody ./orphan ./loop \
	./interpreter ./data ./true ./other-abi-hello ./script ./hello
says() {
	checks=$((checks + 1))
	grep -qF "$1" "$work/output" || wrong "it does not say '$1'"
}
says './missing: error 8: cannot run '
says '/short: the file is shorter than an ELF header'
says '/headers: the file ends before its program headers'
says '/half: the file ends before its segments'
says '/empty: the file is shorter than an ELF header'
says '/text: the file is shorter than an ELF header'
says '/nobody: its #! line names no interpreter'
says '/missing: cannot open it: name not found'
says '/loop: too many scripts that run scripts'
says '/lib/absent_rt.so: cannot open it: name not found'
says '/data: it has no execute permission'
says '/true: not made for Twizzler (no ABI note); build it with x86_64-twizzler-gcc'
says '/other-abi-hello: made for Twizzler ABI 99.1.0, this system provides ABI 0.1.0; build it again'
says 'hello, "from a script"'
says './script: started, state 1, code '
says './hello: started, state 1, code 0'
finish
