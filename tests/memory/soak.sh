#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The soak on one CPU and on four, a few seconds each. By hand, ./build.sh test --suite soak [--full] [--seconds N] [--smp N]
# [--memory SIZE] [--seed N] [--debug]: --full takes 10 minutes for each number of CPUs, both side by side.
# timeout: 100
. tests/memory/lib.sh

# soak CPUS: one boot; what it says, and how to have it again when it fails.
soak() {
	local output status memory=${size:-64M}
	[ -n "$size" ] || [ "$1" -gt 1 ] || memory=24M
	output=$(BOOT_TIMEOUT=$((seconds * 2 + 60)) boot "$kernel" soak.img "soak=$seconds seed=$seed" -M q35 -m "$memory" -smp "$1")
	status=$?
	printf '%s, %s CPUs, %s, seed %s: %s\n' "$kernel" "$1" "$memory" "$seed" "$output"
	[ $status -eq 1 ] && grep -q 'all back$' <<<"$output" && return
	printf 'again: ./build.sh test --suite soak --seed %s --smp %s --memory %s --seconds %s%s\n' "$seed" "$1" "$memory" \
		"$seconds" "${debug:+ --debug}"
	return 1
}

kernel=kernel.elf cpus="1 4" seconds=5 size="" seed=$((RANDOM * 32768 + RANDOM)) debug="" full=""
while [ $# -gt 0 ]; do
	case $1 in
	--seconds | --smp | --memory | --seed) [ $# -gt 1 ] || { echo "soak: $1 wants a value" >&2 && exit 2; } ;;
	esac
	case $1 in
	--seconds) seconds=$2 && shift ;;
	--smp) cpus=$2 && shift ;;
	--memory) size=$2 && shift ;;
	--seed) seed=$2 && shift ;;
	--debug) debug=yes && kernel="kernel-debug.elf" ;;
	--full) full=yes && seconds=600 ;;
	*) echo "soak: no option '$1': --full, --seconds N, --smp N, --memory SIZE, --seed N, --debug" >&2 && exit 2 ;;
	esac
	shift
done
case $seconds$seed in *[!0-9]*) echo "soak: --seconds and --seed are numbers" >&2 && exit 2 ;; esac
result=0
started=()
for count in $cpus; do
	if [ -n "$full" ]; then
		soak "$count" &
		started+=($!)
	else
		soak "$count" || result=1
	fi
done
for process in "${started[@]}"; do
	wait "$process" || result=1
done
exit $result
