# SPDX-License-Identifier: BSD-2-Clause
# fuzz --seconds N --seed S [--smp N] [--release] [--memory SIZE] [--machine M] [--round N] [--rounds N]: fuzz the system calls.
# The debug kernel on two CPUs unless said otherwise; every figure that a failure's line names makes the same run again.
# fuzz --target NAME|all|list [--seconds N] [--seed N]: hostile bytes in objects and stores on the host (tests/hostile), by libFuzzer.
# shellcheck shell=bash

case " $* " in
*" --target "*) exec bash "$TWZ_ROOT/tests/hostile/driver/targets.sh" "$@" ;;
esac
seconds=20 seed=$(($(date +%s%N) / 1000 % 1000000000))
smp=2 memory=256M kernel=debug round=0 rounds=18446744073709551615 machine=q35
while [ $# -gt 0 ]; do
	case $1 in
	--release)
		kernel=release
		shift
		;;
	--seconds | --seed | --smp | --memory | --round | --rounds | --machine)
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
elf="kernel-debug.elf"
[ $kernel = debug ] || elf="kernel.elf"
"$TWZ_ROOT/build.sh" build kernel fuzz >&2
# The host's clock and the guest's may part on a busy host: what is late by this much hangs.
limit=$((seconds * 2 + 90))
echo "fuzz: seed $seed, $kernel kernel, $smp CPUs, $memory"
again="./build.sh fuzz --seed $seed --seconds $seconds --smp $smp --memory $memory --machine $machine"
[ $kernel = debug ] || again+=" --release"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
timeout -k 5 $limit qemu-system-x86_64 -accel tcg -cpu max -M "$machine" -m "$memory" -smp "$smp" -nodefaults -no-reboot -nographic \
	-serial stdio -bios qboot.rom -device isa-debug-exit,iobase=0xf4,iosize=4 \
	-append "exit=debug fuzz.seed=$seed fuzz.seconds=$seconds fuzz.round=$round fuzz.rounds=$rounds" \
	-kernel "$TWZ_BUILD/kernel/$elf" -initrd "$TWZ_BUILD/tests/fuzz/fuzz.img" </dev/null >"$log" 2>&1 || status=$?
# The kernel says how each program died; the last of it is enough.
tr -d '\r' <"$log" | grep -a '^fuzz: \(seed\|rounds\|nothing\)\|panic' || true
if [ $status -eq 1 ] && grep -aq '^fuzz: nothing is left behind' "$log"; then
	exit 0
fi
tr -cd '[:print:]\n' <"$log" | tail -40
[ $status -eq 124 ] && echo "fuzz: no end after $limit s: the kernel hangs"
reached=$(grep -ao 'round [0-9]*' "$log" | tail -1 | grep -o '[0-9]*$') || true
echo "fuzz: failed (seed $seed, about round ${reached:-0}); again: $again"
exit 1
