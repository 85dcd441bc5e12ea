# SPDX-License-Identifier: BSD-2-Clause
# fuzz --seconds N --seed S [--smp N] [--release] [--memory SIZE] [--store nvdimm|disk|none] [--machine M] [--round N] [--rounds N]: fuzz the system calls.
# The debug kernel on two CPUs unless said otherwise; every figure that a failure's line names makes the same run again. The machine has an
# empty store, a port whose host talks and listens, and an empty directory of the host's; with --store none and on other machines than q35 nothing.
# fuzz --target NAME|all|list [--seconds N] [--seed N]: hostile bytes in objects and stores on the host (tests/hostile), by libFuzzer.
# shellcheck shell=bash

case " $* " in
*" --target "*) exec bash "$TWZ_ROOT/tests/hostile/driver/targets.sh" "$@" ;;
esac
seconds=20 seed=$(($(date +%s%N) / 1000 % 1000000000))
smp=2 memory=256M store=nvdimm kernel=debug round=0 rounds=18446744073709551615 machine=q35
while [ $# -gt 0 ]; do
	case $1 in
	--release)
		kernel=release
		shift
		;;
	--seconds | --seed | --smp | --memory | --store | --round | --rounds | --machine)
		[ $# -ge 2 ] || die "fuzz: $1 wants a value; see ./build.sh help"
		printf -v "${1#--}" %s "$2"
		shift 2
		;;
	*) die "fuzz: unknown option '$1'; see ./build.sh help" ;;
	esac
done
for name in seconds seed smp round rounds; do
	[[ ${!name} =~ ^[0-9]+$ ]] || die "fuzz: --$name wants a number, not '${!name}'"
done
case $store in
nvdimm | disk | none) ;;
*) die "fuzz: --store is nvdimm, disk or none, not '$store'" ;;
esac
elf="kernel-debug.elf"
[ $kernel = debug ] || elf="kernel.elf"
"$TWZ_ROOT/build.sh" build kernel fuzz >&2
# The host's clock and the guest's may part on a busy host: what is late by this much hangs.
limit=$((seconds * 2 + 90))
echo "fuzz: seed $seed, $kernel kernel, $smp CPUs, $memory, store $store"
again="./build.sh fuzz --seed $seed --seconds $seconds --smp $smp --memory $memory --store $store --machine $machine"
[ $kernel = debug ] || again+=" --release"
work=$(mktemp -d)
log=$work/log
host=()
trap 'kill ${host[@]+"${host[@]}"} 2>/dev/null || true; rm -rf "$work"' EXIT
devices=(-m "$memory")
if [ "$machine" = q35 ] && [ "$store" != none ]; then
	truncate -s 64M "$work/store"
	mkfifo "$work/port.in" "$work/port.out"
	mkdir "$work/share"
	seq 1000000000 >"$work/port.in" 2>/dev/null &
	host+=($!)
	cat "$work/port.out" >/dev/null &
	host+=($!)
	devices+=(-device virtio-serial-pci -chardev "pipe,id=port,path=$work/port" -device "virtserialport,chardev=port,name=port"
		-fsdev "local,id=share,path=$work/share,security_model=none" -device "virtio-9p-pci,fsdev=share,mount_tag=host")
	if [ "$store" = disk ]; then
		devices+=(-drive "if=none,id=store,file=$work/store,format=raw,cache=unsafe" -device "virtio-blk-pci,drive=store")
	else
		machine=q35,nvdimm=on
		devices+=(-m "$memory,slots=1,maxmem=16G" -object "memory-backend-file,id=store,share=on,mem-path=$work/store,size=64M"
			-device "nvdimm,memdev=store")
	fi
fi
status=0
timeout -k 5 $limit qemu-system-x86_64 -accel tcg -cpu max -M "$machine" "${devices[@]}" -smp "$smp" -nodefaults -no-reboot -nographic \
	-serial stdio -bios qboot.rom -device isa-debug-exit,iobase=0xf4,iosize=4 \
	-append "exit=debug fuzz.seed=$seed fuzz.seconds=$seconds fuzz.round=$round fuzz.rounds=$rounds" \
	-kernel "$TWZ_BUILD/kernel/$elf" -initrd "$TWZ_BUILD/tests/fuzz/fuzz.img" </dev/null >"$log" 2>&1 || status=$?
# The kernel says how each program died; the last of it is enough.
tr -d '\r' <"$log" | grep -a '^fuzz: \(seed\|rounds\|nothing\)\|panic' || true
if [ $status -eq 1 ] && grep -aq '^fuzz: nothing is left behind' "$log"; then
	exit 0
fi
tr -cd '[:print:]\n' <"$log" | tail -40
echo "fuzz: QEMU ended with $status"
[ $status -eq 124 ] && echo "fuzz: no end after $limit s: the kernel hangs"
reached=$(grep -ao 'round [0-9]*' "$log" | tail -1 | grep -o '[0-9]*$') || true
echo "fuzz: failed (seed $seed, about round ${reached:-0}); again: $again"
exit 1
