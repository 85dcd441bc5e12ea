# SPDX-License-Identifier: BSD-2-Clause
# x86_64-twizzler-run refuses, before it boots anything, files that are no programs of this system; each in one line.
# shellcheck shell=bash
. tests/toolchain/lib.sh

run=build/toolchain/bin/x86_64-twizzler-run
export TWZ_QEMU=/nonexistent/qemu # nothing here may get as far as that

# made NAME MAJOR MINOR: a program that only carries an ABI note
made() {
	cat >"$work/$1.S" <<-END
		.globl _start
		_start: ud2
		.section .note.twizzler, "a", @note
		.balign 4
		.long 9, 12, 1
		.asciz "Twizzler"
		.balign 4
		.long $2, $3, 0
	END
	gcc -nostdlib -static -no-pie -Wl,--build-id=none "$work/$1.S" -o "$work/$1"
}

# says CODE PATTERN COMMAND...: it ends with that code and one line of complaint that matches
says() {
	local want=$1 pattern=$2 got=0
	shift 2
	"$@" >"$work/out" 2>&1 </dev/null || got=$?
	[ "$got" = "$want" ] || fail "exit $got, not $want: $*"
	[ "$(wc -l <"$work/out")" = 1 ] || fail "not one line: $*"
	grep -qE "^x86_64-twizzler-run: .*$pattern" "$work/out" || fail "no match for '$pattern': $*"
	checks=$((checks + 1))
}

says 127 'no such file' $run "$work/nothing"
says 126 'is a directory, not a program' $run "$work"

: >"$work/empty" && chmod +x "$work/empty"
says 126 'is empty; build or copy it again' $run "$work/empty"
echo 'int main' >"$work/source.c"
says 126 'is not executable; chmod \+x it' $run "$work/source.c"
chmod +x "$work/source.c"
says 126 'is no ELF program; build it with x86_64-twizzler-gcc' $run "$work/source.c"

says 126 'built for another system \(it has no Twizzler ABI note\); build it with x86_64-twizzler-gcc' $run "$(command -v cat)"

made good 0 0
for size in 30 100 200; do
	head -c $size "$work/good" >"$work/cut" && chmod +x "$work/cut"
	says 126 "truncated at $size bytes.*build or copy it again" $run "$work/cut"
done
head -c $(($(stat -c %s "$(command -v bash)") / 2)) "$(command -v bash)" >"$work/cut"
says 126 'truncated: [0-9]+ bytes of at least [0-9]+; build or copy it again' $run "$work/cut"

made future 99 0
says 126 'ABI 99\.0\.0 and this system provides .*; rebuild it' $run "$work/future"
made newer 0 9999
says 126 'ABI 0\.9999\.0 and this system provides .*; rebuild it' $run "$work/newer"

cp "$work/good" "$work/foreign"
printf '\xb7' | dd of="$work/foreign" bs=1 seek=18 conv=notrunc status=none
says 126 'is a program for AArch64, not for x86-64; build it with x86_64-twizzler-gcc' $run "$work/foreign"
gcc -c "$work/good.S" -o "$work/object" && chmod +x "$work/object"
says 126 'is an object file, not a program; link it' $run "$work/object"

says 2 'not a number of seconds' $run --timeout soon "$work/good"
says 2 'not a number of processors' $run --smp 0 "$work/good"
says 2 'not a size' $run --memory lots "$work/good"
says 2 'not NAME=VALUE' $run --env NAME "$work/good"
says 2 'q35 and microvm are known' $run --machine pc "$work/good"
says 2 'is not nvdimm, blk or size' $run --store disk.img,tape "$work/good"
echo "'open" >"$work/batch"
says 2 'line 1: a quote is not closed' $run --batch "$work/batch"
: >"$work/batch"
says 2 'no command line in it' $run --batch "$work/batch"

says 125 "$work/none: .*; make it with ./build.sh build" env TWZ_KERNEL="$work/none" $run "$work/good"
says 125 '/nonexistent/qemu: .*; install the package qemu-system-x86' env TWZ_KERNEL="$work/good" TWZ_IMAGE="$work/good" $run "$work/good"
finish
