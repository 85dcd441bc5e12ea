# SPDX-License-Identifier: BSD-2-Clause
# Other people's systems that tests and measurements run against: binary packages by the host's apt, not pinned (they go
# away at point releases), their versions told and recorded.
# shellcheck shell=bash

# peer_package PATTERN: name of the newest package that apt offers and the extended regular expression matches.
peer_package() {
	apt-cache pkgnames | { grep -E "^$1\$" || true; } | sort -V | tail -n 1
}

# peer_unpack PACKAGE DIRECTORY: download and unpack a package; prints its version.
peer_unpack() {
	local place
	place=$(mktemp -d "${TMPDIR:-/tmp}/twizzler-peer-XXXXXX") || die "no temporary directory; set TMPDIR"
	(cd "$place" && apt-get -qq download "$1" >/dev/null 2>"$place/errors") ||
		die "apt-get download $1 failed: $(tail -n 1 "$place/errors"); run apt-get update"
	dpkg -x "$place"/*.deb "$2"
	dpkg-deb -f "$place"/*.deb Version
	rm -rf "$place"
}

# peer_xen: the hypervisor, uncompressed, at share/twizzler/xen of this checkout's toolchain.
peer_xen() {
	local package version place share=$TWZ_TOOLCHAIN/share/twizzler
	[ ! -f "$share/xen" ] || return 0
	[ -d "$TWZ_TOOLCHAIN" ] || die "no toolchain in $TWZ_TOOLCHAIN; run ./build.sh bootstrap"
	package=$(peer_package 'xen-hypervisor-[0-9.]+-amd64')
	if [ -z "$package" ] && [ "$(id -u)" = 0 ]; then
		apt-get -qq update && package=$(peer_package 'xen-hypervisor-[0-9.]+-amd64')
	fi
	[ -n "$package" ] || die "apt knows no xen-hypervisor package; run apt-get update, or set TWZ_XEN to an uncompressed Xen"
	place=$(mktemp -d "${TMPDIR:-/tmp}/twizzler-xen-XXXXXX") || die "no temporary directory; set TMPDIR"
	version=$(peer_unpack "$package" "$place") || exit 1
	mkdir -p "$share"
	zcat "$place"/boot/xen-*-amd64.gz >"$share/xen.part"
	mv -f "$share/xen.part" "$share/xen"
	echo "$package $version" >"$share/xen.version"
	rm -rf "$place"
	echo "xen: $package $version"
}
