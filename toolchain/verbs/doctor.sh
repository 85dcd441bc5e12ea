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

if command -v dpkg-query >/dev/null; then
	missing=$(host_missing | tr '\n' ' ')
	[ -z "$missing" ] && report yes "host packages" "all installed" ||
		report no "host packages" "missing $missing; run ./build.sh bootstrap, or apt-get install them"
else
	report no "host packages" "this host is no Debian; compare by hand: ${TWZ_HOST_PACKAGES[*]}"
fi
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
[ "$free" -ge 6000 ] && report yes "disk space" "$free MiB free for $TWZ_CACHE" ||
	report no "disk space" "$free MiB free for $TWZ_CACHE, a first build needs 6000; free some or set TWZ_CACHE"
stage=$(toolchain_missing)
[ -z "$stage" ] && report yes "toolchain stages" "all ${#TWZ_STAGES[@]} in the cache" ||
	report no "toolchain stages" "$stage is not built for this tree; run ./build.sh bootstrap"
if message=$(farm_check 2>&1); then
	report yes "build/toolchain" "made from this tree's stages"
else
	report no "build/toolchain" "${message#build.sh: }"
fi
[ -w /dev/kvm ] && kvm="present (used only after a probe boot)" || kvm="absent: QEMU emulates (TCG)"
report yes "KVM" "$kvm"
[ "$bad" = 0 ] || die "doctor: $bad wrong; the mend is in each line"
