# SPDX-License-Identifier: BSD-2-Clause
# doctor: say what is amiss on this host and with this checkout, and how to mend it.
# shellcheck shell=bash

. "$TWZ_ROOT/toolchain/host.sh"
. "$TWZ_ROOT/toolchain/farm.sh"

bad=0

# report GOOD NAME TEXT: one line; counts what is not good.
report() {
	if [ "$1" = yes ]; then
		printf 'ok    %s: %s\n' "$2" "$3"
	else
		printf 'WRONG %s: %s\n' "$2" "$3"
		bad=$((bad + 1))
	fi
}

# Each program and library: what was found, what is needed, what for, and how to get it. A '?' before the name: good to have.
while read -r name least package purpose; do
	optional=
	case $name in
	[?]*) optional=yes name=${name#?} ;;
	esac
	have=$(host_version "$name") || have=
	needs="needs $least"
	[ "$least" != - ] || needs=needed
	if [ -n "$have" ] && host_enough "$have" "$least"; then
		report yes "${name#*:}" "$have ($needs): $purpose"
	elif [ -n "$optional" ]; then
		printf 'note  %s: %s (%s): %s; apt-get install %s\n' "$name" "${have:-missing}" "$needs" "$purpose" "$package"
	else
		report no "${name#*:}" "${have:-missing} ($needs): $purpose; ./build.sh bootstrap, or apt-get install $package"
	fi
done <<<"$TWZ_HOST_NEEDS"
mirror=$(debian_mirror)
if [ -n "${TWZ_DISTFILES:-}" ]; then
	[ -d "$TWZ_DISTFILES" ] && report yes sources "TWZ_DISTFILES=$TWZ_DISTFILES" ||
		report no sources "TWZ_DISTFILES=$TWZ_DISTFILES is no directory; mend or unset it"
else
	[ -n "$mirror" ] && report yes sources "from apt's Debian mirror" ||
		report no sources "apt knows no Debian mirror; set TWZ_DEBIAN_MIRROR or TWZ_DISTFILES"
fi
place=$TWZ_CACHE
while [ ! -d "$place" ]; do place=$(dirname "$place"); done
free=$(df -Pm -- "$place" | awk 'NR == 2 { print $4 }')
[ "$free" -ge "$BOOTSTRAP_SPACE" ] && report yes "disk space" "$free MiB free for $TWZ_CACHE" ||
	report no "disk space" "$free MiB free for $TWZ_CACHE, a first build needs $BOOTSTRAP_SPACE; free some or set TWZ_CACHE"
stage=$(toolchain_missing)
[ -z "$stage" ] && report yes "toolchain stages" "all ${#TWZ_STAGES[@]} in the cache" ||
	report no "toolchain stages" "$stage is not built for this tree; run ./build.sh bootstrap"
if message=$(farm_check 2>&1); then
	report yes "build/toolchain" "made from this tree's stages"
else
	report no "build/toolchain" "${message#build.sh: }"
fi
# The verdict that x86_64-twizzler-run keeps: its first line names QEMU, the second says what the probe boot did.
verdict=$(grep -hA1 -s "^${TWZ_QEMU:-qemu-system-x86_64} $(cat /proc/sys/kernel/random/boot_id) " "$TWZ_CACHE"/accelerator/* | tail -n 1) || true
report yes accelerator "${TWZ_ACCEL:-${verdict:-not known yet: the first run of a program makes a probe boot under KVM}}"
[ "$bad" = 0 ] || die "doctor: $bad wrong; the mend is in each line"
