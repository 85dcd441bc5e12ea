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
		-bios qboot.rom -device isa-debug-exit,iobase=0xf4,iosize=4 -append "exit=debug${boot_append-}" \
		-kernel "build/kernel/$kernel" -initrd "build/tests/kernel/$image" "$@" </dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

# boot_calls KERNEL MACHINE QEMU-ARGUMENT...: run the tests of the calls; they must all pass. The machine has what some calls are about:
# a port with input, a directory of the host and, where there can be one, a store.
boot_calls() {
	local kernel=$1 machine=$2 output status work bus=pci devices=() place boot_append=
	shift 2
	work=$(mktemp -d)
	if [ "$machine" = microvm ]; then
		bus=device machine=microvm,isa-serial=on,pit=on,rtc=on,ioapic2=off
		devices=(-global virtio-mmio.force-legacy=false)
		# its DSDT tells of them in AML; eight places with one I/O APIC
		for ((place = 0; place < 8; place++)); do
			boot_append+=" virtio_mmio.device=512@$(printf 0x%x $((0xfeb00000 + place * 512))):$((16 + place))"
		done
	fi
	mkfifo "$work/port.in" "$work/port.out"
	printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' >"$work/port.in" &
	mkdir "$work/share"
	if [ "$machine" = q35 ]; then
		truncate -s 64M "$work/store"
		machine=q35,nvdimm=on
		devices=(-m "256M,slots=2,maxmem=2G" -object "memory-backend-file,id=store,share=on,mem-path=$work/store,size=64M"
			-device "nvdimm,memdev=store")
	fi
	output=$(boot "$kernel" calls.img -M "$machine" "${devices[@]}" \
		-device virtio-serial-$bus -chardev "pipe,id=port,path=$work/port" \
		-device virtserialport,chardev=port,name=test \
		-fsdev "local,id=share,path=$work/share,security_model=none" -device virtio-9p-$bus,fsdev=share,mount_tag=host "$@")
	status=$?
	kill $! 2>/dev/null
	rm -r "$work"
	printf '%s\n' "$output"
	[ $status -eq 1 ] && grep -Eq '^[1-9][0-9]+ passed, 0 failed' <<<"$output"
}
