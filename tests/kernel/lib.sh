# SPDX-License-Identifier: BSD-2-Clause
# boot_calls KERNEL QEMU-ARGUMENT...: boot the test image with a kernel of build/kernel, pass its output on, and demand that it ended well.
# shellcheck shell=bash

boot_calls() {
	local kernel=$1 output
	shift
	./build.sh build kernel kernel-tests || return 1
	output=$(timeout 100 qemu-system-x86_64 -accel tcg -cpu max -m 256M -nodefaults -no-reboot -nographic -serial stdio \
		-bios qboot.rom -device isa-debug-exit,iobase=0xf4,iosize=4 -append exit=debug \
		-kernel "build/kernel/$kernel" -initrd build/tests/kernel/calls.img "$@" </dev/null)
	local status=$?
	printf '%s\n' "$output"
	# isa-debug-exit turns code n into 2n + 1
	[ $status -eq 1 ] && grep -Eq '^[1-9][0-9]+ passed, 0 failed' <<<"$output"
}
