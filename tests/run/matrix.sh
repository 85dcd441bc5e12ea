#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# 16 MiB to 8 GiB of memory, 1 to 8 processors, q35 and microvm; what is not used costs neither boot time nor the host's memory.
. tests/run/lib.sh

machine=$root/build/tests/programs/machine-static

# What firmware and the kernel keep is 7 MiB (the initial image alone 5.4) and a hundredth.
for kind in q35 microvm; do
	for size in 16/1 64/2 1024/4 8192/8; do
		cpus=${size#*/} memory=${size%/*}
		boots 0 --machine $kind --memory "${memory}M" --smp "$cpus" "$machine" </dev/null
		read -r have _ threads _ found _ <"$work/out"
		[ "$have $threads" = "$cpus $cpus" ] || fail "$kind $size: $(cat "$work/out")"
		[ "$found" -le "$memory" ] && [ "$found" -ge $((memory * 99 / 100 - 7)) ] || fail "$kind: $found MiB of $memory"
		boots 0 --machine $kind --memory "${memory}M" --smp "$cpus" "$root/build/tests/programs/hello-dynamic" </dev/null
	done
done

# Instructions from the kernel's entry to the first program: guest time, where each instruction takes 1 ns.
cat >"$work/qemu" <<'END'
#!/bin/sh
exec qemu-system-x86_64 -icount shift=0,sleep=off "$@"
END
chmod +x "$work/qemu"
instructions() {
	TWZ_QEMU=$work/qemu boots 0 --memory "$1" "$machine" </dev/null
	sed 's/.*boot \([0-9]*\) ns/\1/' "$work/out"
}
small=$(instructions 64M)
large=$(instructions 8G)
echo "instructions to the first program: $small with 64 MiB, $large with 8 GiB"
[ "$large" -le $((small * 105 / 100)) ] || fail "boot takes longer with more memory"

# resident SIZE: KiB of the host's memory that QEMU has touched once the program runs.
resident() {
	local runner
	"$run" --memory "$1" "$machine" stay >"$work/stay" 2>"$work/err" </dev/null &
	runner=$!
	for _ in $(seq 200); do
		[ -s "$work/stay" ] && break
		sleep 0.05
	done
	awk '/^VmHWM/ { print $2 }' "/proc/$(pgrep -P $runner)/status"
	kill $runner
	wait $runner || true
}
small=$(resident 64M)
large=$(resident 8G)
echo "the host's memory: $small KiB with 64 MiB, $large KiB with 8 GiB"
[ "$small" -gt 0 ] && [ "$large" -le $((small + 16384)) ] || fail "boot touches memory that nobody uses"
finish
