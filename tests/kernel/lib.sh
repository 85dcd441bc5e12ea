# SPDX-License-Identifier: BSD-2-Clause
# What the kernel's boot tests share.
# shellcheck shell=bash

# boot KERNEL IMAGE QEMU-ARGUMENT...: boot an image of build/tests/kernel with a kernel of build/kernel; QEMU's exit code, which is
# twice the program's plus 1 (isa-debug-exit).
boot() {
	local kernel=$1 image=$2
	shift 2
	./build.sh build kernel kernel-tests || return 1
	timeout 100 qemu-system-x86_64 -accel tcg -cpu max -m 256M -nodefaults -no-reboot -nographic -serial stdio \
		-bios qboot.rom -device isa-debug-exit,iobase=0xf4,iosize=4 -append exit=debug \
		-kernel "build/kernel/$kernel" -initrd "build/tests/kernel/$image" "$@" </dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# boot_calls KERNEL QEMU-ARGUMENT...: run the tests of the calls; they must all pass.
boot_calls() {
	local kernel=$1 output status
	shift
	output=$(boot "$kernel" calls.img "$@")
	status=$?
	printf '%s\n' "$output"
	[ $status -eq 1 ] && grep -Eq '^[1-9][0-9]+ passed, 0 failed' <<<"$output"
}
