#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The soak on one CPU and on four: 12 seconds each; --seconds N [--smp N] [--debug] [--memory SIZE]: one long one.
# timeout: 100
. tests/memory/lib.sh

# soak KERNEL CPUS SECONDS MEMORY
soak() {
	local output status
	output=$(BOOT_TIMEOUT=$(($3 + 60)) boot "$1" soak.img "soak=$3" -M q35 -m "$4" -smp "$2")
	status=$?
	printf '%s, %s CPUs, %s: %s\n' "$1" "$2" "$4" "$output"
	[ $status -eq 1 ] && grep -q 'all back$' <<<"$output"
}

kernel=kernel.elf cpus=4 seconds= memory=64M
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=$2 && shift ;;
	--smp) cpus=$2 && shift ;;
	--memory) memory=$2 && shift ;;
	--debug) kernel=kernel-debug.elf ;;
	*) echo "soak.sh: no option '$1': --seconds N, --smp N, --memory SIZE, --debug" >&2 && exit 2 ;;
	esac
	shift
done
if [ -n "$seconds" ]; then
	soak "$kernel" "$cpus" "$seconds" "$memory"
	exit
fi
soak kernel.elf 1 12 24M && soak kernel.elf 4 12 64M
