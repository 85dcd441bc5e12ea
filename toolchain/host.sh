# SPDX-License-Identifier: BSD-2-Clause
# What the build host must have, and how it gets it.
# shellcheck shell=bash

TWZ_HOST_PACKAGES=(gcc g++ make ninja-build python3 bison flex gawk m4 libgmp-dev libmpfr-dev libmpc-dev zlib1g-dev
	xz-utils bzip2 patch curl ca-certificates file binutils qemu-system-x86 expect
	grub-common grub-pc-bin grub-efi-amd64-bin xorriso mtools ovmf
	cmake automake autoconf dejagnu meson pkgconf)

# host_missing: the packages that are not installed, one a line.
host_missing() {
	local there
	there=$(dpkg-query -W -f '${binary:Package} ${db:Status-Status}\n' "${TWZ_HOST_PACKAGES[@]}" 2>/dev/null |
		sed -n 's/\(:[a-z0-9]*\)\{0,1\} installed$//p' | LC_ALL=C sort -u)
	printf '%s\n' "${TWZ_HOST_PACKAGES[@]}" | LC_ALL=C sort | LC_ALL=C comm -23 - <(echo "$there")
}

# host_install: install what is missing, as root or through sudo.
host_install() {
	local missing
	command -v dpkg-query >/dev/null ||
		die "this host is no Debian; install the like of: ${TWZ_HOST_PACKAGES[*]} and set TWZ_HOST_READY=1"
	missing=$(host_missing | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	echo "installing host packages: $missing"
	local -a root=()
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "as root, run: apt-get install $missing"
		root=(sudo)
	fi
	# shellcheck disable=SC2086
	{
		"${root[@]}" apt-get -qq update &&
			"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends -y $missing >/dev/null
	} || die "apt-get failed; mend its complaint above, or install by hand: $missing"
}
