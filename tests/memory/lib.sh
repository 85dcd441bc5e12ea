# SPDX-License-Identifier: BSD-2-Clause
# What the boot tests of memory share.
# shellcheck shell=bash

# boot KERNEL IMAGE OPTIONS QEMU-ARGUMENT...: boot an image of build/tests/memory with a kernel of build/kernel and boot
# options; QEMU's exit code, which is twice the program's plus 1 (isa-debug-exit).
boot() {
	local kernel=$1 image=$2 options=$3
	shift 3
	./build.sh build kernel memory-tests >&2 || return 1
	timeout "${BOOT_TIMEOUT:-100}" qemu-system-x86_64 -accel tcg -cpu max -nodefaults -no-reboot -nographic -serial stdio \
		-bios qboot.rom -device isa-debug-exit,iobase=0xf4,iosize=4 -append "exit=debug $options" \
		-kernel "build/kernel/$kernel" -initrd "build/tests/memory/$image" "$@" </dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# boot_tests KERNEL IMAGE QEMU-ARGUMENT...: run an image's tests; they must all pass.
boot_tests() {
	local kernel=$1 image=$2 output status
	shift 2
	output=$(boot "$kernel" "$image" "${OPTIONS:-}" "$@")
	status=$?
	printf '%s\n' "$output"
	[ $status -eq 1 ] && grep -Eq '^[1-9][0-9]+ passed, 0 failed' <<<"$output"
}
